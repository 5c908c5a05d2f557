"""An authority's position among all: one strip per indicator, with each authority as a dot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earlywarn.report.svg import Scale, label
from earlywarn.utils.formatting import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

SIZE = (240, 40)
LEFT, RIGHT, MIDDLE = 8, 232, 14
USUAL_TOP = 0.975
"""Share of all figures within an axis: a few outliers would squeeze the others together."""
_BEYOND = f'<path class="dot" d="M{RIGHT - 7} {MIDDLE - 7}l14 7l-14 7z"/>'
"""An arrow at the strip's end, instead of the dot."""


@dataclass(frozen=True, eq=False)
class Standing:
    """All authorities' figures for one indicator in the latest year of any of them.

    Attributes
    ----------
    indicator : str
        The indicator's id.
    period : int
        The year.
    figures : Series
        The known figures, by authority.
    england : float
        England's pooled figure for the same year; NaN where there is none.
    """

    indicator: str
    period: int
    figures: pd.Series
    england: float

    def lower_than(self, code: str) -> int:
        """How many authorities have a strictly lower figure."""
        figures = self.figures.to_numpy()
        return int((figures < self.figures[code]).sum())


def standings(history: pd.DataFrame) -> dict[str, Standing]:
    """Take the latest year of each indicator.

    Parameters
    ----------
    history : DataFrame
        As returned by ``indicator_history``.
    """
    known = history[history["value"].notna()]
    newest = known.groupby("indicator", sort=False)["period"].max()
    rows = {}
    for name, period in newest.items():
        own = known[(known["indicator"] == name) & (known["period"] == period)]
        values = own.set_index("la_code")["value"]
        rows[str(name)] = Standing(str(name), int(period), values, float(own["england"].iloc[0]))
    return rows


def axis_tops(history: pd.DataFrame) -> dict[str, float]:
    """The end of each indicator's axis, the same for every authority; it begins at zero."""
    known = history[history["value"].notna()]
    tops = known.groupby("indicator")["value"].quantile(USUAL_TOP)
    return {str(name): rounded_up(float(top)) for name, top in tops.items()}


def rounded_up(value: float) -> float:
    """Round up to two significant figures.

    Examples
    --------
    >>> rounded_up(1234.0), rounded_up(37.21), rounded_up(0.0)
    (1300.0, 38.0, 1.0)
    """
    if not value > 0:
        return 1.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(np.round(math.ceil(round(value / step, 9)) * step, 9))


def cloud(standing: Standing, top: float) -> str:
    """The dots of all authorities, drawn once and referenced by each strip."""
    scale = Scale(0.0, top, LEFT, RIGHT)
    dots = "".join(f"M{scale(value)} {MIDDLE}h0" for value in sorted(standing.figures))
    england = ""
    if math.isfinite(standing.england):
        place = scale(standing.england)
        england = f'<path class="eng" d="M{place} {MIDDLE - 10}v20"/>'
    end = f"{number(top)} or more" if (standing.figures > top).any() else number(top)
    ends = label(LEFT, 38, "0") + label(RIGHT, 38, end, "e")
    line = f'<path class="ax" d="M{LEFT} 26H{RIGHT}"/>'
    body = f'{line}<path class="all" d="{dots}"/>{england}{ends}'
    return f'<g id="all-{standing.indicator}">{body}</g>'


def strip(code: str, standing: Standing, top: float) -> str:
    """One indicator's strip with an authority highlighted; the words next to it say the same."""
    scale = Scale(0.0, top, LEFT, RIGHT)
    parts = [f'<use href="#all-{standing.indicator}"/>']
    if code in standing.figures.index:
        place = scale(float(standing.figures[code]))
        dot = f'<circle class="dot" cx="{place}" cy="{MIDDLE}" r="6"/>'
        parts.append(_BEYOND if standing.figures[code] > top else dot)
    return (
        f'<svg viewBox="0 0 {SIZE[0]} {SIZE[1]}" aria-hidden="true" focusable="false">'
        f"{''.join(parts)}</svg>"
    )


def place_in_words(name: str, code: str, standing: Standing) -> str:
    """Describe where an authority's figure lies among all known ones."""
    count = len(standing.figures)
    if code not in standing.figures.index:
        return f"no figure for {name}; {count} authorities have one"
    lower = standing.lower_than(code)
    return f"{lower} of {count - 1} other authorities with a figure have a lower one"


def clouds(all_standings: Mapping[str, Standing], tops: Mapping[str, float]) -> str:
    """Every indicator's dots, in one drawing that is itself hidden."""
    parts = "".join(cloud(each, tops[name]) for name, each in all_standings.items())
    return f'<svg class="defs" aria-hidden="true" focusable="false"><defs>{parts}</defs></svg>'
