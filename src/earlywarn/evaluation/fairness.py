"""Fairness: whether the model is as accurate for one kind of authority as for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import get_indicator, model_column
from earlywarn.judgements.targets import GRADES
from earlywarn.scoring.preprocessing import model_indicators
from earlywarn.statistics.arrays import rate
from earlywarn.statistics.exact import poisson_limits

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel

FIFTHS = 5
NOT_KNOWN = "not known"
"""The group of cases with no value for the grouping, so that none is left out."""


def groups(forecasts: pd.DataFrame, *, model: str = "earlywarn") -> pd.DataFrame:
    """Compare expected with observed events by group of authorities, at the inspection's start.

    Parameters
    ----------
    forecasts : DataFrame
        As returned by ``earlywarn.backtest``.
    model : str
        The model whose forecasts are used.

    Returns
    -------
    DataFrame
        One row for each window, kind of group and group: ``n, events, expected, observed_expected,
        lower, upper, brier``. Fifths are of all authorities on the day of the forecast. The limits
        are exact 95% Poisson limits of the events (Garwood 1936, doi 10.2307/2333958) over the
        expected number, since the groups are small.

    Examples
    --------
    >>> frame = pd.DataFrame({"model": "earlywarn", "lead_months": 0, "window": "w",
    ...     "label": [1.0, 0.0], "risk": [0.5, 0.5], "region": "North", "la_type": "county",
    ...     "deprivation_rank": [0.2, 0.9], "children_rank": [0.1, 0.5], "last_grade": [1.0, 3.0]})
    >>> groups(frame).query("kind == 'region'")["observed_expected"].item()
    1.0
    """
    rows = forecasts[(forecasts["model"] == model) & (forecasts["lead_months"] == 0)].copy()
    rows["deprivation fifth"] = _fifths(rows["deprivation_rank"])
    rows["size fifth"] = _fifths(rows["children_rank"])
    rows["last judgement"] = [_grade_name(grade) for grade in rows["last_grade"]]
    kinds = {
        "region": "region",
        "la_type": "type",
        "deprivation fifth": "deprivation fifth",
        "size fifth": "size fifth",
        "last judgement": "last judgement",
    }
    tables = [_group_table(rows, column).assign(kind=kind) for column, kind in kinds.items()]
    order = [
        "window",
        "kind",
        "group",
        "n",
        "events",
        "expected",
        "observed_expected",
        "lower",
        "upper",
        "brier",
    ]
    return pd.concat(tables, ignore_index=True)[order]


def _fifths(rank: pd.Series) -> pd.Series:
    """The fifth of the country in which an authority was on the day of its forecast."""
    place = pd.Series(np.ceil(FIFTHS * rank.round(9)), index=rank.index)
    return place.clip(1, FIFTHS).map(_fifth)


def _grade_name(grade: float) -> str:
    return NOT_KNOWN if np.isnan(grade) else GRADES[int(grade)]


def _fifth(place: float) -> str:
    return NOT_KNOWN if np.isnan(place) else f"{place:.0f} of {FIFTHS}"


def _group_table(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    squared = rows.assign(
        squared=(rows["risk"] - rows["label"]) ** 2, **{column: rows[column].fillna(NOT_KNOWN)}
    )
    table = (
        squared.groupby(["window", column])
        .agg(
            n=("label", "size"),
            events=("label", "sum"),
            expected=("risk", "sum"),
            brier=("squared", "mean"),
        )
        .reset_index()
        .rename(columns={column: "group"})
    )
    lower, upper = poisson_limits(table["events"].to_numpy())
    expected = table["expected"].to_numpy()
    return table.assign(
        observed_expected=rate(table["events"].to_numpy(), expected),
        lower=rate(lower, expected),
        upper=rate(upper, expected),
    )


def steadiness(lists: pd.DataFrame, *, model: str = "earlywarn") -> pd.DataFrame:
    """Measure how far authorities move on the list at a refit, and in an ordinary quarter.

    Parameters
    ----------
    lists : DataFrame
        The quarterly lists of ``earlywarn.backtest``; the model is refitted each January.

    Returns
    -------
    DataFrame
        One row for each list after the first: ``as_of, refitted, median_move, largest_move``
        (places) and ``rank_correlation`` with the list before.
    """
    ours = lists[lists["model"] == model]
    ranks = ours.pivot_table(index="la_code", columns="as_of", values="rank")
    rows = []
    for before, after in zip(ranks.columns[:-1], ranks.columns[1:], strict=True):
        move = (ranks[after] - ranks[before]).abs().dropna()
        rows.append(
            {
                "as_of": after,
                "refitted": before[:4] != after[:4],
                "median_move": float(move.median()),
                "largest_move": float(move.max()),
                "rank_correlation": float(ranks[after].corr(ranks[before], method="pearson")),
            }
        )
    return pd.DataFrame(rows)


def recounted(
    model: RiskModel, X: pd.DataFrame, indicator: str = "rereferrals", *, by: float = 1.0
) -> pd.DataFrame:
    """Work out what an authority would gain by counting differently: the gaming test.

    Parameters
    ----------
    model : RiskModel
    X : DataFrame
        As returned by ``earlywarn.build_indicators``.
    indicator : str
        The indicator that is counted differently.
    by : float
        How much better it then looks, in standard deviations.

    Returns
    -------
    DataFrame
        One row per authority: ``la_code, risk, risk_if, rank, rank_if``.
    """
    record = get_indicator(indicator)
    column = model_column(record)
    columns = [model_column(one) for one in model_indicators(model)]
    before = X[columns].to_numpy(dtype=float)
    risk, after = model.risk(before), before.copy()
    place = columns.index(column)
    after[:, place] = before[:, place] - record.sign * by
    risk_if = model.risk(after)
    rank = pd.Series(-risk).rank(method="first").astype(int)
    rank_if = [int((risk > changed).sum()) + 1 for changed in risk_if]
    return pd.DataFrame(
        {
            "la_code": X.index.get_level_values("la_code"),
            "risk": risk,
            "risk_if": risk_if,
            "rank": rank.to_numpy(),
            "rank_if": rank_if,
        }
    )
