"""Save a figure for notebooks as SVG, PNG or PDF, with the same bytes from the same inputs."""

from __future__ import annotations

from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Any

from earlywarn.errors import UsageError, require

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

ENDINGS = (".svg", ".png", ".pdf")
LETTERS = 9
"""Characters of a title that fit into an inch."""
_METADATA: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None},
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None},
}
"""The metadata of a file, without a date, so that it is reproducible."""


def check_picture(file: Path) -> None:
    """Refuse a name without the ending of a picture.

    Raises
    ------
    UsageError
        If the name does not end in ``.svg``, ``.png`` or ``.pdf``.

    Examples
    --------
    >>> from pathlib import Path
    >>> check_picture(Path("funnel.docx"))
    Traceback (most recent call last):
    earlywarn.errors.UsageError: funnel.docx: not a kind of picture: found .docx; expected .svg, ...
    """
    if file.suffix.lower() not in ENDINGS:
        raise UsageError(
            "not a kind of picture",
            where=str(file),
            found=file.suffix or "no ending",
            expected=", ".join(ENDINGS),
        )


def picture_bytes(axes: Axes, ending: str) -> bytes:
    """Return the figure of axes as a file of this kind, and close the figure.

    Parameters
    ----------
    axes : Axes
        As returned by a plotting function of ``earlywarn.report``.
    ending : str
        One of ``ENDINGS``.
    """
    matplotlib = require("matplotlib", extra="report")
    pyplot = require("matplotlib.pyplot", extra="report")
    figure: Any = axes.figure
    # In a notebook a picture grows with its title; in a file the title is wrapped.
    letters = int(LETTERS * figure.get_size_inches()[0])
    axes.set_title(fill(axes.get_title(loc="left"), letters), loc="left")
    file, kind = BytesIO(), ending.lower()
    with matplotlib.rc_context({"svg.hashsalt": "earlywarn", "svg.fonttype": "none"}):
        figure.savefig(file, format=kind.removeprefix("."), metadata=_METADATA[kind], dpi=200)
    pyplot.close(figure)
    return file.getvalue()
