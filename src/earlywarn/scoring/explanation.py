"""Contributions -> rows that a reader understands: what drove the score, and which way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import Indicator, get_indicator, model_column
from earlywarn.model.horizon import on_day
from earlywarn.scoring.defaults import codes_meant, model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.preprocessing import model_indicators, read_rows
from earlywarn.scoring.words import NONE, effect, figure, last_inspection
from earlywarn.statistics.distributions import expit, normal_cdf
from earlywarn.statistics.regression import percentile_rank

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot

COLUMNS = (
    "la_code",
    "la_name",
    "as_of",
    "term",
    "indicator",
    "family",
    "value",
    "unit",
    "england",
    "neighbours",
    "percentile",
    "contribution",
    "sign_stability",
    "sentence",
)
"""The columns of an explanation, in order."""


def explain(
    model: RiskModel | str | Sequence[str] | None = None,
    snapshot: Snapshot | None = None,
    authorities: str | Sequence[str] | None = None,
    *,
    la_code: str | None = None,
) -> pd.DataFrame:
    """Say for each authority what its risk is made of.

    Parameters
    ----------
    model : RiskModel, optional
        As ``earlywarn.load_model`` or ``earlywarn.train`` gives it; the one that ships if not
        given. A name, a code or a list of them in this place means the authorities.
    snapshot : Snapshot, optional
        What ``panel.as_of(date)`` gave; what ships, as of its newest publication, if not given.
    authorities : str or sequence of str, optional
        Names, beginnings of names or codes, in the order wanted; all authorities if not given.
    la_code : str, optional
        The same for one authority.

    Returns
    -------
    DataFrame
        For each authority one row ``baseline`` and one an indicator, strongest first: its value and
        unit, England's value, the mean of its statistical neighbours, the share of authorities that
        are lower (0 to 1), its contribution in log-odds, how sure the direction of its weight is
        (0.5 to 1), and a sentence. The contributions of an authority sum to
        ``log(risk / (1 - risk))``.

    Raises
    ------
    AuthorityError
        If an authority is not known, or its name begins several.
    IndicatorError
        If a Panel is given for a Snapshot.

    Examples
    --------
    >>> import earlywarn as ew
    >>> rows = ew.explain("Leeds")
    >>> rows["term"].iloc[0], rows["la_name"].iloc[0]
    ('baseline', 'Leeds')
    >>> rows = ew.explain(ew.load_model(), ew.load_panel().as_of("2024-06-30"), "Leeds")
    >>> rows["term"].iloc[0], rows["la_name"].iloc[0]
    ('baseline', 'Leeds')
    """
    if isinstance(model, (str, Sequence)):
        model, authorities = None, model if authorities is None else authorities
    model, snapshot = model_or_shipped(model), snapshot_or_shipped(snapshot)
    codes = codes_meant(snapshot, la_code if authorities is None else authorities)
    X = build_indicators(snapshot)
    model = on_day(model, snapshot.as_of)
    parts = contribution_frame(model, X)
    names = snapshot.authorities.set_index("la_code")["la_name"].to_dict()
    facts = {record.id: _facts(record, X, parts) for record in model_indicators(model)}
    stability = sign_stability(model)
    terms = parts.loc[codes].to_dict("records")
    rows = [
        row
        for code, own in zip(codes, terms, strict=True)
        for row in _authority_rows(code, names[code], own, facts, stability)
    ]
    frame = pd.DataFrame(rows)
    frame["as_of"] = snapshot.as_of.isoformat()
    return frame.loc[:, list(COLUMNS)]


def contribution_frame(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """Contributions by authority (rows) and term (columns ``baseline`` and the indicators' ids)."""
    names = ["baseline", *(record.id for record in model_indicators(model))]
    codes = X.index.get_level_values("la_code")
    inputs = read_rows(model, X.reset_index(drop=True))
    return pd.DataFrame(model.contributions(inputs.values), index=codes, columns=names)


def sign_stability(model: RiskModel) -> dict[str, float]:
    """How probable it is, given the fit's uncertainty, that each weight has the sign it has."""
    sd = np.sqrt(np.diag(model.covariance)[1:])
    certainty = normal_cdf(np.abs(model.coefficients) / np.maximum(sd, 1e-12))
    return {
        record.id: float(share)
        for record, share in zip(model_indicators(model), certainty, strict=True)
    }


def _facts(
    record: Indicator, X: pd.DataFrame, parts: pd.DataFrame
) -> dict[Hashable, dict[str, Any]]:
    """What is told of one indicator, by authority."""
    codes = X.index.get_level_values("la_code")
    value = X[record.id].to_numpy()
    history = record.kind == "history"
    gap = np.zeros_like(value) if history else X[record.id + "_gap"].to_numpy()
    alike = (
        np.full_like(value, np.nan)
        if history
        else value - X[record.id + "_neighbour_gap"].to_numpy()
    )
    table = pd.DataFrame(
        {
            "value": value,
            "england": np.full_like(value, np.nan) if history else value - gap,
            "neighbours": alike,
            "percentile": np.full_like(value, np.nan) if history else percentile_rank(value),
            "contribution": parts[record.id].to_numpy(),
            "known": X[model_column(record)].notna().to_numpy(),
        },
        index=codes,
    )
    return dict(zip(codes, table.to_dict("records"), strict=True))


def _authority_rows(
    code: str,
    name: str,
    terms: Mapping[Hashable, float],
    facts: Mapping[str, Mapping[Hashable, dict[str, Any]]],
    stability: Mapping[str, float],
) -> list[dict[str, object]]:
    """One authority: where everyone starts, then its indicators, strongest first."""
    baseline = {
        **dict.fromkeys(COLUMNS, np.nan),
        "la_code": code,
        "la_name": name,
        **dict.fromkeys(("term", "indicator", "family"), "baseline"),
        "unit": "",
        "contribution": terms["baseline"],
        "sentence": _start(float(expit(terms["baseline"]))),
    }
    rows: list[dict[str, object]] = [baseline]
    for record in sorted(map(get_indicator, facts), key=lambda record: -abs(terms[record.id])):
        told = facts[record.id][code]
        rows.append(
            {
                "la_code": code,
                "la_name": name,
                "term": "indicator",
                "indicator": record.id,
                "family": record.family,
                "unit": record.unit,
                "sign_stability": stability[record.id],
                **told,
                "sentence": _sentence(record, told),
            }
        )
    return rows


def _start(risk: float) -> str:
    return (
        f"Where every authority starts: a risk of {100 * risk:.1f}%, "
        "from how many inspections are expected to find an Inadequate area"
    )


def _sentence(record: Indicator, row: Mapping[str, Any]) -> str:
    """One indicator of one authority, in plain English."""
    value, contribution = row["value"], row["contribution"]
    if record.kind == "history":
        fact = last_inspection(record, value) if np.isfinite(value) else "is not known here"
        return f"The last inspection {fact}: {effect(contribution)}"
    if not row["known"]:
        stand_in = (
            f"; the other figures on {record.family} stand in" if abs(contribution) >= NONE else ""
        )
        return f"{record.title}: no comparable figure published{stand_in}: {effect(contribution)}"
    if not np.isfinite(value):
        return f"{record.title}: a suppressed count, of 1 to 5: {effect(contribution)}"
    facts = [f"{record.title}: {figure(record, value)} {record.unit.removeprefix('% ')}".rstrip()]
    if np.isfinite(row["england"]):
        facts.append(f"England {figure(record, row['england'])}")
    facts.append(_standing(row["percentile"]))
    if record.like_for_like:
        facts.append("compared with equally deprived authorities")
    return f"{', '.join(facts)}: {effect(contribution)}"


def _standing(percentile: float) -> str:
    # Never 100%: an authority is not higher than itself.
    share = min(round(100 * max(percentile, 1 - percentile)), 99)
    return f"{'higher' if percentile >= 0.5 else 'lower'} than {share}% of authorities"
