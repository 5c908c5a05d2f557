"""Numbered checks of a model and its record: each passes, fails or does not apply, with a sentence.

A check may be muted by its number, whose meaning never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from earlywarn.errors import UsageError
from earlywarn.evaluation.drift import drift
from earlywarn.evaluation.fairness import groups
from earlywarn.evaluation.populations import ALL, populations
from earlywarn.evaluation.protocol import OURS, headline, years_of
from earlywarn.indicators.catalogue import INDICATORS, Indicator, model_column
from earlywarn.indicators.timeline import Timeline
from earlywarn.model.ordinal import Prior, fit_ordinal
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.training import design, training_cases
from earlywarn.scoring.national import score_quietly
from earlywarn.scoring.preprocessing import model_indicators
from earlywarn.statistics.metrics import auc, log_score

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import numpy.typing as npt

    from earlywarn.evaluation.backtesting import Backtest
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel
    from earlywarn.statistics.arrays import FloatArray

Status = Literal["pass", "fail", "not applicable"]

FEWEST_CASES = 50
"""The fewest inspections; with fewer, a single figure may look good by chance."""
TOO_GOOD = 0.80
"""No published figure discriminates this well: above it, look for a leak."""
CALIBRATED = (0.8, 1.2)
SHRINKAGE = 0.9
"""The least share of the apparent effect that should remain: Riley 2019, doi 10.1002/sim.7992."""


@dataclass(frozen=True)
class Result:
    """The result of one check."""

    number: int
    title: str
    status: Status
    sentence: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the checks look at.

    Attributes
    ----------
    backtest : Backtest
    records, paired : DataFrame
        As returned by ``earlywarn.evaluation.performance.evaluate``.
    model : RiskModel
    panel : Panel
    as_of : date
        The date of the current list.
    """

    backtest: Backtest
    records: pd.DataFrame
    paired: pd.DataFrame
    model: RiskModel
    panel: Panel
    as_of: date

    def ours(self, window: str, lead: int = 0) -> pd.Series | None:
        """The model's record for a window and lead, if there is one."""
        ours = self.records[self.records["model"] == OURS]
        rows = ours[(ours["window"] == window) & (ours["lead_months"] == lead)]
        return rows.iloc[0] if len(rows) else None

    def lead_zero(self, window: str) -> pd.DataFrame:
        """The model's forecasts at the start of the inspections of a window."""
        rows = self.backtest.forecasts
        ours = rows[(rows["model"] == OURS) & (rows["lead_months"] == 0)]
        return ours[ours["window"] == window]


def run_checks(evidence: Evidence, *, mute: Collection[int] = ()) -> tuple[Result, ...]:
    """Run every check that is not muted.

    Parameters
    ----------
    evidence : Evidence
    mute : collection of int
        Numbers of checks to leave out.

    Returns
    -------
    tuple of Result
        In order of number.

    Raises
    ------
    UsageError
        If there is no check with one of the numbers.
    """
    strange = [number for number in mute if number not in CHECKS]
    if strange:
        raise UsageError(
            "no such check", where="mute", found=str(strange[0]), expected=f"1 to {max(CHECKS)}"
        )
    results = []
    for number, (title, check) in CHECKS.items():
        if number not in mute:
            status, sentence = check(evidence)
            results.append(Result(number, title, status, sentence))
    return tuple(results)


def as_frame(results: Iterable[Result]) -> pd.DataFrame:
    """The results as a table: ``number, title, status, sentence``."""
    columns = ["number", "title", "status", "sentence"]
    return pd.DataFrame([vars(result) for result in results], columns=columns)


def _verdict(*, good: bool, sentence: str) -> tuple[Status, str]:
    return ("pass" if good else "fail"), sentence


def _windows(evidence: Evidence) -> tuple[Status, str]:
    """Models are learnt before the forecast, which is made no later than the start."""
    rows = evidence.backtest.forecasts
    late = (rows["trained_until"] > rows["as_of"]) | (rows["as_of"] > rows["inspection_start"])
    return _verdict(
        good=not late.any(),
        sentence=f"{int(late.sum())} of {len(rows)} forecasts were made by a model that had seen "
        "reports published after the day of the forecast, or after the inspection began",
    )


