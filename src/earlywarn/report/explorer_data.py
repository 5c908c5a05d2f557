"""The data of the page for exploring: the model carried forward to the date, and every figure.

The page's script repeats the arithmetic of ``with_figures``, ``score`` and ``explain``; each number
here comes from them, so that what is not changed stays as Python computed it.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from earlywarn.indicators import standardise
from earlywarn.indicators.build import (
    build_indicators,
    like_for_like,
    newest_comparisons,
    reference_distributions,
)
from earlywarn.indicators.catalogue import DEPRIVATION, INDICATORS, get_indicator
from earlywarn.indicators.figures import POPULATION
from earlywarn.model.horizon import on_day
from earlywarn.model.risk_model import SMALLEST_RISE
from earlywarn.scoring.cells import LARGEST
from earlywarn.scoring.predictions import BANDS
from earlywarn.scoring.preprocessing import MAY_PASS_100, ROUNDING, model_indicators, read_rows
from earlywarn.scoring.words import LAST, NONE, SLIGHT, subject
from earlywarn.statistics.distributions import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from earlywarn.indicators.catalogue import Indicator
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.snapshot import Snapshot
    from earlywarn.scoring.preprocessing import Inputs
    from earlywarn.statistics.arrays import FloatArray

COUNTS = {
    "referrals": "Referrals in the year",
    "children_in_need": "Children in need at 31 March",
    "plans_started": "Protection plans started in the year",
    "plans_at_31_march": "Protection plans at 31 March",
    "rereferral_count": "Referrals within 12 months of an earlier one",
    "repeat_plan_count": "Plans started for children who had one before",
    "plans_two_years_count": "Plans of two years or more at 31 March",
    "vacancy_fte": "Vacant posts (full-time equivalent)",
    "posts_fte": "Posts, filled or vacant (full-time equivalent)",
    "agency_fte": "Agency social workers (full-time equivalent)",
    "staff_fte": "Social workers, agency and own (full-time equivalent)",
    "leavers_fte": "Leavers in the year (full-time equivalent)",
    "inpost_fte": "Social workers in post (full-time equivalent)",
    "cases": "Cases held",
    "case_holders_fte": "Social workers who hold cases (full-time equivalent)",
}
"""The titles of the counts behind figures; one that the catalogue adds has its own name."""


def explorer_data(
    model: RiskModel, snapshot: Snapshot, figures: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Gather everything that the page computes with, as plain numbers and text.

    Parameters
    ----------
    model : RiskModel
        As returned by ``earlywarn.load_model``.
    snapshot : Snapshot
        What was public on the date, without own figures.
    figures : DataFrame, optional
        A snapshot's own figures, with which the page begins.

    Returns
    -------
    dict
        Ready for JSON.
    """
    on, X = on_day(model, snapshot.as_of), build_indicators(snapshot)
    alike = like_for_like(snapshot)
    inputs = read_rows(model, X.reset_index())
    records, days = model_indicators(on), snapshot.judgements["published_on"]
    newest = newest_comparisons(snapshot)
    return {
        "constants": _constants(),
        "model": _model(on),
        "indicators": [
            _indicator(record, X, newest) | {"years": _years(record, alike)} for record in records
        ],
        "deprivation": _deprivation(records, X, newest, snapshot),
        "unweighed": unweighed(on),
        "counts": _counts(records),
        "authorities": _authorities(on, X, inputs, newest, alike, snapshot),
        "draws": _draws(on, inputs),
        "judgementsThrough": str(days.max()) if len(days) else None,
        "own": _own(figures),
    }


def _constants() -> dict[str, Any]:
    """The constants of the arithmetic and its words, each taken from its place in Python."""
    return {
        "reach": standardise.REACH,
        "centreSd": standardise.CENTRE_SD,
        "spreadSd": standardise.SPREAD_SD,
        "amountSd": standardise.AMOUNT_SD,
        "ninety": float(normal_quantile(0.95)),
        "smallestRise": SMALLEST_RISE,
        "bands": [[edge, name] for edge, name in BANDS],
        "none": NONE,
        "slight": SLIGHT,
        "rounding": list(ROUNDING),
        "largest": LARGEST,
    }


