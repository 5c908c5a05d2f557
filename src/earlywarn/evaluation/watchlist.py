"""Measure quarterly risk lists: how early they warned, how often falsely, and how steadily.

A list is a model's ranking of every authority on one day. An authority is on the list if its rank
is within the capacity. Outcomes that are unknown, because nobody has inspected yet, are counted
separately.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import BacktestError
from earlywarn.evaluation.protocol import (
    CASE,
    RANDOM,
    WINDOWS,
    check_columns,
    in_window,
    spanning,
    window_of,
)
from earlywarn.judgements.targets import get_target

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTHS_BEFORE = (6, 12, 24)
"""Months before an inspection at which the list is looked up."""

HORIZON_MONTHS = 24
"""How soon an inspection has to start to show whether a warning was a false alarm."""

FRESH_DAYS = 184
"""A list older than this, half a year, no longer applies to a day."""

_MONTH_DAYS = 365.25 / 12
_LISTS = ["as_of", "model", "la_code", "rank"]
_OUTCOMES = ["next_start", "next_label"]


def lead_time(
    lists: pd.DataFrame,
    judgements: pd.DataFrame,
    capacity: int = 26,
    *,
    target: str = "any_inadequate",
) -> pd.DataFrame:
    """Work out how long before each Inadequate judgement the authority was on a model's list.

    Parameters
    ----------
    lists : DataFrame
        One row per list, model and authority: ``as_of``, ``model``, ``la_code``, ``rank``.
    judgements : DataFrame
        The history of judgements, where those that meet the target count; or rows with ``la_code``,
        ``inspection_start`` and ``label``, where those with label 1 count.
    capacity : int
        How many authorities are on a list.
    target : str
        What counts as an Inadequate judgement, for a history of judgements.

    Returns
    -------
    DataFrame
        One row per judgement and model: window (or "outside"), model, la_code, inspection_start,
        capacity, last_list (the last list before the start), on_last_list (1, 0), months_on_list
        (from the first list of its unbroken run to the last one; 0 if not on it), warning_months
        (from the first of them to the inspection's start), at_least (True if the run began with the
        first list there is, so may be longer), on_list_6, on_list_12 and on_list_24 months before.
        NaN where no list of the half year before includes the authority.

    Raises
    ------
    BacktestError
        If columns are missing, a date is not valid, or `capacity` is below 1.

    Notes
    -----
    An authority made by a reorganisation is on lists under its own code only, so its time starts
    when it does.

    Examples
    --------
    >>> lists = pd.DataFrame({"as_of": ["2018-01-01", "2018-04-01", "2018-07-01"],
    ...     "model": "earlywarn", "la_code": "301", "rank": [40, 12, 9]})
    >>> events = pd.DataFrame({"la_code": ["301"], "inspection_start": ["2018-08-13"],
    ...     "label": [1.0]})
    >>> lead_time(lists, events)[["last_list", "months_on_list", "warning_months", "on_list_6"]]
        last_list  months_on_list  warning_months  on_list_6
    0  2018-07-01             3.0             4.4        0.0
    """
    listed = _checked_lists(lists, _LISTS, capacity)
    events = _events(judgements, target)
    found = [
        {"window": window_of(start), "model": model, "la_code": la_code}
        | {"inspection_start": f"{start:%Y-%m-%d}", "capacity": capacity}
        | _stand(_history(table, la_code), start)
        for model, table in _tables(listed, capacity)
        for la_code, start in zip(events["la_code"], events["start"], strict=True)
    ]
    columns = ["window", "model", *CASE, "capacity", "last_list", "on_last_list"]
    columns += ["months_on_list", "warning_months", "at_least"]
    return pd.DataFrame(found, columns=[*columns, *(f"on_list_{m}" for m in MONTHS_BEFORE)])


def list_record(lists: pd.DataFrame, capacity: int = 26) -> pd.DataFrame:
    """Count each model's true, false and so far unknown alarms, and how much its lists change.

    Parameters
    ----------
    lists : DataFrame
        One row per list, model and authority: ``as_of``, ``model``, ``la_code``, ``rank``, and the
        first inspection that started afterwards: ``next_start``, ``next_label`` (missing: unknown).
    capacity : int
        How many authorities are on a list.

    Returns
    -------
    DataFrame
        One row per window and model: capacity, lists, listings (authorities on them, each time),
        unknown_listings; true_alarms and false_alarms (inspections that started within 24 months
        of a list with the authority on it, counted once), unknown_authorities (listed, but never
        followed by a known inspection in that time), false_per_true (NaN without a true one) and
        churn (share of a list that was not on the one before, on average).

    Raises
    ------
    BacktestError
        If columns are missing, a date is not valid, or `capacity` is below 1.

    Notes
    -----
    What happened after the last day of a window counts as unknown in it: the development years
    don't look into the confirmation years. A random list is represented by the average of such
    lists, not by the one that was drawn: an authority is on each with the probability of its share.

    Examples
    --------
    >>> lists = pd.DataFrame({"as_of": ["2018-01-01"] * 2 + ["2018-04-01"] * 2,
    ...     "model": "earlywarn", "la_code": ["301", "302"] * 2, "rank": [1, 2, 2, 1],
    ...     "next_start": ["2018-06-04", None] * 2, "next_label": [0.0, np.nan] * 2})
    >>> found = list_record(lists, capacity=1)
    >>> found[["lists", "false_alarms", "unknown_listings", "churn"]].head(1)
       lists  false_alarms  unknown_listings  churn
    0      2             1                 1    1.0
    """
    rows = _checked_lists(lists, [*_LISTS, *_OUTCOMES], capacity)
    rows["next_start"] = _days(lists["next_start"], "next_start", missing=True)
    new = {model: _share_new(table) for model, table in _tables(rows, capacity)}
    found = [
        {"window": window, "model": model, "capacity": capacity}
        | {"lists": group["as_of"].nunique()}
        | (
            _expected_alarms(group, pd.Timestamp(WINDOWS[window][1]), capacity)
            if model == RANDOM
            else _alarms(group[group["rank"] <= capacity], pd.Timestamp(WINDOWS[window][1]))
            | {"churn": new[str(model)].reindex(group["as_of"].unique()).mean()}
        )
        for window in spanning({window_of(day) for day in rows["as_of"].unique()})
        for model, group in rows[in_window(rows["as_of"], window)].groupby("model", sort=False)
    ]
    columns = ["window", "model", "capacity", "lists", "listings", "unknown_listings"]
    columns += ["true_alarms", "false_alarms", "unknown_authorities", "false_per_true", "churn"]
    return pd.DataFrame(found, columns=columns)


def _checked_lists(lists: pd.DataFrame, needed: list[str], capacity: int) -> pd.DataFrame:
    check_columns(lists, needed, "lists")
    if capacity < 1:
        raise BacktestError(
            "no list", where="capacity", found=str(capacity), expected="1 or more authorities"
        )
    doubled = lists.duplicated(["as_of", "model", "la_code"])
    if doubled.any():
        raise BacktestError(
            "an authority stands twice on a list",
            where="lists",
            found=", ".join(lists.loc[doubled, ["as_of", "model", "la_code"]].iloc[0].map(str)),
            expected="one row an authority, list and model",
        )
    return lists.assign(as_of=_days(lists["as_of"], "as_of", missing=False))


def _days(values: pd.Series, where: str, *, missing: bool) -> pd.Series:
    days = pd.to_datetime(values, format="ISO8601", errors="coerce")
    wrong = days.isna() & (values.notna() if missing else True)
    if wrong.any():
        raise BacktestError(
            "not a date",
            where=where,
            found=repr(values[wrong].iloc[0]),
            expected="a date such as 2018-05-14",
        )
    return days


def _events(judgements: pd.DataFrame, target: str) -> pd.DataFrame:
    """Authority and start of each Inadequate judgement, in order."""
    check_columns(judgements, CASE, "judgements")
    given = "label" in judgements
    label = judgements["label"] if given else get_target(target).label(judgements)
    inadequate = judgements.loc[label == 1, CASE].drop_duplicates()
    start = _days(inadequate["inspection_start"], "inspection_start", missing=False)
    return inadequate.assign(start=start).sort_values(["start", "la_code"])


def _tables(lists: pd.DataFrame, capacity: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """By model: a row per list, a column per authority; 1 on the list, 0 not, NaN not ranked."""
    on_list = (lists["rank"] <= capacity).astype(float).where(lists["rank"].notna())
    for model, group in lists.assign(on_list=on_list).groupby("model", sort=False):
        table = group.pivot_table(index="as_of", columns="la_code", values="on_list")
        yield str(model), table.sort_index()


def _history(table: pd.DataFrame, la_code: str) -> pd.Series:
    known = la_code in table.columns
    return table[la_code] if known else pd.Series(np.nan, index=table.index)


def _stand(history: pd.Series, start: pd.Timestamp) -> dict[str, Any]:
    """An authority's record on one model's lists before an inspection."""
    before = history[history.index < start]
    current = _at(before, start)
    first = _first_of_stand(before)
    stand: dict[str, Any] = {"last_list": None, "on_last_list": current, "at_least": False}
    stand |= {"months_on_list": current, "warning_months": current}
    if not before.empty:
        stand["last_list"] = f"{before.index[-1]:%Y-%m-%d}"
    if current == 1 and first is not None:
        stand["months_on_list"] = _months(first, before.index[-1])
        stand["warning_months"] = _months(first, start)
        stand["at_least"] = bool(first == before.index[0])
    for months in MONTHS_BEFORE:
        stand[f"on_list_{months}"] = _at(history, start - pd.DateOffset(months=months))
    return stand


def _at(history: pd.Series, day: pd.Timestamp) -> float:
    """Whether the latest list by a day has it; NaN if there is none in the half year before."""
    past = history[(history.index <= day) & (history.index >= day - pd.Timedelta(days=FRESH_DAYS))]
    return float(past.iloc[-1]) if len(past) else float("nan")


def _first_of_stand(before: pd.Series) -> pd.Timestamp | None:
    """The first list of the unbroken run that ends with the last list."""
    off = np.flatnonzero((before != 1).to_numpy())
    first = int(off[-1]) + 1 if off.size else 0
    return before.index[first] if first < len(before) else None


def _months(first: pd.Timestamp, last: pd.Timestamp) -> float:
    """Calendar months, with days as fractions of a month."""
    whole = 12 * (last.year - first.year) + last.month - first.month
    return round(whole + (last.day - first.day) / _MONTH_DAYS, 1)


def _alarms(listed: pd.DataFrame, last_day: pd.Timestamp) -> dict[str, float]:
    """Alarms of one model in one window: true, false and unknown."""
    due = listed["as_of"] + pd.DateOffset(months=HORIZON_MONTHS)
    soon = (listed["next_start"] <= due) & (listed["next_start"] <= last_day)
    known = listed["next_label"].notna() & soon
    alarms = listed[known].drop_duplicates(["la_code", "next_start"])
    true = int((alarms["next_label"] == 1).sum())
    false = len(alarms) - true
    return {
        "listings": len(listed),
        "unknown_listings": int((~known).sum()),
        "true_alarms": true,
        "false_alarms": false,
        "unknown_authorities": len(set(listed["la_code"]) - set(alarms["la_code"])),
        "false_per_true": false / true if true else float("nan"),
    }


def _expected_alarms(rows: pd.DataFrame, last_day: pd.Timestamp, capacity: int) -> dict[str, float]:
    """What independently drawn random lists would contain on average."""
    ranked = rows[rows["rank"].notna()]
    length = ranked.groupby("as_of")["la_code"].transform("size")
    share = np.minimum(capacity / length, 1.0)
    due = ranked["as_of"] + pd.DateOffset(months=HORIZON_MONTHS)
    soon = (ranked["next_start"] <= due) & (ranked["next_start"] <= last_day)
    known = ranked["next_label"].notna() & soon
    missed = ranked.assign(missed=1 - share, known=known)
    cases = missed[known].groupby(["la_code", "next_start"])
    held = 1 - cases["missed"].prod()
    true = float(held[cases["next_label"].first() == 1].sum())
    false = float(held.sum()) - true
    ever = 1 - missed.groupby("la_code")["missed"].prod()
    seen = 1 - missed[known].groupby("la_code")["missed"].prod()
    return {
        "listings": float(share.sum()),
        "unknown_listings": float(share[~known].sum()),
        "true_alarms": true,
        "false_alarms": false,
        "unknown_authorities": float(ever.sum() - seen.sum()),
        "false_per_true": false / true if true else float("nan"),
        "churn": float(1 - share.mean()) if len(ranked["as_of"].unique()) > 1 else float("nan"),
    }


def _share_new(table: pd.DataFrame) -> pd.Series:
    """Share of each list that was not on the one before; NaN for the first."""
    on_list = table == 1
    new = on_list & ~on_list.shift(1, fill_value=False)
    return (new.sum(axis=1) / on_list.sum(axis=1)).where(np.arange(len(table)) > 0)
