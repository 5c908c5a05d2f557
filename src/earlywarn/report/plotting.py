"""The common parts of the plots for notebooks: a frame, a drawing, and marked authorities."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, cast

from earlywarn.authorities import Register
from earlywarn.errors import ScoreError, require
from earlywarn.panel.naming import code_meant

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

P = ParamSpec("P")
_LETTERS, _BELOW = 110, 36
"""Characters in a line of a note, and its distance in points below the axes and their label."""
Mark = str | Sequence[str] | None
"""Which authorities to mark: a name, a beginning of one, a code, or a list of these."""


class Plot(Protocol[P]):
    """A plotting function; ``frame`` gives the numbers, and ``title`` what it shows."""

    title: str
    frame: Callable[..., pd.DataFrame]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Axes:
        """Draw, and return the axes."""
        ...


@dataclass(frozen=True)
class Figure:
    """A kind of figure: how its numbers are made, and how they are drawn.

    Parameters
    ----------
    title : str
        What it shows.
    make : callable
        Makes the frame from the inputs.
    draw : callable
        Draws the frame on axes.
    size : tuple of float
        Width and height in inches, where it makes its own axes.
    row : float
        The fewest inches for a row of the frame; 0 where rows aren't drawn as rows.
    note : str
        The note below the drawing, also added to its description.
    """

    title: str
    make: Callable[..., pd.DataFrame]
    draw: Callable[[Any, pd.DataFrame], None]
    size: tuple[float, float] = (8.0, 5.0)
    row: float = 0.0
    note: str = ""

    def frame(self, *inputs: Any, mark: Mark = None) -> pd.DataFrame:
        """The numbers that are drawn from the same inputs; ``marked`` shows whom ``mark`` means."""
        frame = self.make(*inputs)
        return frame if mark is None else frame.assign(marked=_meant(frame, mark))

    def plot(self, *inputs: Any, mark: Mark = None, ax: Axes | None = None) -> Axes:
        """Draw on the given axes, or on new ones, without displaying them.

        The label of the axes, which is not drawn, describes the picture, unless it already had one.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        pyplot = require("matplotlib.pyplot", extra="report")
        frame = self.frame(*inputs, mark=mark)
        size = (self.size[0], max(self.size[1], self.row * len(frame)))
        axes: Axes = pyplot.subplots(figsize=size, layout="constrained")[1] if ax is None else ax
        self.draw(axes, frame)
        if not axes.get_label():
            names = ", ".join(marked_rows(frame)["la_name"]) if mark is not None else ""
            also = f" Marked: {names}." if names else ""
            axes.set_label(f"{self.title}: {axes.get_title(loc='left')}.{also} {self.note}".strip())
        if self.note:
            axes.annotate(
                textwrap.fill(self.note, _LETTERS), (0, 0), (0, -_BELOW),
                xycoords="axes fraction", textcoords="offset points", va="top", fontsize=8,
            )  # fmt: skip
        axes.spines[["top", "right"]].set_visible(False)
        return axes


def drawn_by(figure: Figure) -> Callable[[Callable[P, Axes]], Plot[P]]:
    """Give a plotting function the ``frame`` of its figure."""

    def add(function: Callable[P, Axes]) -> Plot[P]:
        plot = cast("Plot[P]", function)
        plot.frame, plot.title = figure.frame, figure.title
        return plot

    return add


def marked_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the marked rows of a figure's frame, if any."""
    return frame[frame["marked"]] if "marked" in frame else frame.iloc[:0]


def emphasise(ax: Axes, frame: pd.DataFrame) -> None:
    """Show the names of marked rows in bold, where each row of the frame has a tick."""
    for name, row in zip(ax.get_yticklabels(), frame.index, strict=True):
        if row in marked_rows(frame).index:
            name.set_fontweight("bold")


def need(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> pd.DataFrame:
    """Return the frame, if it has the columns.

    Raises
    ------
    ScoreError
        If it lacks one.
    """
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise ScoreError(
            "the frame lacks columns",
            where=where,
            found=", ".join(map(str, frame.columns[:8])),
            expected=", ".join(columns),
        )
    return frame


def _meant(frame: pd.DataFrame, mark: str | Sequence[str]) -> pd.Series:
    """The rows of the authorities to be marked."""
    names, drawn = [mark] if isinstance(mark, str) else list(mark), set(frame["la_code"])
    register = Register.load()
    codes = [code_meant(register, name, drawn) for name in names]
    for name, code in zip(names, codes, strict=True):
        if code not in drawn:
            raise ScoreError(
                "an authority to be marked is not in the figure",
                where="mark",
                found=repr(name),
                expected="one of those drawn",
                remedy="Give rows that include it, or leave the mark out.",
            )
    return frame["la_code"].isin(codes)
