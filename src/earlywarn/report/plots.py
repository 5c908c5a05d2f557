"""Plots for notebooks: each takes documented frames, returns axes, and offers its own frame.

Nothing is displayed and no global setting is changed; ``plot.frame(...)`` gives the numbers that
``plot(...)`` draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from earlywarn.authorities import Register
from earlywarn.errors import ScoreError
from earlywarn.report.authority_charts import waterfall_frame
from earlywarn.report.palette import (
    BAND_STYLES,
    CONTEXT,
    DARK_BLUE,
    DARK_PINK,
    FOCUS,
    INK,
    ORANGE,
    TURQUOISE,
    style_of,
)
from earlywarn.report.plotting import Figure, Mark, drawn_by, emphasise, marked_rows, need
from earlywarn.report.tilemap import SOFT, tile_name, tiles_for
from earlywarn.scoring.standing_words import CAUTION
from earlywarn.statistics.distributions import logit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["lead_time", "ranked_intervals", "tile_map", "waterfall"]

# --- ranked intervals ----------------------------------------------------------------------------

_RANKED = ("la_code", "la_name", "rank", "risk", "risk_lower", "risk_upper", "band")


def _ranked(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``earlywarn.score``, highest risk first; ``scores.head(26)`` for a part."""
    frame = need(scores, _RANKED, "scores")
    return frame[list(_RANKED)].sort_values(["rank", "la_code"], ignore_index=True)


def _draw_ranked(ax: Axes, frame: pd.DataFrame) -> None:
    place = np.arange(len(frame))
    ax.hlines(place, 100 * frame["risk_lower"], 100 * frame["risk_upper"], color=CONTEXT, lw=3)
    ax.plot(100 * frame["risk"], place, "o", color=FOCUS, ms=5)
    ax.set_yticks(place, frame["la_name"].tolist(), fontsize=8)
    emphasise(ax, frame)
    if len(marked := marked_rows(frame)):
        ends = 100 * marked["risk_lower"], 100 * marked["risk_upper"]
        ax.hlines(marked.index, *ends, color=ORANGE, lw=3)
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.set_xlabel("Risk of an Inadequate judgement, %, with its 90% interval")
    first = frame.iloc[0]
    others = int((frame["risk_upper"] > first["risk_lower"]).sum()) - 1
    overlaps = f"the ranges of {others} of {len(frame) - 1} others overlap its own"
    ax.set_title(f"{first['la_name']} has the highest risk; {overlaps}", loc="left")


_RANKED_INTERVALS = Figure(
    "Risks with their intervals, highest first",
    _ranked,
    _draw_ranked,
    (8, 4),
    row=0.2,
    note=CAUTION,
)


@drawn_by(_RANKED_INTERVALS)
def ranked_intervals(scores: pd.DataFrame, *, mark: Mark = None, ax: Axes | None = None) -> Axes:
    """Draw risks with their intervals, highest first.

    Parameters
    ----------
    scores : DataFrame
        Rows of ``earlywarn.score``, such as ``scores.head(26)``.
    mark : str or sequence of str, optional
        Authorities to mark by name or code; they are named in the picture.
    ax : Axes, optional
        Where to draw. Default: new axes.

    Returns
    -------
    Axes
        The plot is not displayed. ``get_label()`` describes the picture, and
        ``ranked_intervals.frame`` gives the numbers.

    Raises
    ------
    ScoreError
        If the frame lacks columns, or does not contain an authority to be marked.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> frame = ranked_intervals.frame(ew.score().head(26), mark="Croydon")
    >>> frame.loc[frame["marked"], "la_name"].tolist()
    ['Croydon']
    """
    return _RANKED_INTERVALS.plot(scores, mark=mark, ax=ax)


# --- waterfall -----------------------------------------------------------------------------------