def _model(model: RiskModel) -> dict[str, Any]:
    """The model's arithmetic on the date."""
    worst, better = len(model.classes) - 2, len(model.classes) - 3
    shifts = np.zeros(len(model.columns)) if model.shifts is None else model.shifts[better]
    return {
        "baseline": -float(model.thresholds[worst]),
        "step": float(model.thresholds[worst] - model.thresholds[better]),
        "shifts": shifts.tolist(),
        "coefficients": model.coefficients.tolist(),
        "centre": model.centre.tolist(),
        "orientation": model.orientation.tolist(),
        "agreement": model.agreement.tolist(),
        "groups": list(model.groups),
        "covariance": model.covariance.tolist(),
        "formSd": float(model.form_sd),
        "share": float(model.info["prior"]["risk"]),
    }


def _indicator(record: Indicator, X: pd.DataFrame, newest: pd.DataFrame) -> dict[str, Any]:
    history = record.kind == "history"
    percent = record.unit.startswith("%") and record.id not in MAY_PASS_100
    against = newest[newest["indicator"] == record.id]
    values = X[record.id].dropna()
    first = against.iloc[0] if len(against) else None
    return {
        "id": record.id,
        "title": record.title,
        "subject": subject(record),
        "unit": record.unit,
        "kind": record.kind,
        "family": record.family,
        "likeForLike": record.like_for_like,
        "history": history,
        "highest": 100.0 if percent else LARGEST,
        "percent": percent,
        "numerator": record.numerator,
        "denominator": record.denominator,
        "ofChildren": record.denominator == POPULATION,
        "usual": None if history or values.empty else values.quantile(standardise.USUAL).tolist(),
        "newest": None
        if first is None or history
        else {
            "period": int(first["period"]),
            "tau2": float(first["tau2"]),
            "typicalSd": float(first["typical_sd"]),
            "england": _plain(first["england"]),
            "gradient": float(first["gradient"]),
            "average": float(first["average"]),
            "meets": bool(first["meets"]),
        },
    }


def _deprivation(
    records: Sequence[Indicator], X: pd.DataFrame, newest: pd.DataFrame, snapshot: Snapshot
) -> dict[str, Any] | None:
    """The deprivation used to compare like for like, if the model uses such figures."""
    if not any(record.like_for_like for record in records):
        return None
    if DEPRIVATION not in reference_distributions(snapshot):
        return None
    record, period = get_indicator(DEPRIVATION), int(X[f"{DEPRIVATION}_period"].max())
    return {**_indicator(record, X, newest.iloc[:0]), "newest": {"period": period}}


def unweighed(model: RiskModel) -> list[str]:
    """List the titles of the catalogue's figures that have no effect in a model.

    Examples
    --------
    >>> from earlywarn.model.serialisation import load_model
    >>> unweighed(load_model())[-1]
    'Social work spend'
    """
    weighed = model_indicators(model)
    like = DEPRIVATION if any(record.like_for_like for record in weighed) else ""
    return [
        record.title
        for record in INDICATORS
        if record not in weighed and record.kind != "history" and record.id != like
    ]


def _counts(records: Sequence[Indicator]) -> dict[str, str]:
    names = [
        name
        for record in records
        for name in (record.numerator, record.denominator)
        if name and name != POPULATION
    ]
    return {name: COUNTS.get(name, name.replace("_", " ")) for name in dict.fromkeys(names)}


def _years(record: Indicator, alike: pd.DataFrame) -> dict[str, list[float]]:
    """What figures compared like for like are compared with, for each of their years.

    These are the variance between authorities, the gradient, the average deprivation, and whether
    the deprivation is that of its own latest year.
    """
    rows = alike[alike["indicator"] == record.id].drop_duplicates("period")
    names = ["tau2", "gradient", "average", "meets"]
    table = rows.set_index("period")[names].astype(float)
    return {str(period): row.tolist() for period, row in table.iterrows()}


def _stands(alike: pd.DataFrame) -> dict[str, dict[str, list[float]]]:
    """By authority and indicator: the stabilised figure, its error, and what is usual for it."""
    found: dict[str, dict[str, list[float]]] = {}
    numbers = alike[["y", "sd", "centre"]].to_numpy(dtype=float).tolist()
    for code, name, row in zip(alike["la_code"], alike["indicator"], numbers, strict=True):
        found.setdefault(str(code), {})[str(name)] = row
    return found


