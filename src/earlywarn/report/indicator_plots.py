"""Plots of one indicator: each takes documented frames, returns axes, and offers its own frame.

Nothing is displayed and no global setting is changed; ``plot.frame(...)`` gives the numbers that
``plot(...)`` draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import IndicatorError
from earlywarn.indicators.build import newest_figures
from earlywarn.indicators.catalogue import get_indicator
from earlywarn.indicators.standardise import distribution, stabilise
from earlywarn.report.indicator_history import indicator_history
from earlywarn.report.palette import (
    CONTEXT,
    DARK_BLUE,
    DARK_PINK,
    FOCUS,
    INK,
    LIMITS,
    ORANGE,
    TURQUOISE,
)
from earlywarn.report.plotting import Figure, Mark, drawn_by, marked_rows
from earlywarn.scoring.words import own_figure
from earlywarn.sources.reporting_years import last_day
from earlywarn.statistics.funnel import funnel_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from earlywarn.panel.panel import Panel, Snapshot

__all__ = ["funnel", "history"]

# --- history -------------------------------------------------------------------------------------


def _history(panel: Panel, authority: str, indicator: str) -> pd.DataFrame:
    """One indicator of one authority, by reporting year, as known at the latest publication."""
    get_indicator(indicator)
    snapshot = panel.as_of(panel.newest_publication)
    code = snapshot.existing_code(authority)
    rows = indicator_history(snapshot)
    chosen = rows[(rows["la_code"] == code) & (rows["indicator"] == indicator)]
    if chosen.empty:
        raise IndicatorError(
            "the indicator has no figures by year",
            where=indicator,
            remedy="python -m earlywarn catalogue lists what each is made of.",
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
    ax.set_xlabel(f"Reporting year, to {last_day(record.series)}")
    ax.set_ylabel(record.unit)
    last = frame[frame["value"].notna()].tail(1).to_dict("records")
    newest = "nothing published"
    if last:
        newest = f"{last[0]['value']:.1f} in {last[0]['period']}, England {last[0]['england']:.1f}"
    ax.set_title(f"{record.title}, {name}: {newest}", loc="left")
    ax.legend(frameon=False)


_HISTORY = Figure("An indicator compared with neighbours and England", _history, _draw_history)


@drawn_by(_HISTORY)
def history(panel: Panel, authority: str, indicator: str, *, ax: Axes | None = None) -> Axes:
    """Draw one indicator of one authority by year, with neighbours and England.

    Parameters
    ----------
    panel : Panel
        As returned by ``earlywarn.load_panel``; what was known at its latest publication is drawn.
    authority : str
        A name or code.
    indicator : str
        By the catalogue's name.
    ax : Axes, optional
        Where to draw. Default: new axes.

    Returns
    -------
    Axes
        The plot is not displayed. ``get_label()`` describes the picture, and ``history.frame``
        gives the numbers.

    Raises
    ------
    IndicatorError
        If there is no such indicator, or it has no figures by year.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> frame = history.frame(ew.load_panel(), "Leeds", "rereferrals")
    >>> frame["la_name"].iloc[0], int(frame["period"].max()) >= 2025
    ('Leeds', True)
    """
    return _HISTORY.plot(panel, authority, indicator, ax=ax)


# --- funnel --------------------------------------------------------------------------------------

_LEVELS = ((0.95, "95"), (0.998, "998"))


def _funnel(snapshot: Snapshot, indicator: str) -> pd.DataFrame:
    """The latest year's values by number of cases, with over-dispersed limits at each."""
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
    # The caller's own figures are shown, and only affect the limits at their cases.
    rows = _with_own(snapshot, rows[["la_code", "indicator", "period", "value", "size"]])
    frame = rows.assign(la_name=rows["la_code"].map(snapshot.register.name_of))
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


def _with_own(snapshot: Snapshot, published: pd.DataFrame) -> pd.DataFrame:
    """The published rows of one indicator, with the caller's own figures in their place."""
    name, year = published["indicator"].iloc[0], published["period"].iloc[0]
    codes = [code for code, indicator in snapshot.own if indicator == name]
    newest = newest_figures(snapshot) if codes else published
    own = newest[(newest["indicator"] == name) & (newest["period"] == year)]
    own = own[own["la_code"].isin(codes) & (own["size"] > 0)]
    kept = published[~published["la_code"].isin(own["la_code"])].assign(own=False)
    theirs: pd.DataFrame = own[kept.columns.drop("own")].assign(own=True)
    return pd.concat([kept, theirs], ignore_index=True)


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
    marked = marked_rows(frame)
    ax.plot(marked["size"], marked["value"], "D", color=ORANGE, mec=INK, ms=8)
    for row in pd.concat([outside, marked]).drop_duplicates("la_code").to_dict("records"):
        spot = (row["size"], row["value"])
        ax.annotate(row["la_name"], spot, xytext=(4, 4), textcoords="offset points", fontsize=8)
    ax.set_xscale("log")
    ax.margins(x=0.08)
    ax.set_xlabel("Cases behind the figure (logarithmic)")
    ax.set_ylabel(record.unit)
    count = len(outside)
    yours = f" ({own_figure(frame['period'].max())})"
    own = "; ".join(
        f"{row['la_name']} {row['value']:.1f}{yours if row['own'] else ''}, "
        f"{'outside' if row['outside'] else 'inside'}"
        for row in marked.to_dict("records")
    )
    words = f"{record.title}: {count} of {len(frame)} outside the 99.8% limits"
    ax.set_title(f"{words}; {own}" if own else words, loc="left")
    ax.legend(frameon=False)


_FUNNEL = Figure("A funnel of one indicator", _funnel, _draw_funnel)


@drawn_by(_FUNNEL)
def funnel(
    snapshot: Snapshot, indicator: str, *, mark: Mark = None, ax: Axes | None = None
) -> Axes:
    """Draw the latest year of one indicator by number of cases, with over-dispersed limits.

    The snapshot's own figures replace the published ones.

    Parameters
    ----------
    snapshot : Snapshot
        As returned by ``panel.as_of(date)``.
    indicator : str
        By the catalogue's name: a proportion, a rate or a ratio.
    mark : str or sequence of str, optional
        Authorities to mark by name or code; they are named in the picture.
    ax : Axes, optional
        Where to draw. Default: new axes.

    Returns
    -------
    Axes
        The plot is not displayed. ``get_label()`` describes the picture, and ``funnel.frame`` gives
        the numbers.

    Raises
    ------
    IndicatorError
        If there is no such indicator, or it has no number of cases.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> snapshot = ew.load_panel().as_of("2026-03-31")
    >>> frame = funnel.frame(snapshot, "rereferrals", mark="Leeds")
    >>> frame.loc[frame["marked"], ["la_name", "outside"]].values.tolist()
    [['Leeds', False]]
    """
    return _FUNNEL.plot(snapshot, indicator, mark=mark, ax=ax)
