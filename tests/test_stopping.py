"""Stopped at each of its calls to the file system, every writer leaves the old files or the new."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from tests.helpers.stopping import REMOVALS, kills, refusals

from earlywarn.errors import EarlyWarnError, PanelError, RegisterError
from earlywarn.panel.storage import read_tables, write_folder
from earlywarn.upkeep.chain import append_entry, read_register
from earlywarn.utils.file_sets import settle
from earlywarn.utils.files import folder_for, write_together, write_whole, written_to

TABLES = ("observations", "releases", "neighbours", "judgements", "findings")


def several(folder: Path, content: str, *names: str) -> None:
    """As a report in linked files."""
    places = [folder / name for name in names or ("a/1.html", "a/2.html")]
    with written_to(folder), folder_for(folder / "a"):
        write_together({place: f"{content} {place.name}" for place in places})


def in_two_folders(folder: Path, content: str) -> None:
    """As a retraining that also replaces the champion."""
    several(folder, content, "a/1.html", "a/2.html", "b/model.json", "b/before.json")


def one(folder: Path, content: str) -> None:
    with written_to(folder):
        write_whole(folder / "report.html", content)


def panel(folder: Path, content: str) -> None:
    texts = {f"{name}.csv": f"a\n{content}\n" for name in TABLES}
    write_folder(folder / "panel", texts, [], overwrite=True)


def register(folder: Path, content: str) -> None:
    day = {"old": "2026-01-01", "new": "2026-02-01"}[content]
    append_entry(folder / "register", {"as_of": day}, pd.DataFrame({"la_code": ["201"]}))


def files(folder: Path) -> dict[str, bytes]:
    for place in [folder, *folder.rglob("*")]:
        settle(place)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def panels(folder: Path) -> dict[str, bytes] | None:
    """What a panel holds; none where there is none."""
    try:
        return read_tables(folder / "panel")[1]
    except PanelError:
        return None


def tree(folder: Path) -> dict[str, bytes]:
    """All that is there, hidden or not; folders without content."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*")}
    return {name: p.read_bytes() if p.is_file() else b"" for name, p in sorted(found.items())}


def entries(folder: Path) -> int:
    """How many entries; no register is none."""
    try:
        said, faults = read_register(folder / "register")
    except RegisterError:
        return 0
    assert faults == []
    return len(said)


@dataclass(frozen=True)
class Writer:
    """What writes, and what a reader has of it."""

    write: Callable[[Path, str], None]
    read: Callable[[Path], object]


WRITERS = {
    "several files": Writer(several, files),
    "two folders": Writer(in_two_folders, files),
    "one file": Writer(one, files),
    "panel": Writer(panel, panels),
    "register": Writer(register, entries),
}


def prepared(tmp_path: Path, monkeypatch, writer: Writer, *, first: bool) -> Path:
    """A folder to write into; with old files unless it is the first time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # It takes milliseconds, and kills no one.
    work = tmp_path / "work"
    for name in ("a", "b", "panel"):
        (work / name).mkdir(parents=True)
    if not first:
        writer.write(work, "old")
    return work


@pytest.mark.skipif(os.name == "nt", reason="rests go by age there: none has a lock")
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name", sorted(WRITERS.keys() - {"two folders"}))
def test_killed_at_each_step(tmp_path: Path, monkeypatch, name: str, first: bool) -> None:
    """Whoever reads next has all of the old or all of the new; the next run leaves no rest.

    Files of two folders are held together folder by folder only.
    """
    writer = WRITERS[name]
    work = prepared(tmp_path, monkeypatch, writer, first=first)
    old = writer.read(work)
    *killed, whole = kills(monkeypatch, work, tmp_path / "kills", lambda: writer.write(work, "new"))
    new = writer.read(whole)
    assert old != new
    states = {str(tree(copy)): copy for copy in killed}
    for copy in states.values():
        assert writer.read(copy) in (old, new), copy.name
        with contextlib.suppress(RegisterError):  # There is an entry of this day, if it was ready.
            writer.write(copy, "new")
        assert writer.read(copy) == new, copy.name
        assert tree(copy) == tree(whole), copy.name


@pytest.mark.filterwarnings("ignore::earlywarn.errors.LeftBehindWarning")
@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
@pytest.mark.parametrize("name", WRITERS)
def test_refused_at_each_step(tmp_path: Path, monkeypatch, name: str, code: int) -> None:
    """All of the old or all of the new, one clear line, and nothing beside it."""
    writer = WRITERS[name]
    work = prepared(tmp_path, monkeypatch, writer, first=False)
    before, old = tree(work), writer.read(work)
    for copy in ("old", "new"):
        shutil.copytree(work, tmp_path / copy)
    writer.write(tmp_path / "new", "new")
    after = tree(tmp_path / "new")
    fault = OSError(code, os.strerror(code))
    for call, error in refusals(monkeypatch, fault, lambda: writer.write(work, "new")):
        assert error is None or isinstance(error, EarlyWarnError), call
        now = tree(work)
        if call in REMOVALS:
            assert writer.read(work) in (old, writer.read(tmp_path / "new"))
        else:
            assert now in (before, after), call
        if now != before:
            shutil.rmtree(work)
            shutil.copytree(tmp_path / "old", work)
