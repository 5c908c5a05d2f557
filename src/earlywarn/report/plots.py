"""Plots for notebooks: each takes documented frames, gives axes, and has its frame beside it.

Nothing is shown and no global setting is touched; ``plot.frame(...)`` gives the numbers that
``plot(...)`` draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earlywarn.authorities import Register
from earlywarn.errors import IndicatorError, ScoreError, require
from earlywarn.evaluation.wording import level_words
from earlywarn.indicators.catalogue import get_indicator
from earlywarn.indicators.standardise import distribution, stabilise
from earlywarn.report.authority_charts import waterfall_frame
from earlywarn.report.indicator_history import indicator_history
from earlywarn.report.palette import (
    BAND_STYLES,
    CONTEXT,
    DARK_BLUE,
    DARK_PINK,
    FOCUS,
    INK,
    LIMITS,
    ORANGE,
    TURQUOISE,
    style_of,
)
from earlywarn.report.tilemap import SOFT, tile_name, tiles_for
from earlywarn.statistics.distributions import logit
from earlywarn.statistics.funnel import funnel_limits
from earlywarn.statistics.intervals import byar_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.axes import Axes

    from earlywarn.panel.panel import Panel, Snapshot

__all__ = [
    "Figure",
    "calibration",
    "funnel",
    "history",
    "lead_time",
    "ranked_intervals",
    "tile_map",
    "waterfall",
]


@dataclass(frozen=True)
class Figure:
    """A kind of figure: how its numbers are made, and how they are drawn.

    Parameters
    ----------
    title : str
        What it shows.
    make : callable
        The inputs -> the frame.
    draw : callable
        Axes and frame -> the drawing.
    size : tuple of float
        Width and height in inches, where it makes its own axes.
    row : float
        Inches that a row of the frame takes at the least; 0 where rows aren't drawn as rows.
    """

    title: str
    make: Callable[..., pd.DataFrame]
    draw: Callable[[Any, pd.DataFrame], None]
    size: tuple[float, float] = (8.0, 5.0)
    row: float = 0.0

    def frame(self, *inputs: Any) -> pd.DataFrame:
        """The numbers that ``plot`` draws from the same inputs."""
        return self.make(*inputs)

    def plot(self, *inputs: Any, ax: Axes | None = None) -> Axes:
        """Draw on the axes given, or on new ones; nothing is shown.

        The label of the axes, which is not drawn, says what the picture says, unless it had one:
        ``axes.get_label()``.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        pyplot = require("matplotlib.pyplot", extra="report")
        frame = self.frame(*inputs)
        size = (self.size[0], max(self.size[1], self.row * len(frame)))
        axes: Axes = pyplot.subplots(figsize=size, layout="constrained")[1] if ax is None else ax
        self.draw(axes, frame)
        if not axes.get_label():
            axes.set_label(f"{self.title}: {axes.get_title(loc='left')}.")
        axes.spines[["top", "right"]].set_visible(False)
        return axes

    def __call__(self, *inputs: Any, ax: Axes | None = None) -> Axes:
        """As ``plot``."""
        return self.plot(*inputs, ax=ax)


def _need(frame: pd.DataFrame, columns: tuple[str, ...], where: str) -> pd.DataFrame:
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise ScoreError(
            "the frame lacks columns",
            where=where,
            found=", ".join(map(str, frame.columns[:8])),
            expected=", ".join(columns),
        )
    return frame


# --- ranked intervals ----------------------------------------------------------------------------

_RANKED = ("la_code", "la_name", "rank", "risk", "risk_lower", "risk_upper", "band")