def _unpublished(evidence: Evidence) -> tuple[Status, str]:
    """A figure can't be public before what it counts has happened."""
    rows = evidence.panel.observations
    happened = pd.Series(
        [
            date(int(year), *_END.get(measure, (3, 31)))
            for year, measure in zip(rows["period"], rows["measure"], strict=True)
        ],
        index=rows.index,
    )
    early = rows[rows["published_on"] < happened]
    text = f"{len(early)} of {len(rows):,} figures are dated as published before their period ended"
    if len(early):
        text += f", the first {early['measure'].iloc[0]} of {early['la_code'].iloc[0]}"
    return _verdict(good=early.empty, sentence=text)


_END = dict.fromkeys(
    ("vacancies", "agency_workers", "turnover", "absence", "caseload"), (9, 30)
) | {
    "population_0_17": (6, 30),
    "free_school_meals": (1, 15),
}


def _assumed(evidence: Evidence) -> tuple[Status, str]:
    share = float(evidence.panel.observations["date_assumed"].mean())
    return _verdict(
        good=share == 0,
        sentence=f"{100 * share:.0f}% of figures have a publication date that is assumed by a "
        "rule, late enough not to look ahead",
    )


def _sample_size(evidence: Evidence) -> tuple[Status, str]:
    """Riley's first criterion, with the parameters that the prior leaves free."""
    rows = evidence.lead_zero("development")
    if rows.empty:
        return "not applicable", "there is no forecast of the development years"
    base, risk = (log_score(rows[column], rows["label"]) for column in ("base_rate", "risk"))
    explained = 1 - np.exp(-2 * (base - risk))
    if explained <= 0:
        return "fail", (
            f"the model explains nothing beyond the base rate in {len(rows)} inspections of the "
            "development years"
        )
    free = _free_parameters(evidence)
    held = evidence.model.info["training"]
    needed = int(np.ceil(free / ((SHRINKAGE - 1) * np.log(1 - explained / SHRINKAGE))))
    return _verdict(
        good=held["inspections"] >= needed,
        sentence=f"{held['inspections']} inspections with {held['events']} events for about "
        f"{free:.1f} parameters that the data decide, thresholds among them; "
        "Riley's first criterion asks for "
        f"{needed}",
    )


def _free_parameters(evidence: Evidence) -> float:
    """How many parameters the data determine, from the model's own cases and prior."""
    panel, model = evidence.panel, evidence.model
    records = model_indicators(model)
    until = min(model.info["training"]["until"], panel.judgements["published_on"].max().isoformat())
    cases = training_cases(panel.judgements, until=until, target=evidence.backtest.target)
    X = design(Timeline(panel, panel.judgements), cases, records)
    filled, _ = model.complete(X.to_numpy(dtype=float))
    return free_parameters(filled, cases["grade"].to_numpy(dtype=int), records, WeightPrior())


def free_parameters(
    filled: FloatArray,
    grade: npt.NDArray[np.int_],
    records: Sequence[Indicator],
    weight_prior: WeightPrior,
) -> float:
    """Count the parameters that the data determine, from the Hessian at the mode.

    Parameters
    ----------
    filled : ndarray of shape (n_cases, n_indicators)
        The columns of the cases, centred and with missing values filled in.
    grade : ndarray of shape (n_cases,)
    records : sequence of Indicator
        In the order of the columns.
    weight_prior : WeightPrior
        The prior that shrinks the weights.

    Returns
    -------
    float
        The trace of (data + prior)^-1 data: 1 for a parameter that the prior leaves free, 0 for one
        that it fixes (Gray 1992, doi 10.1080/01621459.1992.10476248). Thresholds count, and so do
        the last inspection's own weights at each threshold.
    """
    facts = prior_of(records, weight_prior)
    precision = np.linalg.inv(np.asarray(facts["prior_covariance"], dtype=float))
    own_sd = np.broadcast_to(np.asarray(facts["own_sd"], dtype=float), len(facts["own"]))
    mean = np.asarray(facts["prior_mean"], dtype=float)
    prior = Prior(mean, precision, facts["own"], tuple(own_sd.tolist()))
    present, place = np.unique(grade, return_inverse=True)
    fit = fit_ordinal(filled, place.astype(np.int64), len(present), prior)
    first, width = len(present) - 1, len(precision)
    held = np.zeros_like(fit.information)
    held[first : first + width, first : first + width] = precision
    apart = np.arange(first + width, len(held))
    held[apart, apart] = np.tile(1 / own_sd**2, first)
    return float(np.trace(np.linalg.solve(fit.information, fit.information - held)))