def _steps(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one authority, as returned by ``earlywarn.explain``, by family."""
    frame = need(rows, ("la_code", "term", "family", "contribution"), "rows")
    if len(set(frame["la_code"])) != 1:
        raise ScoreError(
            "a waterfall shows one authority",
            where="rows",
            found=f"{len(set(frame['la_code']))} authorities",
            remedy="Give the rows of one: rows[rows['la_code'] == code].",
        )
    return waterfall_frame(frame)


def _beside(frame: pd.DataFrame) -> list[tuple[tuple[float, int], str]]:
    """The position and text of the words next to each step."""
    labels = []
    for place, row in enumerate(frame.to_dict("records")):
        after, ends = f"{row['risk_after']:.1%}", place in (0, len(frame) - 1)
        right = row["end"] if ends else max(row["start"], row["end"])
        labels.append(
            ((right, place), after if ends else f"{row['contribution']:+z.2f}, to {after}")
        )
    return labels


def _draw_waterfall(ax: Axes, frame: pd.DataFrame) -> None:
    inner, ends = frame.iloc[1:-1], frame.iloc[[0, -1]]
    colours = [DARK_PINK if step >= 0 else TURQUOISE for step in inner["contribution"]]
    ax.barh(inner.index, inner["contribution"], left=inner["start"], color=colours, height=0.6)
    place = frame.index.to_numpy()
    ax.vlines(frame["end"].iloc[:-1], place[:-1], place[1:], color=INK, lw=0.8)
    ax.plot(ends["end"], ends.index, "o", color=DARK_BLUE, ms=9)
    for spot, words in _beside(frame):
        ax.annotate(words, spot, (8, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(frame.index, frame["step"].tolist())
    ticks = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.6])
    ax.set_xticks(logit(ticks), [f"{tick:.0%}" for tick in ticks])
    reach = [*frame["end"], float(logit(0.05)), float(logit(0.25))]
    ax.set_xlim(min(reach) - 0.2, max(reach) + 0.7)
    ax.invert_yaxis()
    ax.set_xlabel("Risk, on the scale of log-odds; pink raises it, turquoise lowers it")
    first, last = frame["risk_after"].iloc[0], frame["risk_after"].iloc[-1]
    heaviest = str(inner["step"].iloc[int(inner["contribution"].abs().to_numpy().argmax())])
    ax.set_title(f"From {first:.1%} to {last:.1%}; {heaviest.lower()} weighs most", loc="left")


_WATERFALL = Figure("What a risk is made of", _steps, _draw_waterfall)


@drawn_by(_WATERFALL)
def waterfall(rows: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what the risk of one authority is made of, by family of indicators.

    Parameters
    ----------
    rows : DataFrame
        The rows of one authority, as returned by ``earlywarn.explain``.
    ax : Axes, optional
        Where to draw. Default: new axes.

    Returns
    -------
    Axes
        The plot is not displayed. ``get_label()`` describes the picture, and ``waterfall.frame``
        gives the numbers.

    Raises
    ------
    ScoreError
        If the frame lacks columns, or contains several authorities.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> waterfall.frame(ew.explain("Leeds"))["step"].iloc[0]
    'Where every authority starts'
    """
    return _WATERFALL.plot(rows, ax=ax)


# --- lead time -----------------------------------------------------------------------------------

_WARNED = ("la_code", "inspection_start", "on_last_list", "warning_months")


def _lead_time(warnings: pd.DataFrame) -> pd.DataFrame:
    """Rows of a record's ``lead_time`` frame for one model, longest warning first."""
    frame = need(warnings, _WARNED, "warnings")
    models = frame["model"].nunique() if "model" in frame else 1
    if models != 1:
        raise ScoreError(
            "lead times are shown for one model",
            where="warnings",
            found=f"{models} models",
            remedy="Choose one: warnings[warnings['model'] == 'earlywarn'].",
        )
    register = Register.load()
    names = frame["la_code"].map(register.name_of)
    year = frame["inspection_start"].astype("str").str[:4]
    rows = frame[list(_WARNED)].assign(la_name=names + ", " + year)
    keys = ["warning_months", "inspection_start", "la_code"]
    return rows.sort_values(keys, ascending=[False, True, True], ignore_index=True)


def _draw_lead_time(ax: Axes, frame: pd.DataFrame) -> None:
    on = frame["on_last_list"] == 1
    place, months = frame.index.to_numpy(), frame["warning_months"]
    ax.hlines(place[on], -months[on], 0, color=FOCUS, lw=3)
    ax.plot(-months[on], place[on], "o", color=FOCUS, ms=6, label="on the list since")
    ax.plot(0 * months[~on], place[~on], "o", mfc="white", mec=INK, label="not on the list")
    ax.set_yticks(place, frame["la_name"].tolist(), fontsize=8)
    emphasise(ax, frame)
    ax.invert_yaxis()
    ticks = np.arange(0, float(months.max()) + 12, 12)
    ax.set_xticks(-ticks, [f"{tick:.0f}" for tick in ticks])
    ax.set_xlabel("Months on the list, without a break, before the inspection began")
    ax.set_title(f"{on.sum()} of {len(frame)} Inadequate judgements were on the list", loc="left")
    ax.legend(frameon=False, loc="lower left")


_LEAD_TIME = Figure("How long the list had warned", _lead_time, _draw_lead_time, (8, 4), row=0.25)


@drawn_by(_LEAD_TIME)
def lead_time(warnings: pd.DataFrame, *, mark: Mark = None, ax: Axes | None = None) -> Axes:
    """Draw how long before each Inadequate judgement the list had warned of it.

    Parameters
    ----------
    warnings : DataFrame
        The rows of one model in the ``lead_time`` table of a record, such as
        ``record.tables["lead_time"]``.
    mark : str or sequence of str, optional
        Authorities to mark by name or code; they are named in the picture.
    ax : Axes, optional
        Where to draw. Default: new axes.

    Returns
    -------
    Axes
        The plot is not displayed. ``get_label()`` describes the picture, and ``lead_time.frame``
        gives the numbers.

    Raises
    ------
    ScoreError
        If the frame lacks columns, or contains several models.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> from earlywarn.report.track_record import past_warnings
    >>> list(lead_time.frame(past_warnings()).columns)[-1]
    'la_name'
    """
    return _LEAD_TIME.plot(warnings, mark=mark, ax=ax)


# --- tile map ------------------------------------------------------------------------------------


def _tiles(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``earlywarn.score`` with the column and row of their tiles."""
    frame = need(scores, ("la_code", "la_name", "risk", "band"), "scores")
    tiles = tiles_for(frame["la_code"], Register.load())
    return frame[["la_code", "la_name", "risk", "band"]].merge(tiles, on="la_code")


def _draw_tiles(ax: Axes, frame: pd.DataFrame) -> None:
    for style in BAND_STYLES:
        rows = frame[frame["band"] == style.band]
        ax.scatter(
            [],
            [],
            marker="s",
            s=90,
            c=style.fill,
            edgecolors=INK,
            label=f"{style.band} {style.mark}",
        )
        ax.bar(
            rows["column"], 0.94, 0.94, rows["row"] - 0.47, color=style.fill, ec=DARK_BLUE, lw=0.6
        )
    for row in frame.to_dict("records"):
        colour = style_of(row["band"]).text
        words = tile_name(row["la_name"]).replace("-", "-\n").replace(SOFT, "-\n")
        words = words.replace(" ", "\n")
        ax.text(row["column"], row["row"], words, color=colour, size=4.5, ha="center", va="center")
        corner = (row["column"] + 0.44, row["row"] - 0.44)
        ax.text(*corner, style_of(row["band"]).mark, color=colour, size=5, ha="right", va="top")
    if len(marked := marked_rows(frame)):
        ax.bar(
            marked["column"], 0.94, 0.94, marked["row"] - 0.47, color="none", ec=ORANGE, lw=3,
            label=", ".join(marked["la_name"]),
        )  # fmt: skip
    ax.invert_yaxis()
    ax.set_aspect("equal")
    ax.set_axis_off()
    high = frame["band"].isin([style.band for style in BAND_STYLES[:2]]).sum()
    ax.set_title(f"{high} of {len(frame)} have a risk higher than usual", loc="left")
    ax.legend(frameon=False, loc="upper right")


_TILE_MAP = Figure("One tile per authority, by band", _tiles, _draw_tiles, (9, 9), note=CAUTION)


@drawn_by(_TILE_MAP)
def tile_map(scores: pd.DataFrame, *, mark: Mark = None, ax: Axes | None = None) -> Axes:
    """Draw a tile per authority, coloured by band.

    Parameters
    ----------
    scores : DataFrame
        Rows of ``earlywarn.score``.
    mark : str or sequence of str, optional
        Authorities to mark by name or code; they are named in the picture.
    ax : Axes, optional
        Where to draw. Default: new axes.

    Returns
    -------
    Axes
        The plot is not displayed. ``get_label()`` describes the picture, and ``tile_map.frame``
        gives the numbers.

    Raises
    ------
    ScoreError
        If the frame lacks columns, or does not contain an authority to be marked.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> len(tile_map.frame(ew.score()))
    153
    """
    return _TILE_MAP.plot(scores, mark=mark, ax=ax)