def _tables(
    model: RiskModel, X: pd.DataFrame, inputs: Inputs, newest: pd.DataFrame
) -> dict[str, FloatArray]:
    """Everything the page needs about figures: one row per authority, one column per indicator."""
    records = model_indicators(model)
    figures = [record for record in records if record.kind != "history"]
    codes = X.index.get_level_values("la_code")
    places = [model.columns.index(f"{record.id}_z") for record in figures]
    wide = newest.pivot_table(
        index="la_code",
        columns="indicator",
        values=["centre", "expected", "size"],
        aggfunc="first",
        dropna=False,
    )

    def held(name: str) -> FloatArray:
        columns = [(name, record.id) for record in figures]
        return np.asarray(wide.reindex(index=codes, columns=columns), dtype=float)

    def known(suffix: str) -> FloatArray:
        return np.asarray(X.reindex(columns=[record.id + suffix for record in figures]))

    return {
        "value": known(""),
        "period": known("_period"),
        "england": known("") - known("_gap"),
        "expected": known("_expected"),
        "level": np.take(inputs.values, places, axis=1),
        "error": np.take(inputs.noise, places, axis=1),
        "newCentre": held("centre"),
        "newExpected": held("expected"),
        "newSize": held("size"),
    }


def _authorities(
    model: RiskModel,
    X: pd.DataFrame,
    inputs: Inputs,
    newest: pd.DataFrame,
    alike: pd.DataFrame,
    snapshot: Snapshot,
) -> list[dict[str, Any]]:
    """Each authority's figures and levels, in the order of the indicators."""
    tables = _tables(model, X, inputs, newest)
    stands = _stands(alike)
    # That of its own latest year, on which figures are compared; and the latest there is.
    context = np.array(X[[DEPRIVATION, DEPRIVATION, f"{DEPRIVATION}_period"]], dtype=float)
    context[context[:, 2] < np.nanmax(context[:, 2], initial=-np.inf), 0] = np.nan
    odds = model.log_odds(inputs.values)
    names = snapshot.authorities.set_index("la_code")[["la_name", "region"]].to_dict("index")
    return [
        {
            "code": code,
            "name": names[code]["la_name"],
            "region": names[code]["region"],
            "logOdds": float(odds[row]),
            "deprivation": [_plain(cell) for cell in context[row]],
            "stands": stands.get(code, {}),
            "last": [_plain(X[name].iloc[row]) for name in LAST],
            **{name: [_plain(cell) for cell in table[row]] for name, table in tables.items()},
        }
        for row, code in enumerate(X.index.get_level_values("la_code"))
    ]


def _draws(model: RiskModel, inputs: Inputs) -> dict[str, Any]:
    """The equally credible models behind the ranks: what they add, and their results.

    ``shared`` is what each of them adds to the log-odds: at zero, and for one unit of each column.
    It is read off rows with exact figures, under the model without doubt about its form: such rows
    have no uncertainty of their own.
    """
    exact = np.vstack([model.centre, model.centre + np.eye(len(model.columns))])
    moved = replace(model, form_sd=0.0).draws(exact) - model.log_odds(exact)
    shared = np.hstack([moved[:, :1], moved[:, 1:] - moved[:, :1]])
    every = model.draws(inputs.values, inputs.noise)
    return {"size": len(every), "shared": _packed(shared), "logOdds": _packed(every)}


def _packed(table: FloatArray) -> str:
    """A table in single precision, row by row: enough for counting ranks."""
    return b64encode(np.ascontiguousarray(table, dtype="<f4").tobytes()).decode("ascii")


def _own(figures: pd.DataFrame | None) -> dict[str, dict[str, float]]:
    """The figures with which the page begins, by authority: values and the cases behind them."""
    found: dict[str, dict[str, float]] = {}
    wholes = {record.id: record.denominator for record in INDICATORS}
    for row in [] if figures is None else figures.to_dict("records"):
        given = found.setdefault(str(row["la_code"]), {})
        given[row["indicator"]] = float(row["value"])
        whole = wholes[row["indicator"]]
        if np.isfinite(row["size"]) and whole and whole != POPULATION:
            given[whole] = float(row["size"])
    return found


def _plain(cell: Any) -> float | None:
    return None if cell is None or np.isnan(cell) else float(cell)
