"""Files whole or not at all, whatever stops the writing, and refusals before any work is done."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
from itertools import count
from pathlib import Path
from unittest import mock

import pytest
from tests.helpers.stopping import kills

from earlywarn.errors import CardError, LeftBehindWarning, UsageError
from earlywarn.utils import locks
from earlywarn.utils.file_sets import settle
from earlywarn.utils.files import (
    check_outputs,
    folder_for,
    unwritable,
    write_together,
    write_whole,
    written_to,
)
from earlywarn.utils.parts import is_free, new_part, sweep

posix = pytest.mark.skipif(os.name == "nt", reason="by age there: an open file can't be removed")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def texts(folder: Path, *files: str) -> list[str]:
    return [(folder / file).read_text("utf-8") for file in files]


def failing(monkeypatch: pytest.MonkeyPatch, step: str, at: int, fault: BaseException) -> None:
    """Have the nth call of a step fail: in its place (even), or after it was done (odd)."""
    where = {"replace": (Path, "replace"), "chmod": (Path, "chmod"), "fsync": (os, "fsync")}
    owner, name = where[step]
    plain, calls = getattr(owner, name), count()

    def fails(*args, **options):
        call = next(calls)
        if call == at // 2 and at % 2 == 0:
            raise fault
        done = plain(*args, **options)
        if call == at // 2 and step == "replace":
            raise fault
        return done

    monkeypatch.setattr(owner, name, fails)


@pytest.mark.filterwarnings("ignore:what was written to .* the disk did not confirm it")
@pytest.mark.parametrize("step", ["replace", "chmod", "fsync"])
@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(errno.EIO, "I/O error")])
@pytest.mark.parametrize("files", [1, 2])
def test_the_old_files_or_the_new_ones(
    tmp_path: Path, monkeypatch, step: str, at: int, fault: BaseException, files: int
) -> None:
    """At whatever call it is stopped: all old or all new, never less, and nothing beside them."""
    old = {tmp_path / f"{place}.csv": f"old {place}" for place in range(files)}
    for file, text in old.items():
        file.write_text(text, encoding="utf-8")
    new = {file: text.replace("old", "new") for file, text in old.items()}
    with monkeypatch.context() as patch:
        failing(patch, step, at, fault)
        with contextlib.suppress(KeyboardInterrupt, OSError):
            write_together(new)
    now = {file: file.read_text("utf-8") for file in old}
    assert now in (old, new)
    assert names(tmp_path) == [file.name for file in old]


@posix
def test_a_file_that_has_its_place_is_not_called_unwritten(tmp_path: Path, monkeypatch) -> None:
    """The folder can't be brought to the disk after the file was moved to its place."""
    plain = os.fsync

    def fails(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        plain(handle)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.warns(LeftBehindWarning, match=r"is there, but the disk did not confirm it"):
        write_whole(tmp_path / "a.csv", "new")
    assert texts(tmp_path, "a.csv") == ["new"]


@posix
def test_files_that_have_their_places_are_not_called_unwritten(tmp_path: Path, monkeypatch) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    plain = os.fsync

    def fails(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode) and all(file.exists() for file in files):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        plain(handle)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.warns(LeftBehindWarning, match=r"did not confirm it"):
        write_together(dict.fromkeys(files, "new"))
    assert texts(tmp_path, "a.csv", "b.csv") == ["new", "new"]
    assert names(tmp_path) == ["a.csv", "b.csv"]


def test_an_interrupt_after_a_single_file_was_replaced(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "model.json"
    file.write_text("old", encoding="utf-8")
    failing(monkeypatch, "replace", 1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write_whole(file, "new")
    assert file.read_text("utf-8") == "new"


def test_a_new_file_that_can_not_be_followed_by_the_second_goes_again(
    tmp_path: Path, monkeypatch
) -> None:
    failing(monkeypatch, "replace", 2, OSError(errno.EIO, "I/O error"))
    with pytest.raises(OSError, match="I/O"):
        write_together({tmp_path / "a": "new", tmp_path / "b": "new"})
    assert names(tmp_path) == []


def test_a_name_with_no_room_for_more(tmp_path: Path) -> None:
    write_whole(tmp_path / ("x" * 255), "whole")
    assert names(tmp_path) == ["x" * 255]


@posix
def test_what_a_killed_run_left_goes_and_what_another_writes_stays(tmp_path: Path) -> None:
    left = tmp_path / ".earlywarn-killed.part"
    left.write_bytes(b"half")
    stream, written = new_part(tmp_path)
    with stream:
        write_whole(tmp_path / "model.json", "whole")
        assert names(tmp_path) == [written.name, "model.json"]
    sweep(tmp_path)
    assert names(tmp_path) == ["model.json"]


@posix
def test_a_part_swept_up_before_it_was_locked_is_made_again(tmp_path: Path, monkeypatch) -> None:
    make, made = tempfile.mkstemp, []

    def swept(**options) -> tuple[int, str]:
        made.append(make(**options))
        if len(made) == 1:
            sweep(tmp_path)
        return made[-1]

    monkeypatch.setattr(tempfile, "mkstemp", swept)
    write_whole(tmp_path / "model.json", "whole")
    assert len(made) == 2
    assert names(tmp_path) == ["model.json"]


@posix
def test_a_part_that_can_not_be_opened_goes_again(tmp_path: Path, monkeypatch) -> None:
    def none_left(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "fdopen", none_left)
    with pytest.raises(OSError, match="Too many open files"):
        new_part(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", [errno.ENOLCK, errno.EINVAL, errno.EIO])
def test_a_lock_that_can_not_be_had_leaves_no_file(tmp_path: Path, monkeypatch, fault) -> None:
    def none(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(locks, "_take", none)
    with pytest.raises(UsageError, match=os.strerror(fault)), locks.owned(tmp_path / "in" / "lock"):
        pass  # pragma: no cover - never owned
    assert not list((tmp_path / "in").iterdir())


def test_without_locks_nothing_is_taken_for_left(tmp_path: Path, monkeypatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)
    (tmp_path / ".earlywarn-a.part").touch()
    write_whole(tmp_path / "model.json", "whole")
    assert names(tmp_path) == [".earlywarn-a.part", "model.json"]


@pytest.mark.parametrize("second", ["second", "first"])
@pytest.mark.parametrize("links", [True, False])
def test_what_another_run_wrote_meanwhile_stays(
    tmp_path: Path, monkeypatch, links: bool, second: str
) -> None:
    """Nothing of the second run is left: of two without --overwrite one wins."""
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: unlinkable())
    new = {tmp_path / "a": "first", tmp_path / "c": "first"}
    write_together(new, overwrite=False)
    (tmp_path / "a").unlink()  # As if it had been looked at before the first run wrote.
    with (
        pytest.raises(UsageError, match=r"c: another run has written it meanwhile"),
        written_to(tmp_path / "c"),
    ):
        write_together({tmp_path / "a": second, tmp_path / "c": second}, overwrite=False)
    assert names(tmp_path) == ["c"]
    assert (tmp_path / "c").read_text("utf-8") == "first"


def test_only_those_that_may_be_are_replaced(tmp_path: Path) -> None:
    """As a retraining that replaces the champion, and writes an account that is new."""
    for name in ("new", "use"):
        (tmp_path / name).mkdir()
    files = [tmp_path / "use" / "model.json", tmp_path / "new" / "model.json"]
    write_together(dict.fromkeys(files[:1], "old"))
    write_together(dict.fromkeys(files, "first"), overwrite=files[:1])
    assert [file.read_text("utf-8") for file in files] == ["first", "first"]
    with pytest.raises(FileExistsError):
        write_together(dict.fromkeys(files, "second"), overwrite=files[:1])
    assert [file.read_text("utf-8") for file in files] == ["first", "first"]
    assert [names(file.parent) for file in files] == [["model.json"]] * 2


def test_a_run_that_fails_before_it_is_ready_takes_nothing_away(
    tmp_path: Path, monkeypatch
) -> None:
    """Not even where another run has written the very same meanwhile."""
    new = {tmp_path / "a": "same", tmp_path / "b": "same"}

    def fails(file: Path, _: Path) -> None:
        file.write_text("same", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("earlywarn.utils.file_sets._name_twice", fails)
    with pytest.raises(OSError, match="No space"):
        write_together(new, overwrite=False)
    assert texts(tmp_path, *names(tmp_path)) == ["same"]


def unlinkable() -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


class TestOutputs:
    def refusal(self, *outputs: Path, **options) -> str:
        with pytest.raises(UsageError) as raised:
            check_outputs(*outputs, **options)
        return str(raised.value)

    def test_what_may_be_written_is(self, tmp_path: Path) -> None:
        (tmp_path / "there.csv").touch()
        check_outputs(tmp_path / "new.csv", tmp_path / "other.csv", inputs=[tmp_path / "there.csv"])
        check_outputs(tmp_path / "there.csv", overwrite=True)
        check_outputs(tmp_path / "a" / "b" / "new.csv", make_folders=True)
        assert names(tmp_path) == ["there.csv"]

    def test_a_file_that_is_there(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").touch()
        (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
        for name in ("a.csv", "link.csv"):
            told = self.refusal(tmp_path / "new.csv", tmp_path / name)
            assert told.startswith(f"{tmp_path / name}: a file is there already")
            assert "--overwrite" in told

    def test_a_folder(self, tmp_path: Path) -> None:
        assert "a folder of this name" in self.refusal(tmp_path, overwrite=True)

    def test_an_input(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "in")
        for name in ("in/new.csv", "link/new.csv", "in"):
            told = self.refusal(tmp_path / name, inputs=[tmp_path / "in"], overwrite=True)
            assert "the output would be the input" in told

    def test_two_in_one(self, tmp_path: Path) -> None:
        assert "two outputs in one file" in self.refusal(tmp_path / "a", tmp_path / "." / "a")

    def test_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        assert "no such folder" in self.refusal(tmp_path / "no" / "a.csv")
        for make in (False, True):
            told = self.refusal(tmp_path / "file" / "a.csv", make_folders=make)
            assert "there is a file where a folder is needed" in told

    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("a\0b", "the character NUL"),
            ("x" * 256, "too long"),
            ("\ud800" * 3, "no name can hold"),
        ],
    )
    def test_no_name(self, tmp_path: Path, name: str, found: str) -> None:
        told = self.refusal(tmp_path / name)
        assert "not a name that a file can have" in told
        assert found in told
        told.encode("utf-8")

    def test_a_disk_that_can_not_be_written(self, tmp_path: Path, monkeypatch) -> None:
        def refuses(**_: object) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

        monkeypatch.setattr("earlywarn.utils.files.tempfile.TemporaryFile", refuses)
        told = self.refusal(tmp_path / "a.csv")
        assert told.startswith(f"{tmp_path}: it can't be written: found Read-only file system")

    def test_the_commands_own_error(self, tmp_path: Path) -> None:
        (tmp_path / "CARD.md").touch()
        with pytest.raises(CardError, match="a card is there already"):
            check_outputs(tmp_path / "CARD.md", what="a card", fault=CardError)


def test_a_folder_that_could_not_be_filled_goes_again(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="Make room"),
        written_to(tmp_path),
        folder_for(tmp_path / "a" / "b"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []
    with folder_for(tmp_path / "a" / "b"):
        pass
    assert (tmp_path / "a" / "b").is_dir()


def test_what_the_user_can_do() -> None:
    assert "close what has it open" in str(unwritable(Path("a"), PermissionError(13, "denied")))


class TestNotes:
    """What a killed run noted of files that change together, and what is made of it."""

    @pytest.fixture
    def killed(self, tmp_path: Path, monkeypatch) -> Path:
        """Killed once the first of two files had been replaced."""
        (tmp_path / "work").mkdir()
        write = {tmp_path / "work" / name: "new" for name in ("a", "b")}
        write_together(dict.fromkeys(write, "old"))
        states = kills(monkeypatch, tmp_path / "work", tmp_path, lambda: write_together(write))
        return next(s for s in states if texts(s, "a", "b") == ["new", "old"])

    def test_the_next_of_ours_finishes_it(self, killed: Path) -> None:
        check_outputs(killed / "c")
        assert texts(killed, *names(killed)) == ["new", "new"]

    def test_a_file_that_somebody_has_changed_since_stays(self, killed: Path) -> None:
        (killed / "b").write_text("by hand", encoding="utf-8")
        settle(killed)
        assert texts(killed, *names(killed)) == ["new", "by hand"]

    @posix
    def test_what_a_run_is_at_work_on_stays(self, killed: Path) -> None:
        before = names(killed)
        with next(killed.glob("*.set")).open("rb") as held:
            assert is_free(held)
            settle(killed)
        assert names(killed) == before

    def test_what_can_not_be_finished_is_tried_again(self, killed: Path, monkeypatch) -> None:
        before = names(killed)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", mock.Mock(side_effect=PermissionError(13, "open")))
            settle(killed)
        assert names(killed) == before
        settle(killed)
        assert texts(killed, *names(killed)) == ["new", "new"]

    @pytest.mark.parametrize("name", ["../out", "/out", "..", "a\0b"])
    def test_a_note_by_somebody_else_reaches_no_other_folder(
        self, tmp_path: Path, name: str
    ) -> None:
        here = tmp_path / "here"
        here.mkdir()
        now = hashlib.sha256(b"new").hexdigest()
        noted = json.dumps({name: [None, now]})
        (here / ".earlywarn-x.set").write_text(f"{noted}\nready\n", encoding="utf-8")
        (here / ".earlywarn-x.set-0.new").write_text("new", encoding="utf-8")
        settle(here)
        assert names(tmp_path) == ["here"]
        assert names(here) == []

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": ["x", "y"]}\nreadi'])
    def test_a_note_that_was_cut_short_goes_with_what_it_speaks_of(
        self, tmp_path: Path, text: str
    ) -> None:
        (tmp_path / "a").write_text("old", encoding="utf-8")
        (tmp_path / ".earlywarn-x.set").write_text(text, encoding="utf-8")
        for item in ("x.set-0.new", "x.set-0.old", "y.set-1.new"):
            (tmp_path / f".earlywarn-{item}").touch()
        settle(tmp_path)
        assert texts(tmp_path, *names(tmp_path)) == ["old"]

    def test_without_links_it_is_copied(self, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setattr(os, "link", lambda *_: unlinkable())
        old = {tmp_path / name: "old" for name in ("a", "b")}
        write_together(old)
        failing(monkeypatch, "replace", 2, OSError(errno.EIO, "I/O error"))
        with pytest.raises(OSError, match="I/O"):
            write_together(dict.fromkeys(old, "new"))
        assert texts(tmp_path, *names(tmp_path)) == ["old", "old"]

    def test_what_can_not_be_put_back_is_by_the_next_run(self, tmp_path: Path, monkeypatch) -> None:
        old = {tmp_path / name: "old" for name in ("a", "b")}
        write_together(old)
        with monkeypatch.context() as patch:
            replace, calls = Path.replace, count()

            def first_only(path: Path, to: Path) -> None:
                if next(calls):
                    raise PermissionError(13, "denied")
                replace(path, to)

            patch.setattr(Path, "replace", first_only)
            patch.setattr(shutil, "copy2", mock.Mock(side_effect=PermissionError(13, "denied")))
            with pytest.raises(PermissionError):
                write_together(dict.fromkeys(old, "new"))
        assert texts(tmp_path, "a", "b") == ["new", "old"]
        settle(tmp_path)
        assert texts(tmp_path, *names(tmp_path)) == ["old", "old"]
