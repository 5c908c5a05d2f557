"""Plot for notebooks: forecasts against what happened, with no inspection counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earlywarn.errors import ScoreError
from earlywarn.evaluation.protocol import overlapping
from earlywarn.report.palette import DARK_BLUE, DARK_PINK, INK, ORANGE, TURQUOISE
from earlywarn.report.plotting import Figure, drawn_by, need
from earlywarn.statistics.intervals import byar_limits

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["calibration"]

_RELIABILITY = ("window", "model", "bin", "n", "events", "expected", "observed", "lower", "upper")


def _calibration(reliability: pd.DataFrame) -> pd.DataFrame:
    """Rows of a backtest's reliability frame, for up to four series."""
    frame = need(reliability, _RELIABILITY, "reliability")[list(_RELIABILITY)]
    series = frame.groupby(["window", "model"]).ngroups
    if not 1 <= series <= 4:
        raise ScoreError(
            "not a readable number of lines",
            where="reliability",
            found=f"{series} pairs of window and model",
            expected="1 to 4",
            remedy="Choose some: reliability[reliability['model'] == 'earlywarn'].",
        )
    _check_apart(frame)
    return frame.reset_index(drop=True)


def _check_apart(frame: pd.DataFrame) -> None:
    """Refuse rows that count an inspection twice, since the title gives a sum over them."""
    apart = "windows that share no inspection, such as development, confirmation and latest"
    for model, rows in frame.groupby("model"):
        if shared := overlapping(set(rows["window"])):
            raise ScoreError(
                "two windows contain the same inspections",
                where=f"reliability, {model}",
                found=" and ".join(shared[0]),
                expected=apart,
                remedy=f"Choose one: reliability[reliability['window'] == '{shared[0][1]}'].",
            )
    if frame.duplicated(["window", "model", "bin"]).any():
        raise ScoreError(
            "a group of inspections appears twice",
            where="reliability",
            found="a window, model and bin in two rows",
            expected="each once",
        )


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
    ax.set_ylabel("Judged Inadequate, %; bars: 90% range of chance")
    ax.set_title(_came(frame), loc="left")
    ax.legend(frameon=False)


def _came(frame: pd.DataFrame) -> str:
    """How many events happened for each one predicted, separately for each model.

    Whether that is beyond chance would need resamples of authorities, which aren't available here.
    """
    ratios = {}
    for model, rows in frame.groupby("model", sort=False):
        events, expected = rows["events"].sum(), (rows["expected"] * rows["n"]).sum()
        ratios[str(model)] = events / expected
        low, high = (float(limit / expected) for limit in byar_limits(events))
    if len(ratios) == 1:
        (ratio,) = ratios.values()
        limits = f"95% limits: {low:.2f} to {high:.2f}"
        return f"{ratio:.2f} judged Inadequate for each one predicted ({limits})"
    each = ", ".join(f"{model} {ratio:.2f}" for model, ratio in ratios.items())
    return f"Judged Inadequate for each one predicted: {each}"


_CALIBRATION = Figure("Predicted risk and what happened", _calibration, _draw_calibration, (6, 6))


@drawn_by(_CALIBRATION)
def calibration(reliability: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw forecasts against what happened.

    Parameters
    ----------
    reliability : DataFrame
        Rows of a record's reliability frame, for up to four pairs of window and model.
    ax : Axes, optional
        Where to draw. Default: new axes.

    Returns
    -------
    Axes
        The plot is not displayed. ``get_label()`` describes the picture, and ``calibration.frame``
        gives the numbers.

    Raises
    ------
    ScoreError
        If the frame lacks columns, does not contain one to four series, or counts an inspection
        twice (windows that overlap, such as confirmation and from 2022).
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> from earlywarn.report.track_record import past_calibration
    >>> groups = past_calibration().query("window in ['development', 'confirmation', 'latest']")
    >>> len(calibration.frame(groups)) == len(groups)
    True
    """
    return _CALIBRATION.plot(reliability, ax=ax)
