"""New failures and old ones: authorities that were not already Inadequate, and those that were.

Where the last judgement is Inadequate the department is already involved. Who fails next is a
question about the others, so every table of a record is made for all inspections and for these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.evaluation.protocol import CAPACITY, DIGITS, OURS, by_window_and_lead, enough_events
from earlywarn.judgements.targets import GRADES
from earlywarn.statistics.arrays import rate
from earlywarn.statistics.exact import count_tails, poisson_limits
from earlywarn.statistics.metrics import auc

if TYPE_CHECKING:
    from collections.abc import Iterator

INADEQUATE = float(GRADES.index("Inadequate"))
ALL, NEW, AGAIN = "all inspections", "not already Inadequate", "already Inadequate"


def new_failures(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Keep the forecasts of authorities whose last judgement on the day was not Inadequate.

    Parameters
    ----------
    forecasts : DataFrame
        As returned by ``earlywarn.backtest``.

    Returns
    -------
    DataFrame
        Their rows, with the rank among such authorities as ``list_rank``. An authority whose last
        judgement is unknown is one of them.

    Examples
    --------
    >>> rows = pd.DataFrame({"last_grade": [3.0, 1.0], "list_rank": [1, 2],
    ...     "list_rank_new": [float("nan"), 1.0]})
    >>> new_failures(rows)["list_rank"].tolist()
    [1.0]
    """
    kept = forecasts[forecasts["last_grade"] != INADEQUATE]
    return kept.assign(list_rank=kept["list_rank_new"])


def lists_of_new(lists: pd.DataFrame) -> pd.DataFrame:
    """Return the quarterly lists with authorities that were already Inadequate left out.

    Parameters
    ----------
    lists : DataFrame
        As returned by ``earlywarn.backtest``.

    Returns
    -------
    DataFrame
        The same rows; ``rank`` is the rank among the others, missing for those left out.

    Examples
    --------
    >>> lists = pd.DataFrame({"rank": [1, 2], "rank_new": [float("nan"), 1.0]})
    >>> lists_of_new(lists)["rank"].tolist()
    [nan, 1.0]
    """
    return lists.assign(rank=lists["rank_new"])


def new_events(forecasts: pd.DataFrame, judgements: pd.DataFrame) -> pd.DataFrame:
    """Keep the Inadequate judgements of authorities that were not already Inadequate.

    Parameters
    ----------
    forecasts : DataFrame
        As returned by ``earlywarn.backtest``.
    judgements : DataFrame
        The inspections that were forecast, with their ``label``.

    Returns
    -------
    DataFrame
        Rows of `judgements`.
    """
    start = forecasts[(forecasts["lead_months"] == 0) & (forecasts["last_grade"] == INADEQUATE)]
    old = set(zip(start["la_code"], start["inspection_start"], strict=True))
    cases = zip(judgements["la_code"], judgements["inspection_start"].astype(str), strict=True)
    new = np.array([case not in old for case in cases], dtype=bool)
    return judgements[new & (judgements["label"] == 1.0)]


def populations(forecasts: pd.DataFrame, *, model: str = OURS) -> pd.DataFrame:
    """Compare expected with observed events, for new failures and for re-inspections.

    Parameters
    ----------
    forecasts : DataFrame
        As returned by ``earlywarn.backtest``; only lead 0 is used.
    model : str
        The model whose forecasts are used.

    Returns
    -------
    DataFrame
        One row for each population and window, and for all windows together: ``n, events, expected,
        observed_expected, lower, upper`` (exact 95% Poisson limits), ``as_few, as_many`` (the exact
        probability of this many events or fewer, and of this many or more, if the risks were
        right), ``auc`` (with five or more events), and for the first 26 of the population on the
        list ``inspected_at_26, events_at_26``.

    Examples
    --------
    >>> rows = pd.DataFrame({"model": "earlywarn", "lead_months": 0, "window": "development",
    ...     "inspection_start": "2016-05-16", "label": [1.0, 0.0], "risk": [0.5, 0.5],
    ...     "last_grade": [3.0, 1.0], "list_rank": [1, 2], "list_rank_new": [float("nan"), 1.0]})
    >>> populations(rows).query("window == 'all'")[["population", "n", "events", "as_few"]]
                     population  n  events  as_few
    0           all inspections  2       1    0.75
    1    not already Inadequate  1       0    0.50
    2        already Inadequate  1       1    1.00
    """
    ours = forecasts[(forecasts["model"] == model) & (forecasts["lead_months"] == 0)]
    windows = [("all", ours), *((window, rows) for window, _, rows in by_window_and_lead(ours))]
    found = [
        {"window": window, "population": name} | _counts(rows)
        for window, part in windows
        for name, rows in _split(part)
    ]
    table = pd.DataFrame(found)
    lower, upper = poisson_limits(table["events"].to_numpy())
    expected = table["expected"].to_numpy()
    table.insert(5, "observed_expected", rate(table["events"].to_numpy(), expected))
    table.insert(6, "lower", rate(lower, expected))
    table.insert(7, "upper", rate(upper, expected))
    return table.round(DIGITS)


def _split(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield ALL, rows
    yield NEW, new_failures(rows)
    yield AGAIN, rows[rows["last_grade"] == INADEQUATE]


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    risk, label = rows["risk"].to_numpy(float), rows["label"].to_numpy(float)
    events = int(label.sum())
    few, many = count_tails(risk, events)
    listed = (rows["list_rank"] <= CAPACITY).to_numpy()
    return {
        "n": len(rows),
        "events": events,
        "expected": float(risk.sum()),
        "as_few": few,
        "as_many": many,
        "auc": auc(risk, label) if enough_events(rows["label"]) else np.nan,
        "inspected_at_26": int(listed.sum()),
        "events_at_26": int(label[listed].sum()),
    }