def _against_previous(evidence: Evidence) -> tuple[Status, str]:
    rows = evidence.paired
    rows = rows[(rows["model"] == OURS) & (rows["against"] == "previous judgement")]
    rows = rows[(rows["measure"] == "auc") & (rows["lead_months"] == 0)].set_index("window")
    rows = rows[rows["lower"].notna()]
    window = headline(set(rows.index))
    if window not in rows.index:
        return "not applicable", "there is no paired comparison of years that chose nothing"
    row = rows.loc[window]
    return _verdict(
        good=bool(row["lower"] > 0),
        sentence=f"in {years_of(window)} the AUC is {row['difference']:+.2f} [{row['lower']:+.2f}, "
        f"{row['upper']:+.2f}] against the previous judgement alone",
    )


def _calibration(evidence: Evidence) -> tuple[Status, str]:
    """Calibration over all years, and over those in which nothing about the model was chosen."""
    rows = evidence.backtest.forecasts
    if not ((rows["model"] == OURS) & (rows["lead_months"] == 0)).any():
        return "not applicable", "there is no forecast at the start of an inspection"
    table = populations(rows)
    table = table[table["population"] == ALL].set_index("window")
    window = headline(set(table.index))
    names = ["all", *([window] if window in table.index else [])]
    low, high = CALIBRATED
    sentence = "; ".join(
        f"{'all years' if name == 'all' else years_of(str(name))}: {row['events']:.0f} Inadequate "
        f"judgements where {row['expected']:.1f} were expected, {row['observed_expected']:.2f} "
        f"[{row['lower']:.2f}, {row['upper']:.2f}]"
        for name, row in table.loc[names].iterrows()
    )
    ratio = table.loc[names, "observed_expected"]
    return _verdict(good=bool(ratio.between(low, high).all()), sentence=sentence)


def _ranks(evidence: Evidence) -> tuple[Status, str]:
    scores = score_quietly(evidence.model, evidence.panel.as_of(evidence.as_of))
    wide = (scores["rank_upper"] - scores["rank_lower"]) > len(scores) / 2
    return _verdict(
        good=not wide.any(),
        sentence=f"{int(wide.sum())} of {len(scores)} authorities have a rank interval wider than "
        "half the list",
    )


def _drift(evidence: Evidence) -> tuple[Status, str]:
    found = drift(evidence.model, evidence.panel.as_of(evidence.as_of))
    text = "; ".join(found.reasons) or "today's figures are like those the model learnt from"
    return _verdict(good=found.usable, sentence=text)


def _register(evidence: Evidence) -> tuple[Status, str]:
    snapshot = evidence.panel.as_of(evidence.as_of)
    figures = snapshot.observations
    seen = set(figures.loc[figures["value"].notna(), "la_code"])
    lacking = [code for code in snapshot.authorities["la_code"] if code not in seen]
    codes = evidence.panel.findings["code"].astype(str)
    unknown = int(codes.str.contains("unknown").sum())
    return _verdict(
        good=not lacking and not unknown,
        sentence=f"{len(lacking)} authorities of {snapshot.as_of} have no figure at all; "
        f"{unknown} rows had a code that the register does not know",
    )


