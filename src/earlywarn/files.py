"""Files written whole or not at all, and the ones that ship inside the package."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).parent
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
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