def _ranked(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``earlywarn.score``, highest risk first; ``scores.head(26)`` for a part."""
    frame = _need(scores, _RANKED, "scores")
    return frame[list(_RANKED)].sort_values(["rank", "la_code"], ignore_index=True)


def _draw_ranked(ax: Axes, frame: pd.DataFrame) -> None:
    place = np.arange(len(frame))
    ax.hlines(place, 100 * frame["risk_lower"], 100 * frame["risk_upper"], color=CONTEXT, lw=3)
    ax.plot(100 * frame["risk"], place, "o", color=FOCUS, ms=5)
    ax.set_yticks(place, frame["la_name"].tolist(), fontsize=8)
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.set_xlabel("Risk of an Inadequate judgement, %, with its 90% interval")
    first = frame.iloc[0]
    others = int((frame["risk_upper"] > first["risk_lower"]).sum()) - 1
    overlaps = f"the ranges of {others} of {len(frame) - 1} others overlap its own"
    ax.set_title(f"{first['la_name']} has the highest risk; {overlaps}", loc="left")


ranked_intervals = Figure(
    "Risks with their intervals, highest first", _ranked, _draw_ranked, (8, 4), row=0.2
)

# --- waterfall -----------------------------------------------------------------------------------


def _steps(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one authority as ``earlywarn.explain`` gives them, by family."""
    frame = _need(rows, ("la_code", "term", "family", "contribution"), "rows")
    if len(set(frame["la_code"])) != 1:
        raise ScoreError(
            "a waterfall is of one authority",
            where="rows",
            found=f"{len(set(frame['la_code']))} authorities",
            remedy="Give the rows of one: rows[rows['la_code'] == code].",
        )
    return waterfall_frame(frame)


def _beside(frame: pd.DataFrame) -> list[tuple[tuple[float, int], str]]:
    """Where words stand beside each step, and what they say."""
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


waterfall = Figure("What a risk is made of", _steps, _draw_waterfall)

# --- history -------------------------------------------------------------------------------------


def _history(panel: Panel, la_code: str, indicator: str) -> pd.DataFrame:
    """One indicator of one authority, by reporting year, as known at the newest publication."""
    get_indicator(indicator)
    snapshot = panel.as_of(panel.newest_publication)
    code = snapshot.existing_code(la_code)
    rows = indicator_history(snapshot)
    chosen = rows[(rows["la_code"] == code) & (rows["indicator"] == indicator)]
    if chosen.empty:
        raise IndicatorError(
            "the indicator has no figures by year",
            where=indicator,
            remedy="python -m earlywarn catalogue says what each is made of.",
        )
    return chosen.assign(la_name=snapshot.register.name_of(code)).reset_index(drop=True)


def _draw_history(ax: Axes, frame: pd.DataFrame) -> None:
    record = get_indicator(frame["indicator"].iloc[0])
    name, year = frame["la_name"].iloc[0], frame["period"]
    limits = (frame["lower"].to_numpy(dtype=float), frame["upper"].to_numpy(dtype=float))
    ax.fill_between(year, *limits, color=LIMITS, lw=0, label="95% limits")
    ax.plot(year, frame["england"], "--", color=DARK_PINK, label="England")
    ax.plot(year, frame["neighbours"], ":", color=TURQUOISE, lw=2, label="neighbours, mean")
    ax.plot(year, frame["value"], "o-", color=DARK_BLUE, lw=2.5, ms=4, label=name)
    ax.set_xticks(year)
    ax.set_xlabel("Year ending 31 March")
    ax.set_ylabel(record.unit)
    last = frame[frame["value"].notna()].tail(1).to_dict("records")
    newest = "nothing published"
    if last:
        newest = f"{last[0]['value']:.1f} in {last[0]['period']}, England {last[0]['england']:.1f}"
    ax.set_title(f"{record.title}, {name}: {newest}", loc="left")
    ax.legend(frameon=False)


history = Figure("An indicator against neighbours and England", _history, _draw_history)

# --- funnel --------------------------------------------------------------------------------------

_LEVELS = ((0.95, "95"), (0.998, "998"))


def _funnel(snapshot: Snapshot, indicator: str) -> pd.DataFrame:
    """The newest year's values by number of cases, with over-dispersed limits at each."""
    record = get_indicator(indicator)
    kinds = {"proportion": ("proportion", 100), "rate": ("rate", 10_000), "ratio": ("rate", 1)}
    if record.kind not in kinds:
        raise IndicatorError(
            "a funnel needs the number of cases",
            where=indicator,
            found=f"{record.kind}, without a number of cases",
            expected="a proportion, a rate or a ratio",
        )
    kind, per = kinds[record.kind]
    rows = indicator_history(snapshot)
    rows = rows[(rows["indicator"] == indicator) & rows["value"].notna()]
    rows = rows[(rows["period"] == rows["period"].max()) & (rows["size"] > 0)]
    y, sd = stabilise(record, rows["value"], rows["size"])
    spread = distribution(y, sd)
    if spread is None:
        raise IndicatorError("too few authorities have a figure", where=indicator)
    frame = rows[["la_code", "indicator", "period", "value", "size"]].assign(
        la_name=rows["la_code"].map(snapshot.register.name_of)
    )
    for level, name in _LEVELS:
        low, high = funnel_limits(
            rows["size"],
            spread.centre,
            "proportion" if kind == "proportion" else "rate",
            spread.tau2,
            level,
        )
        frame[f"lower_{name}"], frame[f"upper_{name}"] = per * low, per * high
    frame["outside"] = (frame["value"] < frame["lower_998"]) | (frame["value"] > frame["upper_998"])
    ordered: pd.DataFrame = frame.sort_values("size", ignore_index=True)
    return ordered


def _draw_funnel(ax: Axes, frame: pd.DataFrame) -> None:
    record = get_indicator(frame["indicator"].iloc[0])
    for name, style in (("95", "--"), ("998", "-")):
        words = f"{'99.8' if name == '998' else name}% limits, adjusted for over-dispersion"
        for side in ("lower", "upper"):
            label = words if side == "upper" else None
            ax.plot(frame["size"], frame[f"{side}_{name}"], style, color=DARK_PINK, label=label)
    inside, outside = frame[~frame["outside"]], frame[frame["outside"]]
    ax.plot(inside["size"], inside["value"], "o", color=CONTEXT, ms=5)
    ax.plot(outside["size"], outside["value"], "o", color=FOCUS, ms=6)
    for row in outside.to_dict("records"):
        spot = (row["size"], row["value"])
        ax.annotate(row["la_name"], spot, xytext=(4, 4), textcoords="offset points", fontsize=8)
    ax.set_xscale("log")
    ax.margins(x=0.08)
    ax.set_xlabel("Cases behind the figure (logarithmic)")
    ax.set_ylabel(record.unit)
    count = len(outside)
    ax.set_title(f"{record.title}: {count} of {len(frame)} outside the 99.8% limits", loc="left")
    ax.legend(frameon=False)


funnel = Figure("A funnel of one indicator", _funnel, _draw_funnel)

# --- calibration ---------------------------------------------------------------------------------

_RELIABILITY = ("window", "model", "bin", "n", "events", "expected", "observed", "lower", "upper")


def _calibration(reliability: pd.DataFrame) -> pd.DataFrame:
    """Rows of a backtest's reliability frame, of one model or of up to four series."""
    frame = _need(reliability, _RELIABILITY, "reliability")[list(_RELIABILITY)]
    series = frame.groupby(["window", "model"]).ngroups
    if not 1 <= series <= 4:
        raise ScoreError(
            "not a number of lines that the eye keeps apart",
            where="reliability",
            found=f"{series} pairs of window and model",
            expected="1 to 4",
            remedy="Choose some: reliability[reliability['model'] == 'earlywarn'].",
        )
    return frame.reset_index(drop=True)


def _draw_calibration(ax: Axes, frame: pd.DataFrame) -> None:
    colours = (DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE)
    top = 100 * float(frame[["expected", "observed", "upper"]].max().max()) * 1.05
    ax.plot([0, top], [0, top], color=INK, lw=1, label="as predicted")
    groups = frame.groupby(["window", "model"], sort=False)
    for colour, ((window, model), rows) in zip(colours, groups, strict=False):
        ends = 100 * rows["lower"], 100 * rows["upper"]
        ax.vlines(100 * rows["expected"], *ends, color=colour, alpha=0.25, lw=5)
        marks = 100 * rows["expected"], 100 * rows["observed"]
        ax.plot(*marks, "o", color=colour, label=f"{model}, {window}")
    ax.set(xlim=(0, top), ylim=(0, top))
    ax.set_xlabel("Predicted risk, mean of the group, %")
    ax.set_ylabel("Judged Inadequate, %; bars: 90% of what chance does")
    events, expected = frame["events"].sum(), (frame["expected"] * frame["n"]).sum()
    low, high = (float(limit / expected) for limit in byar_limits(events))
    ratio = events / expected
    ax.set_title(f"{level_words(low, high)}: {ratio:.2f} came for each one predicted", loc="left")
    ax.legend(frameon=False)


calibration = Figure("Predicted against happened", _calibration, _draw_calibration, (6, 6))

# --- lead time -----------------------------------------------------------------------------------

_WARNED = ("la_code", "inspection_start", "on_last_list", "warning_months")


def _lead_time(warnings: pd.DataFrame) -> pd.DataFrame:
    """Rows of a record's ``lead_time`` frame, of one model: the longest warning first."""
    frame = _need(warnings, _WARNED, "warnings")
    models = frame["model"].nunique() if "model" in frame else 1
    if models != 1:
        raise ScoreError(
            "lead times are of one model",
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
    ax.invert_yaxis()
    ticks = np.arange(0, float(months.max()) + 12, 12)
    ax.set_xticks(-ticks, [f"{tick:.0f}" for tick in ticks])
    ax.set_xlabel("Months on the list, without a break, before the inspection began")
    ax.set_title(f"{on.sum()} of {len(frame)} Inadequate judgements were on the list", loc="left")
    ax.legend(frameon=False, loc="lower left")


lead_time = Figure("How long the list had warned", _lead_time, _draw_lead_time, (8, 4), row=0.25)

# --- tile map ------------------------------------------------------------------------------------


def _tiles(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``earlywarn.score`` with the column and row of their tiles."""
    frame = _need(scores, ("la_code", "la_name", "risk", "band"), "scores")
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
    ax.invert_yaxis()
    ax.set_aspect("equal")
    ax.set_axis_off()
    high = frame["band"].isin([style.band for style in BAND_STYLES[:2]]).sum()
    ax.set_title(f"{high} of {len(frame)} have a risk higher than usual", loc="left")
    ax.legend(frameon=False, loc="upper right")


tile_map = Figure("A tile an authority, by band", _tiles, _draw_tiles, (9, 9))