def _revised(evidence: Evidence) -> tuple[Status, str]:
    first = min(evidence.backtest.forecasts["as_of"])
    snapshot = evidence.panel.as_of(first)
    share = snapshot.restated / max(len(snapshot.observations), 1)
    return _verdict(
        good=share == 0,
        sentence=f"{100 * share:.0f}% of the figures used for {first} were read from later "
        "releases, since the first-published ones are not available",
    )


def _group_differences(evidence: Evidence) -> tuple[Status, str]:
    table = groups(evidence.backtest.forecasts)
    table = table[table["window"] == "confirmation"]
    if table.empty:
        return "not applicable", "there is no forecast of the confirmation years"
    off = table[(table["lower"] > 1) | (table["upper"] < 1)]
    names = ", ".join(f"{row['group']} ({row['kind']})" for row in off.to_dict("records"))
    return _verdict(
        good=off.empty,
        sentence=f"expected and observed differ beyond chance in {len(off)} of {len(table)} groups "
        "of the confirmation years" + (f": {names}" if names else ""),
    )


def _left_out(evidence: Evidence) -> tuple[Status, str]:
    """A record that leaves out inspections of any model can be too favourable."""
    rows = evidence.backtest.forecasts
    rows = rows[rows["lead_months"] == 0]
    by_model = [
        set(zip(part["la_code"], part["inspection_start"], strict=True))
        for _, part in rows.groupby("model")
    ]
    cases = evidence.backtest.judgements
    starts = [str(start) for start in cases["inspection_start"]]
    held = set(zip(cases["la_code"], starts, strict=True))
    missing = {case for case in held if not by_model or any(case not in one for one in by_model)}
    strange = {case for one in by_model for case in one} - held
    return _verdict(
        good=not missing and not strange,
        sentence=f"{len(missing)} of {len(held)} inspections are left out of the forecasts, and "
        f"{len(strange)} forecasts belong to none",
    )


def _too_good(evidence: Evidence) -> tuple[Status, str]:
    """Discrimination that is too good, of the whole model or of a single figure."""
    best, name = _best_single(evidence)
    row = evidence.ours("development")
    whole = np.nan if row is None else float(row["auc"])
    return _verdict(
        good=not (best > TOO_GOOD or whole > TOO_GOOD),
        sentence=f"the AUC of the model is {whole:.2f} and that of the best single figure, {name}, "
        f"{best:.2f}; above {TOO_GOOD:.2f} one looks for a leak",
    )


def _best_single(evidence: Evidence) -> tuple[float, str]:
    cases = evidence.backtest.judgements
    timeline = Timeline(evidence.panel, evidence.panel.judgements)
    pairs = zip(cases["la_code"], cases["inspection_start"], strict=True)
    X = timeline.rows(pairs)
    label = cases["label"].to_numpy()
    found = {record.id: _best_of(X, record, label) for record in INDICATORS}
    name = max(found, key=lambda one: found[one])
    return found[name], name


def _best_of(X: pd.DataFrame, record: Indicator, label: FloatArray) -> float:
    """The better AUC of a figure as published or as compared (which is limited), either way up."""
    best = 0.5
    for name in {record.id, model_column(record)}:
        values = X[name].to_numpy(dtype=float)
        known = ~np.isnan(values)
        if 0 < label[known].sum() < known.sum() and known.sum() >= FEWEST_CASES:
            value = auc(values[known], label[known])
            best = max(best, value, 1 - value)
    return best


CHECKS: dict[int, tuple[str, Callable[[Evidence], tuple[Status, str]]]] = {
    1: ("the training window overlaps the outcome window", _windows),
    2: ("a figure used before it was published", _unpublished),
    3: ("assumed dates used", _assumed),
    4: ("fewer events than the parameters need", _sample_size),
    5: ("no better than the previous judgement", _against_previous),
    6: ("calibration outside 0.8 to 1.2", _calibration),
    7: ("rank intervals wider than half the list", _ranks),
    8: ("drift", _drift),
    9: ("register gaps", _register),
    10: ("revised history", _revised),
    11: ("group differences", _group_differences),
    12: ("inspections left out", _left_out),
    13: ("too good to be true", _too_good),
}
"""Each check by its number, with the problem that it looks for."""
