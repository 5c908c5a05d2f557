"""Sentences, tables and pictures for notebooks that read the same wherever they are opened."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from earlywarn.errors import ScoreError, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

DPI = 90


@dataclass(frozen=True)
class Cell:
    """Something that a notebook shows as the last value of a cell.

    Parameters
    ----------
    text : str
        The text shown where nothing else can be.
    data : mapping
        The other forms, by media type.
    metadata : mapping
        Their metadata, such as the alternative text of a picture.
    """

    text: str
    data: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The text."""
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/plain": self.text, **self.data}, dict(self.metadata)


def say(*sentences: str) -> Cell:
    """Show sentences with numbers from the code like any other prose.

    Parameters
    ----------
    *sentences : str
        Markdown; each is a separate paragraph.

    Examples
    --------
    >>> say("One.", "Two.")
    One.
    <BLANKLINE>
    Two.
    """
    text = "\n\n".join(sentences)
    return Cell(text, {"text/markdown": text})


def table(frame: pd.DataFrame, caption: str) -> Cell:
    """Show a table without its index, with a caption and headings for screen readers.

    Parameters
    ----------
    frame : DataFrame
        Ready for reading: rounded, and with columns named in words.
    caption : str
        What it shows.

    Examples
    --------
    >>> import pandas as pd
    >>> shown = table(pd.DataFrame({"Authority": ["Leeds"]}), "One authority")
    >>> "<caption>One authority</caption>" in shown.data["text/html"]
    True
    """
    head, rest = frame.to_html(index=False, border=0, na_rep="", justify="left").split("\n", 1)
    html = f"{head}\n  <caption>{escape(caption)}</caption>\n{rest}"
    html = html.replace("<th>", '<th scope="col">')
    return Cell(f"{caption}\n\n{frame.to_string(index=False, na_rep='')}", {"text/html": html})


def picture(axes: Axes, alt: str = "") -> Cell:
    """Show a finished figure as a picture with its alternative text, and close the figure.

    Parameters
    ----------
    axes : Axes
        As returned by the plots of ``earlywarn.report``.
    alt : str, optional
        A description for those who do not see the picture. Default: the label of the axes.

    Raises
    ------
    ScoreError
        If there is no alternative text.
    """
    alt = alt.strip() or str(axes.get_label())
    if not alt:
        raise ScoreError("a picture without words", where="alt", expected="what it shows")
    pyplot = require("matplotlib.pyplot", extra="report")
    figure: Any = axes.get_figure(root=True)
    stream = BytesIO()
    # No library version in the file: another version may draw the same picture.
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    pyplot.close(figure)
    data = {"image/png": b64encode(stream.getvalue()).decode("ascii")}
    return Cell(alt, data, {"image/png": {"alt": alt}})
