"""A folder of text files with a manifest, written as a whole and read only if unchanged."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import warnings
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.authorities import REGISTER_COLUMNS
from earlywarn.errors import LeftBehindWarning, PanelError, UsageError
from earlywarn.utils.files import check_folder, folder_for, write_whole, written_to
from earlywarn.utils.locks import owned
from earlywarn.utils.parts import confirm_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORMAT = 1
"""The format number of a panel folder; raised when an older earlywarn could not read it."""

ATTRIBUTION = "Contains public sector information licensed under the Open Government Licence v3.0."

_MANIFEST = "manifest.json"
_TABLES = tuple(
    f"{name}.csv" for name in ("observations", "releases", "neighbours", "judgements", "findings")
)
_TRIES, _WHILE = 50, 0.02
"""How often, and every how many seconds, to check whether another build has ended."""
_EXTENSIONS = tuple(f"{name}.csv" for name in REGISTER_COLUMNS)


def write_folder(
    target: Path,
    texts: Mapping[str, str],
    sources: Sequence[Mapping[str, Any]],
    *,
    overwrite: bool,
) -> None:
    """Write a panel's files and their manifest.

    Parameters
    ----------
    target : Path
        The folder to write: new, or empty.
    texts : mapping of str to str
        The text of each file, by its name.
    sources : sequence of mappings
        The published files that the panel was made from, for the manifest.
    overwrite : bool
        Whether to replace the folder if it contains a panel and nothing else.

    Raises
    ------
    PanelError
        If the folder is not empty and may not be replaced, or can't be written.
    """
    check_panel_place(target, overwrite=overwrite)
    target = target.absolute()
    work = _work_folder(target)
    with written_to(target, PanelError), folder_for(target.parent):
        try:
            with owned(work / "lock"):
                _fill(work, target, texts, sources, overwrite=overwrite)
        finally:
            with contextlib.suppress(OSError):
                work.rmdir()


def brought_back(folder: Path) -> bool:
    """Whether a folder exists, after restoring a panel that a killed build had set aside.

    No system can swap two folders in one step, so wait for a build that is between its two moves.

    Parameters
    ----------
    folder : Path
        Where the panel is or was.
    """
    folder = folder.absolute()
    work = _work_folder(folder)
    for _ in range(_TRIES):
        if folder.is_dir() or not (work / "old").is_dir():
            break
        with contextlib.suppress(UsageError, OSError):
            with owned(work / "lock"):
                if not folder.exists():
                    (work / "old").rename(folder)
                    shutil.rmtree(work / "new", ignore_errors=True)
            work.rmdir()
        time.sleep(_WHILE)
    return folder.is_dir()


def _work_folder(target: Path) -> Path:
    return target.with_name(f".{target.name}.work")


def _fill(
    work: Path,
    target: Path,
    texts: Mapping[str, str],
    sources: Sequence[Mapping[str, Any]],
    *,
    overwrite: bool,
) -> None:
    """Write the new folder next to the old one, and swap them."""
    fresh, old = work / "new", work / "old"
    if old.is_dir() and not target.exists():
        old.rename(target)  # The last run was killed between its two moves.
    check_panel_place(target, overwrite=overwrite)
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    try:
        fresh.mkdir()
        for name, text in {**texts, _MANIFEST: _manifest_text(texts, sources)}.items():
            write_whole(fresh / name, text)
        _move_into_place(fresh, target, old)
        confirm_names(target.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read_tables(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read the manifest and the files of a panel folder.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    manifest : dict
    tables : dict of str to bytes
        The text of each file, by its name, in UTF-8.

    Raises
    ------
    PanelError
        If it is not a panel, is in another format, or a file is missing or was changed.
    """
    while True:
        manifest = _read_manifest(folder)
        extended = [name for name in _EXTENSIONS if name in manifest["files"]]
        try:
            return manifest, {
                name: _read_table(folder, manifest["files"], name) for name in (*_TABLES, *extended)
            }
        except (PanelError, FileNotFoundError):
            if _read_manifest(folder) == manifest:  # Otherwise another one has taken its place.
                raise


