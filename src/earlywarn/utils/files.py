"""Write files completely or not at all, check where they may be written, find shipped files."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from earlywarn.errors import EarlyWarnError, UsageError
from earlywarn.utils.file_sets import FileSet, replace_together, settle
from earlywarn.utils.parts import WINDOWS, confirm_names, fill, new_part, place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parents[1]
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_REFUSALS = _FULL | {errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.ENAMETOOLONG}


def package_path(name: str) -> Path:
    """Return the path of a file or folder that ships with the package.

    The models live at the top of the source tree, where people look for them, and inside the
    package once it is installed from a wheel.
    """
    inside = _PACKAGE / name
    return inside if inside.exists() else _CHECKOUT / name


def check_outputs(
    *outputs: Path,
    overwrite: bool = False,
    inputs: Iterable[Path] = (),
    make_folders: bool = False,
    what: str = "a file",
    fault: type[EarlyWarnError] = UsageError,
) -> None:
    """Refuse output files that could not or should not be written, before any work is done.

    Parameters
    ----------
    *outputs : Path
        Every file that a command would write.
    overwrite : bool
        Whether existing files may be replaced.
    inputs : iterable of Path
        What the command reads: files, or folders with everything below them.
    make_folders : bool
        Whether the command creates missing folders.
    what : str
        What each of them contains, for the message.
    fault : type
        The error to raise.

    Raises
    ------
    EarlyWarnError
        Of the type given: if a name is not valid for a file, or is that of a folder, an input or
        another output; if a file exists and may not be replaced; or if the folder is missing or not
        writable.

    Examples
    --------
    >>> check_outputs(Path("nowhere/scores.csv"))
    Traceback (most recent call last):
    earlywarn.errors.UsageError: nowhere: there is no such folder. Create it first.
    """
    read = [Path(os.path.realpath(file)) for file in inputs]
    seen: set[Path] = set()
    for file in outputs:
        _check_name(file, fault)
        settle(file.parent)
        real = Path(os.path.realpath(file))
        if real in seen or any(real == other or other in real.parents for other in read):
            raise fault(
                "the output would be the input" if real not in seen else "two outputs in one file",
                where=str(file),
                remedy="Choose another name.",
            )
        seen.add(real)
        if file.is_dir():
            raise fault(
                "there is a folder of this name",
                where=str(file),
                expected="the name of a file",
                remedy="Choose another name.",
            )
        if os.path.lexists(file) and not overwrite:
            raise fault(
                f"{what} is there already",
                where=str(file),
                expected="a new place",
                remedy="Choose another one, or add --overwrite (overwrite=True).",
            )
        check_folder(file.parent, make=make_folders, fault=fault)


def check_folder(
    folder: Path, *, make: bool = False, fault: type[EarlyWarnError] = UsageError
) -> None:
    """Refuse a folder in which nothing can be written, before any work is done.

    Parameters
    ----------
    folder : Path
        Where files are to be written.
    make : bool
        Whether the folder is created if missing: then the nearest existing one above it counts.
    fault : type
        The error to raise.

    Raises
    ------
    EarlyWarnError
        If there is no such folder, a file is in its place, or it is not writable.
    """
    _check_name(folder, fault)
    place = folder
    while make and not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        there = os.path.lexists(place)
        raise fault(
            "there is a file where a folder is needed" if there else "there is no such folder",
            where=str(place),
            remedy="Choose another place." if there else "Create it first.",
        )
    try:
        # Only the file system knows: more than permissions can forbid it.
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise unwritable(place, error, fault) from error


def unwritable(
    place: Path, error: OSError, fault: type[EarlyWarnError] = UsageError
) -> EarlyWarnError:
    """Return the error to raise where something can't be written, from the system's reason.

    Examples
    --------
    >>> print(unwritable(Path("scores.csv"), OSError(28, "No space left on device")))
    scores.csv: it can't be written: found No space left on device. Make room on the disk, or \
choose another place.
    """
    if isinstance(error, FileExistsError):
        return fault(
            "another run has written it meanwhile",
            where=str(place),
            expected="a new place",
            remedy="Choose another one, or add --overwrite (overwrite=True).",
        )
    return fault(
        "it can't be written",
        where=str(place),
        found=(error.strerror or str(error))[:200],
        remedy="Make room on the disk, or choose another place."
        if error.errno in _FULL
        else "Choose another place, or close what has it open.",
    )


def is_refusal(error: OSError) -> bool:
    """Whether the system refused to write for a reason that the user can fix."""
    return error.errno in _REFUSALS


@contextlib.contextmanager
def folder_for(folder: Path) -> Iterator[None]:
    """Create a folder and missing ones above it; remove them again if filling it fails.

    Parameters
    ----------
    folder : Path
        The folder that is filled in the meantime.
    """
    made = []
    while not folder.exists() and folder != folder.parent:
        made.append(folder)
        folder = folder.parent
    try:
        if made:
            made[0].mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in made:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise


@contextlib.contextmanager
def written_to(place: Path, fault: type[EarlyWarnError] = UsageError) -> Iterator[None]:
    """Turn a system's refusal to write into one clear message.

    Parameters
    ----------
    place : Path
        The file or folder that is written in the meantime.
    fault : type
        The error to raise.
    """
    try:
        yield
    except OSError as error:
        raise unwritable(place, error, fault) from error


def write_whole(
    file: Path, content: str | bytes, *, overwrite: bool = True, durable: bool = True
) -> None:
    """Write a file so that it has either its complete new content or is not touched at all.

    Parameters
    ----------
    file : Path
        Where to write it.
    content : str or bytes
        Text is written as UTF-8.
    overwrite : bool
        Whether a file that another run wrote since ``check_outputs`` may be replaced.
    durable : bool
        Whether it must survive a power cut. Not needed for a file that carries its own digest and
        can be made again; each such wait for the disk takes milliseconds.
    """
    write_together({file: content}, overwrite=overwrite, durable=durable)


def write_together(
    contents: Mapping[Path, str | bytes],
    *,
    overwrite: bool | Collection[Path] = True,
    durable: bool = True,
) -> None:
    """Write files so that all have their complete new content, or none is touched at all.

    If interrupted in between, those that were replaced get their old content back; once all are
    replaced, all stay. No system can change several names at once, so a killed process can leave
    some new files next to some old ones; a note in their folder then lists what is missing, and the
    next earlywarn process that looks there finishes it. Files of several folders are kept together
    in this way folder by folder.

    Parameters
    ----------
    contents : mapping of Path to str or bytes
        Text is written as UTF-8.
    overwrite : bool or collection of Path
        As for ``write_whole``, or the files that may be replaced.
    durable : bool
        As for ``write_whole``. What a killed run left in the same folders is then finished or
        removed first.
    """
    data = {file: _bytes(content) for file, content in contents.items()}
    may_go = (data if overwrite else ()) if isinstance(overwrite, bool) else overwrite
    folders = list(dict.fromkeys(file.parent for file in data))
    if durable:
        for folder in folders:
            settle(folder)
    if len(data) == 1:
        ((file, content),) = data.items()
        _write_one(file, content, overwrite=file in may_go, durable=durable)
    else:
        sets = [FileSet({f: c for f, c in data.items() if f.parent == one}) for one in folders]
        replace_together(sets, overwrite=may_go, durable=durable)


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _write_one(file: Path, content: bytes, *, overwrite: bool, durable: bool) -> None:
    """Write one file next to its place, locked until it is moved there."""
    stream, part = new_part(file.parent)
    try:
        with stream:
            fill(stream, part, content, durable=durable)
            if not WINDOWS:  # An open file can't be renamed there.
                place(part, file, overwrite=overwrite)
        if WINDOWS:
            place(part, file, overwrite=overwrite)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if durable:
        confirm_names(file.parent)


def _check_name(path: Path, fault: type[EarlyWarnError]) -> None:
    """Refuse a name that no file can have; the system checks for existing ones."""
    text = str(path)
    found = "the character NUL" if "\0" in text else ""
    try:
        os.fsencode(text)
        if not found:
            os.path.lexists(path)
            path.lstat()
    except UnicodeEncodeError:
        found = "a character that no name can hold"
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EINVAL):
            found = (error.strerror or "a name that is too long").lower()
    if found:
        shown = text.encode("ascii", "backslashreplace").decode("ascii").replace("\0", "\\x00")
        raise fault(
            "not a name that a file can have",
            where=shown if len(shown) <= 80 else f"{shown[:77]}...",
            found=found,
            remedy="Choose another name.",
        )
