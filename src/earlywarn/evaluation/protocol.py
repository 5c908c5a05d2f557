"""The protocol of a backtest: windows, leads, capacities, models, and the checks of its frames.

All of these are defined only here. Every sentence and heading about a window is built from here.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import BacktestError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

WINDOWS = {
    "development": ("2016-01-01", "2021-12-31"),
    "confirmation": ("2022-01-01", "2025-03-31"),
    "latest": ("2025-04-01", "2026-08-31"),
    "from 2018": ("2018-01-01", "2026-08-31"),
    "from 2022": ("2022-01-01", "2026-08-31"),
}
"""First and last start date of the inspections of each window; the last two span others."""

APART = ("development", "confirmation", "latest")
"""The windows that share no inspection, in order."""

JOINT = tuple(window for window in WINDOWS if window not in APART)
"""The windows that span several of those."""

LEADS = (0, 6, 12, 24)
"""How many months before the start of an inspection it is forecast."""
LONGEST_LEAD = 120
"""The longest lead that a backtest accepts: figures go back some ten years."""

CAPACITY = 26
"""Length of the watchlist: the authorities in intervention in 2016."""

CAPACITIES = (10, 15, CAPACITY, 30)
"""Lengths of a watchlist that might be acted on."""

OURS = "earlywarn"
"""The name of the library's own model in every table."""

RANDOM = "random list"
"""The model whose list is drawn at random; it is measured by its average."""

REFERENCES = (
    "earlywarn",
    "trailing base rate",
    "previous judgement",
    "previous judgement and time since",
    "deprivation",
    "three rates",
    "equal-weight composite",
    "red flags",
    "random list",
)
"""The models that every model is compared with by default; also the order of the models."""

CASE = ["la_code", "inspection_start"]
"""The columns that identify a case: one inspection of one authority."""

BASE = "trailing base rate"
"""The model whose shares of the grades are the reference of the ranked probability score."""

OUTCOME = ["label", "risk"]
"""The columns of every forecast: what happened, and the probability given to it."""

FEWEST_EVENTS = 5
"""With fewer events than this nothing is measured."""

# Sums of products differ in the last digits between processors; the record must not.
DIGITS = 10
"""Decimals kept in what is written."""


_KEYS = ["window", "lead_months", "model", *CASE]


def enough_events(label: pd.Series) -> bool:
    """Whether there are enough events for measuring, and any other case.

    Parameters
    ----------
    label : Series
        For each case, 1 if the event happened, else 0.

    Examples
    --------
    >>> enough_events(pd.Series([1.0, 0.0, 0.0]))
    False
    """
    return bool(FEWEST_EVENTS <= float(label.sum()) < len(label))


def check_columns(frame: pd.DataFrame, needed: Sequence[str], where: str) -> None:
    """Refuse a frame that lacks columns or rows.

    Parameters
    ----------
    frame : DataFrame
        What was given.
    needed : sequence of str
        Columns that it must have.
    where : str
        What the frame is, for the error.

    Raises
    ------
    BacktestError
        If columns are missing or there are no rows.

    Examples
    --------
    >>> check_columns(pd.DataFrame({"a": [1]}), ["a"], "forecasts")
    """
    missing = [column for column in needed if column not in frame.columns]
    if missing or frame.empty:
        raise BacktestError(
            "columns are missing" if missing else "there are no rows",
            where=where,
            found=f"no {', '.join(missing)}" if missing else "an empty frame",
            expected=f"the columns {', '.join(needed)}",
            remedy="Give the frame as the backtest makes it.",
        )


def checked_forecasts(forecasts: pd.DataFrame, needed: Sequence[str]) -> pd.DataFrame:
    """Check forecasts and sort them by lead, model, authority and inspection.

    Parameters
    ----------
    forecasts : DataFrame
        As for `evaluate`.
    needed : sequence of str
        Columns that it must have.

    Returns
    -------
    DataFrame
        The same rows, with ``year`` of the inspection's start added.

    Raises
    ------
    BacktestError
        If a check fails.

    Examples
    --------
    >>> rows = pd.DataFrame({"window": ["development"], "lead_months": [0], "model": ["earlywarn"],
    ...     "la_code": ["301"], "inspection_start": ["2016-05-16"], "label": [1.0], "risk": [0.2]})
    >>> checked_forecasts(rows, ["label", "risk"])["year"].tolist()
    [2016]
    """
    check_columns(forecasts, [*_KEYS, *needed], "forecasts")
    start = pd.to_datetime(forecasts["inspection_start"], format="ISO8601", errors="coerce")
    label = forecasts["label"]
    for column, good, expected in (
        ("inspection_start", start.notna(), "a date such as 2018-05-14"),
        ("window", forecasts["window"].isin(APART), " or ".join(APART)),
        ("label", label.isin([0, 1]), "1 or 0; leave out cases with no known outcome"),
    ):
        _refuse_rows(forecasts, column, good, expected)
    for column in [name for name in ("risk", "base_rate") if name in needed]:
        inside = (forecasts[column] > 0) & (forecasts[column] < 1)
        _refuse_rows(forecasts, column, inside, "a probability above 0 and below 1")
    if "score" in needed:
        _refuse_rows(forecasts, "score", forecasts["score"].notna(), "a number to rank by")
    keys = ["lead_months", "model", *CASE]
    _refuse_rows(forecasts, "model", ~forecasts.duplicated(keys), "each case once a model and lead")
    same = label.groupby([forecasts[column] for column in CASE]).transform("nunique") == 1
    _refuse_rows(forecasts, "label", same, "one outcome a case, whoever predicted it")
    rows = forecasts.assign(year=start.dt.year, _order=forecasts["model"].map(_model_order))
    return rows.sort_values(["lead_months", "_order", *CASE], ignore_index=True)


