"""The tables of a card: the training cases, what was learnt, and how good it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.cards.facts import GRADED, plain
from earlywarn.cards.record_facts import NOT_KNOWN, limited
from earlywarn.evaluation.protocol import WINDOWS, headline
from earlywarn.evaluation.stored_record import OURS
from earlywarn.scoring.preprocessing import model_indicators
from earlywarn.utils.formatting import percent, signed, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.evaluation.stored_record import Recorded
    from earlywarn.indicators.catalogue import Indicator
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray


def learnt_from(model: RiskModel, cases: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    """Table the inspections from which the model was learnt, by outcome and by time.

    Parameters
    ----------
    model : RiskModel
    cases : DataFrame
        As returned by ``training_cases``.
    X : DataFrame
        The model's columns for each of them, as known when the inspection began.
    """
    event = cases["label"].to_numpy() == 1
    late = cases["inspection_start"].astype(str).to_numpy() >= WINDOWS["confirmation"][0]
    parts = {
        "all": np.ones(len(cases), dtype=bool),
        "with the event": event,
        "without": ~event,
        f"begun before {WINDOWS['confirmation'][0]}": ~late,
        "begun later": late,
    }
    columns = {name: _described(model, cases[part], X[part]) for name, part in parts.items()}
    rows = list(columns["all"])
    # A framework without inspections in a part is not in its column.
    cells = {name: [c.get(r, percent(0)) for r in rows] for name, c in columns.items()}
    return pd.DataFrame({"of the inspections": rows, **cells})


def sources(fresh: pd.DataFrame) -> pd.DataFrame:
    """Table up to when each source is known, and whether it is overdue.

    Parameters
    ----------
    fresh : DataFrame
        As returned by ``freshness``.
    """
    rows = fresh.astype(object).where(fresh.notna(), NOT_KNOWN).to_dict("records")
    return pd.DataFrame(
        [
            {
                "source": plain(str(row["title"])),
                "published up to": str(row["through"]),
                "newest year": "" if row["period"] == NOT_KNOWN else str(row["period"]),
                "comes": str(row["cadence"]),
                "newer due by": str(row["due"]),
                "overdue": "yes" if row["overdue"] else "no",
            }
            for row in rows
        ]
    )


def _described(model: RiskModel, cases: pd.DataFrame, X: pd.DataFrame) -> dict[str, str]:
    rows = {
        "inspections": str(len(cases)),
        "authorities": str(cases["la_code"].nunique()),
        "events": f"{cases['label'].sum():.0f}",
    }
    for place, name in enumerate(GRADED):
        rows[f"graded {name}"] = _share(cases["grade"] == place)
    for name in sorted(set(cases["framework"])):
        rows[f"under {name}"] = _share(cases["framework"] == name)
    rows["short inspection"] = _share(cases["inspection_type"] == "short")
    oriented = X.to_numpy(dtype=float) * model.orientation
    groups = np.array(model.groups)
    for family in dict.fromkeys(model.groups):
        inside = oriented[:, groups == family]
        if inside.shape[1] == 1:
            rows[f"{family}: known"] = _share(pd.Series(~np.isnan(inside[:, 0])))
            continue
        rows[f"{family}: level, mean (sd)"] = _level(inside)
        rows[f"{family}: cells known"] = _share(pd.Series(~np.isnan(inside.ravel())))
    return rows


def _share(held: pd.Series) -> str:
    return percent(float(held.mean())) if len(held) else NOT_KNOWN


def _level(inside: FloatArray) -> str:
    """Mean and spread, over inspections, of the mean of a family's known figures."""
    known = ~np.isnan(inside)
    counts = known.sum(axis=1)
    levels = np.nansum(inside, axis=1)[counts > 0] / counts[counts > 0]
    return f"{levels.mean():+.2f} ({levels.std():.2f})" if len(levels) else NOT_KNOWN


def predictors(model: RiskModel) -> pd.DataFrame:
    """Each predictor with its direction, source, weight and centre, as in the model."""
    errors = np.sqrt(np.diag(model.covariance))[1:]
    records = model_indicators(model)
    return pd.DataFrame(
        {
            "column": [f"`{name}`" for name in model.columns],
            "predictor": [plain(one.title) for one in records],
            "family": list(model.groups),
            "direction": [one.direction for one in records],
            "source of the direction": [_said_by(one) for one in records],
            "since": [str(one.first_year) for one in records],
            "weight": [f"{weight:+.6f}" for weight in model.coefficients],
            "sd": [f"{error:.3f}" for error in errors],
            "centre": [signed(centre, 6) for centre in model.centre],
        }
    )


def _said_by(record: Indicator) -> str:
    return plain(re.split("[,:]", record.direction_source)[0])


def thresholds(model: RiskModel) -> pd.DataFrame:
    """The thresholds, and the share at or above each with all predictors at their centre."""
    risks = 1 / (1 + np.exp(np.asarray(model.thresholds)))
    shifts = np.zeros((len(risks), len(model.columns))) if model.shifts is None else model.shifts
    own = {
        f"weight of `{model.columns[place]}`": [
            f"{weight:+.6f}" for weight in model.coefficients[place] + shifts[:, place]
        ]
        for place in np.flatnonzero(shifts.any(axis=0))
    }
    return pd.DataFrame(
        {
            "from": [GRADED[grade] for grade in model.classes[1:]],
            "threshold": [f"{value:+.6f}" for value in model.thresholds],
            "probability with every predictor at its centre": [percent(risk) for risk in risks],
            **own,
        }
    )