def panel_digest(manifest: Mapping[str, Any]) -> str:
    """Return a short digest of a panel, which changes if a figure or a file differs.

    Parameters
    ----------
    manifest : mapping
        The panel's manifest: of its files if it was read from a folder, else of published files.

    Examples
    --------
    >>> panel_digest({"files": {"observations.csv": {"sha256": "00", "rows": 1}}})
    'ad10dd91b68f3faa'
    """
    held = manifest.get("files") or manifest.get("sources") or {}
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]


def check_panel_place(target: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder where a panel could not be written, before anything is read.

    Raises
    ------
    PanelError
        If it is not empty and may not be replaced, or can't be written.
    """
    check_folder(target.parent, make=True, fault=PanelError)
    brought_back(target)
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    ours = {*_TABLES, *_EXTENSIONS, _MANIFEST}
    is_panel = target.is_dir() and (target / _MANIFEST).is_file()
    strange = sorted(p.name for p in target.iterdir() if p.name not in ours) if is_panel else []
    if overwrite and is_panel and not strange:
        return
    raise PanelError(
        "the folder is not empty" if target.is_dir() else "there is a file of this name",
        where=str(target),
        found=f"files that are no panel's: {', '.join(strange[:5])}" if strange else "",
        expected="a new or empty folder" + (", or a panel to replace" if overwrite else ""),
        remedy="Choose another folder"
        + (", or allow it to be overwritten." if is_panel and not overwrite else "."),
    )


def _move_into_place(fresh: Path, target: Path, old: Path) -> None:
    """Replace the old folder by the new one; restore the old one if that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if old.exists():
        warnings.warn(
            f"{target} contains the new panel, but the one before could not be removed: {old} is "
            "left; remove it by hand",
            LeftBehindWarning,
            stacklevel=2,
        )


def _manifest_text(texts: Mapping[str, str], sources: Sequence[Mapping[str, Any]]) -> str:
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "attribution": ATTRIBUTION,
        "sources": list(sources),
        "files": {
            name: {"sha256": _sha256(text.encode()), "rows": _rows(text.encode())}
            for name, text in texts.items()
        },
    }
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def _rows(text: bytes) -> int:
    return text.count(b"\n") - 1


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    brought_back(folder)
    if not path.is_file():
        old = _work_folder(folder.absolute()) / "old"
        raise PanelError(
            "not a panel folder" if folder.is_dir() else "there is no such folder",
            where=str(folder),
            found=f"no {_MANIFEST}",
            expected="a folder that build wrote",
            remedy=f"An interrupted build left the earlier panel in {old}: move it back."
            if old.is_dir() and not folder.exists()
            else "Build one with: python -m earlywarn build FOLDER --out PANEL.",
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _bad_manifest(path, str(error)) from error
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if version != FORMAT or not isinstance(manifest.get("files"), dict):
        raise _bad_manifest(path, f"format {version!r}")
    return dict(manifest)


def _bad_manifest(path: Path, found: str) -> PanelError:
    return PanelError(
        "the panel's manifest can't be used",
        where=str(path),
        found=found,
        expected=f"JSON of format {FORMAT}",
        remedy="Build the panel again with this earlywarn, or update earlywarn.",
    )


def _read_table(folder: Path, files: Mapping[str, Any], name: str) -> bytes:
    """A table's text, if unchanged; line endings may have been converted."""
    path, listed = folder / name, files.get(name)
    if not path.is_file() or not isinstance(listed, dict):
        raise PanelError(
            "a file of the panel is missing",
            where=str(path),
            found="no such file" if listed else f"not in {_MANIFEST}",
            expected=f"{name} as build wrote it",
            remedy="Copy the whole folder, or build the panel again.",
        )
    text = path.read_bytes().replace(b"\r\n", b"\n")
    if _sha256(text) != listed.get("sha256"):
        raise PanelError(
            "a file of the panel was changed after it was written",
            where=str(path),
            found=f"{_rows(text)} rows, and a different checksum",
            expected=f"{listed.get('rows')} rows, as {_MANIFEST} says",
            remedy="Change the published files and build the panel again.",
        )
    return text