def window_of(start: date | str | pd.Timestamp) -> str:
    """Name the window in which an inspection starts.

    Parameters
    ----------
    start : date, Timestamp or ISO text
        The day on which it starts.

    Returns
    -------
    str
        One of `APART`, or "outside".

    Examples
    --------
    >>> window_of("2022-01-01"), window_of("2025-04-15"), window_of("2015-12-31")
    ('confirmation', 'latest', 'outside')
    """
    day = pd.Timestamp(start)
    for window in APART:
        first, last = WINDOWS[window]
        if pd.Timestamp(first) <= day <= pd.Timestamp(last):
            return window
    return "outside"


def years_of(window: str, present: Collection[str] = WINDOWS) -> str:
    """Put into words which years a window covers.

    Parameters
    ----------
    window : str
        One of `WINDOWS`.
    present : collection of str
        The windows that the record has: one that spans others ends with the last of them.

    Returns
    -------
    str

    Examples
    --------
    >>> years_of("development"), years_of("confirmation"), years_of("latest")
    ('2016 to 2021', '2022 to March 2025', 'April 2025 to August 2026')
    >>> years_of("from 2018", ["development", "confirmation", "from 2018"])
    '2018 to March 2025'
    """
    first, last = map(pd.Timestamp, WINDOWS[window])
    if window in JOINT:
        ends = [pd.Timestamp(WINDOWS[one][1]) for one in APART if one in present]
        last = min([last, *ends[-1:]])
    begin = f"{first:%Y}" if (first.month, first.day) == (1, 1) else f"{first:%B %Y}"
    return f"{begin} to {last:%Y}" if last.month == 12 else f"{begin} to {last:%B %Y}"


def spanning(present: Collection[str]) -> list[str]:
    """Return the windows of a record in order, with the joint ones that add something.

    Parameters
    ----------
    present : collection of str
        Those of `APART` that have inspections.

    Returns
    -------
    list of str

    Examples
    --------
    >>> spanning({"development", "confirmation"})
    ['development', 'confirmation', 'from 2018']
    """
    later = "latest" in present
    return [
        window
        for window in WINDOWS
        if window in present or window == "from 2018" or (window == "from 2022" and later)
    ]


def headline(present: Collection[str]) -> str:
    """Name the window whose figures come first: all years in which nothing was chosen.

    Parameters
    ----------
    present : collection of str
        The windows that the record has.

    Returns
    -------
    str

    Examples
    --------
    >>> headline(["development", "confirmation", "from 2018"])
    'confirmation'
    """
    return "from 2022" if {"from 2022", "latest"} & set(present) else "confirmation"


def parts_of(window: str) -> tuple[str, ...]:
    """Return the windows of `APART` that a window spans.

    Parameters
    ----------
    window : str
        One of `WINDOWS`.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> parts_of("from 2022"), parts_of("confirmation")
    (('confirmation', 'latest'), ('confirmation',))
    """
    first, last = WINDOWS[window]
    return tuple(one for one in APART if first <= WINDOWS[one][0] and WINDOWS[one][1] <= last)


def overlapping(present: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of windows that share inspections, which a sum would count twice.

    Parameters
    ----------
    present : collection of str
        Names of windows; one that is not in `WINDOWS` overlaps none.

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> overlapping(["confirmation", "latest", "from 2022"])
    [('confirmation', 'from 2022'), ('latest', 'from 2022')]
    """
    known = [window for window in WINDOWS if window in present]
    return [
        (one, other)
        for one, other in combinations(known, 2)
        if WINDOWS[one][0] <= WINDOWS[other][1] and WINDOWS[other][0] <= WINDOWS[one][1]
    ]


def in_window(starts: pd.Series, window: str) -> pd.Series:
    """Mark the days that are in a window.

    Parameters
    ----------
    starts : Series
        Days as ISO text or timestamps.
    window : str
        One of `WINDOWS`.

    Returns
    -------
    Series of bool

    Examples
    --------
    >>> in_window(pd.Series(["2017-12-31", "2018-01-01"]), "from 2018").tolist()
    [False, True]
    """
    first, last = WINDOWS[window]
    return pd.to_datetime(starts).between(pd.Timestamp(first), pd.Timestamp(last))


def by_window_and_lead(rows: pd.DataFrame) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Iterate over forecasts by window, as given in their own column, and lead.

    Parameters
    ----------
    rows : DataFrame
        As returned by `checked_forecasts`.

    Yields
    ------
    window : str
    lead_months : int
    DataFrame
        The rows of that window and lead; rows of `JOINT` windows come again, as one window.

    Examples
    --------
    >>> rows = pd.DataFrame({"window": ["development"], "lead_months": [0],
    ...     "inspection_start": ["2018-05-14"]})
    >>> [window for window, _, _ in by_window_and_lead(rows)]
    ['development', 'from 2018']
    """
    for window in spanning(set(rows["window"])):
        joint = window in JOINT
        chosen = in_window(rows["inspection_start"], window) if joint else rows["window"] == window
        for lead, group in rows[chosen].groupby("lead_months"):
            yield window, int(str(lead)), group


def _refuse_rows(frame: pd.DataFrame, column: str, good: pd.Series, expected: str) -> None:
    if not good.all():
        wrong = frame.loc[~good, column]
        others = f" and {len(wrong) - 1} more such" if len(wrong) > 1 else ""
        raise BacktestError(
            "forecasts are not as they should be",
            where=column,
            found=f"{wrong.tolist()[0]!r}{others}",
            expected=expected,
            remedy="Give the frame as the backtest makes it.",
        )


def _model_order(model: str) -> str:
    """A sort key that puts the known models first, in their own order, and others by name."""
    return f"{REFERENCES.index(model):03d}" if model in REFERENCES else f"9{model}"