def families(model: RiskModel) -> pd.DataFrame:
    """The effect of each family for one unit of all its predictors in the bad direction."""
    signed, groups = model.coefficients * model.orientation, np.array(model.groups)
    return pd.DataFrame(
        [
            {
                "family": family,
                "predictors": str(int((groups == family).sum())),
                "log-odds": f"{signed[groups == family].sum():+.2f}",
            }
            for family in dict.fromkeys(model.groups)
        ]
    )


def performance(recorded: Recorded) -> pd.DataFrame:
    """Every model at the start of the inspections, in each window."""
    records = recorded.tables["records"]
    rows = records[records["lead_months"] == 0].to_dict("records")
    return pd.DataFrame(
        [
            {
                "window": row["window"],
                "model": row["model"],
                "n": f"{row['n']:g}",
                "events": f"{row['events']:g}",
                "AUC": span(row, "auc"),
                "AUC below Good": span(row, "auc_below_good"),
                "Brier skill": span(row, "brier_skill"),
                "O/E": span(row, "observed_expected"),
                "slope": span(row, "calibration_slope"),
                "on the list": f"{_few(row['events_at_26'])} of {_few(row['inspected_at_26'])}",
            }
            for row in rows
        ]
    )


def _few(count: float) -> str:
    """A count, or its mean over random lists."""
    return f"{count:g}" if float(count).is_integer() else f"{count:.1f}"


def populations(recorded: Recorded) -> pd.DataFrame:
    """New failures, and re-inspections after an Inadequate judgement."""
    return pd.DataFrame(
        [
            {
                "window": row["window"],
                "inspections of authorities": row["population"],
                "n": f"{row['n']:g}",
                "events": f"{row['events']:g}",
                "expected": f"{row['expected']:.1f}",
                "O/E": limited(row),
                "AUC": NOT_KNOWN if pd.isna(row["auc"]) else f"{row['auc']:.2f}",
                "so few": percent(row["as_few"]),
            }
            for row in recorded.tables["populations"].to_dict("records")
        ]
    )


def leads(recorded: Recorded) -> pd.DataFrame:
    """The model at each number of months before the inspection began."""
    records = recorded.tables["records"]
    rows = records[records["model"] == OURS].sort_values(["window", "lead_months"], kind="stable")
    return pd.DataFrame(
        [
            {
                "window": row["window"],
                "months before": f"{row['lead_months']:g}",
                "n": f"{row['n']:g}",
                "events": f"{row['events']:g}",
                "AUC": span(row, "auc"),
                "Brier skill": span(row, "brier_skill"),
                "O/E": span(row, "observed_expected"),
            }
            for row in rows.to_dict("records")
        ]
    )


def against(recorded: Recorded) -> pd.DataFrame:
    """The model minus each baseline in the first window, on the same resamples."""
    rows = recorded.tables["paired"]
    rows = rows[rows["window"] == headline(set(recorded.tables["records"]["window"]))]
    measures = {"auc": "AUC", "auc_below_good": "AUC below Good", "brier": "Brier skill"}
    differences = {
        (row["against"], row["measure"]): _difference(row) for row in rows.to_dict("records")
    }
    return pd.DataFrame(
        [
            {"baseline": baseline}
            | {name: differences.get((baseline, key), NOT_KNOWN) for key, name in measures.items()}
            for baseline in dict.fromkeys(rows["against"])
        ]
    )


def _difference(row: Mapping[Any, Any]) -> str:
    if np.isnan(row["difference"]):
        return NOT_KNOWN
    numbers = [signed(row[name], 3) for name in ("difference", "lower", "upper")]
    return f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"


def calibration(recorded: Recorded) -> pd.DataFrame:
    """Expected and observed by fifths of risk."""
    return pd.DataFrame(
        [
            {
                "window": row["window"],
                "fifth": f"{row['bin']:g}",
                "n": f"{row['n']:g}",
                "events": f"{row['events']:g}",
                "expected": percent(row["expected"]),
                "observed": percent(row["observed"]),
                "if right": f"{percent(row['lower'])} to {percent(row['upper'])}",
            }
            for row in recorded.tables["reliability"].to_dict("records")
        ]
    )


def benefit(recorded: Recorded) -> pd.DataFrame:
    """Net benefit of acting on risks above a threshold, and that of acting on all."""
    return pd.DataFrame(
        [
            {
                "window": row["window"],
                "threshold": f"{row['threshold']:.0%}",
                "n": f"{row['n']:g}",
                "flagged": f"{row['flagged']:g}",
                "net benefit": f"{row['net_benefit']:+.4f}",
                "of acting on all": f"{row['treat_all']:+.4f}",
            }
            for row in recorded.tables["decision_curve"].to_dict("records")
        ]
    )


def groups(recorded: Recorded) -> pd.DataFrame:
    """Expected and observed events by kind of authority in the confirmation years."""
    rows = recorded.tables["groups"]
    return pd.DataFrame(
        [
            {
                "kind": row["kind"],
                "group": row["group"],
                "n": f"{row['n']:g}",
                "events": f"{row['events']:g}",
                "expected": f"{row['expected']:.1f}",
                "O/E": limited(row),
            }
            for row in rows[rows["window"] == "confirmation"].to_dict("records")
        ]
    )
