"""Files written whole or not at all, and the ones that ship inside the package."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def package_path(name: str) -> Path:
    """Where a file or folder that ships with the package lies.

    The models live at the top of the source tree, where people look for them, and inside the
    package once it is installed from a wheel.
    """
    inside = _PACKAGE / name
    return inside if inside.exists() else _CHECKOUT / name


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file so that it is there whole, with the new content, or not touched at all."""
    write_together({file: content})


def write_together(contents: Mapping[Path, str | bytes]) -> None:
    """Write files so that all are there whole, with the new content, or none is touched at all."""
    parts: dict[Path, Path] = {}
    replaced: dict[Path, bytes | None] = {}
    try:
        for file, content in contents.items():
            parts[file] = _part_of(file, content)
        for file, part in parts.items():
            before = file.read_bytes() if len(parts) > 1 and file.is_file() else None
            part.replace(file)
            replaced[file] = before
    except BaseException:
        for part in parts.values():
            part.unlink(missing_ok=True)
        for file, before in replaced.items():
            file.unlink() if before is None else file.write_bytes(before)
        raise


def _part_of(file: Path, content: str | bytes) -> Path:
    """The content in a file beside the one that it is meant for."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # A temporary file is private; a finished one has the permissions of any new file.
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part
