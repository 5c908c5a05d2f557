"""Train a RiskModel from a panel, judgements and a cut-off date."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from earlywarn.errors import TrainingError
from earlywarn.indicators.build import reference_distributions
from earlywarn.indicators.catalogue import Indicator, model_column, scored_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.schema import check_judgements
from earlywarn.judgements.targets import Target, cohort, get_target
from earlywarn.model.base_rate import HALF_LIFE, PSEUDO_CASES, recent_weights, trailing_share
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.serialisation import fingerprint
from earlywarn.panel.known_frameworks import by_framework, without_judgements
from earlywarn.panel.panel import FIRST_DAY, Panel, checked_panel, load_judgements
from earlywarn.statistics.distributions import logit
from earlywarn.utils.arguments import number, of_kind, several, whole_number
from earlywarn.utils.dates import as_date, this_day
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

LIFE_YEARS = 2
"""A model is not used beyond this many years after its cut."""
REFITS, MOST_REFITS = 500, 100_000
SEED = 20160913
"""The date of the National Audit Office's report."""
FEWEST_EVENTS = 10
FORM_DOUBT = 0.315
"""How far other forms of the model that did as well place an authority from this one, in log-odds
about the day's mean: the root mean square distance on the development years, by ``python -m
experiments.forms``."""


def train(  # noqa: PLR0913 - every choice of a retraining, by name
    panel: Panel,
    judgements: pd.DataFrame,
    *,
    until: date | str | None = None,
    target: str | Target = "any_inadequate",
    prior: float | None = None,
    indicators: Sequence[Indicator] | None = None,
    weight_prior: WeightPrior | None = None,
    refits: int = REFITS,
    timeline: Timeline | None = None,
    progress: Progress | None = None,
) -> RiskModel:
    """Train a model on the inspections whose report was public by a date.

    Parameters
    ----------
    panel : Panel
        The published figures.
    judgements : DataFrame
        One row per inspection, as returned by ``earlywarn.load_judgements``.
    until : date or ISO text, optional
        The cut. Default: the latest report in ``judgements``.
    target : str or Target
        What is predicted.
    prior : float, optional
        The share of Inadequate judgements to expect. Default: that of the year to come.
    indicators : sequence of Indicator, optional
        Default: the scored ones of the catalogue.
    weight_prior : WeightPrior, optional
        The prior of the weights.
    refits : int
        Number of bootstrap refits for the uncertainty.
    timeline : Timeline, optional
        A timeline of the same panel and judgements, where several models share one.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    RiskModel

    Raises
    ------
    TrainingError
        If there are fewer than ten events, or the fit does not converge.

    Notes
    -----
    Each inspection is described by what was public on the day it started. The same inputs give the
    same model, to the last stored digit.

    Examples
    --------
    >>> import earlywarn as ew
    >>> model = ew.train(ew.load_panel(), ew.load_judgements(), until="2018-01-01", refits=20)
    >>> model.info["target"]["name"], model.info["training"]["until"]
    ('any_inadequate', '2018-01-01')
    """
    question, panel = get_target(target), checked_panel(panel)
    records, weight_prior = _recipe(indicators, weight_prior)
    refits = whole_number(refits, "refits", least=0, most=MOST_REFITS, fault=TrainingError)
    prior = None if prior is None else _share(prior)
    cases = training_cases(judgements, until=until, target=question)
    progress = progress_or_silent(progress)
    if timeline is None:
        timeline = Timeline(panel, judgements)
    of_kind(timeline, Timeline, "timeline", expected="one of the same panel and judgements")
    X = design(timeline, cases, records, progress=progress)
    progress.say(f"Fitting {len(records)} indicators")
    classifier = RiskClassifier(
        **prior_of(records, weight_prior),
        n_bootstrap=refits,
        random_state=SEED,
    )
    cut = _cut(judgements, until)
    age = ages(cases, cut)
    classifier.fit(
        X, cases["grade"].astype(int), clusters=cases["la_code"], age=age, progress=progress
    )
    model = _rounded(classifier.model_)
    expected = _expected(model, X, age)
    if prior is not None:
        model = model.shifted(_scenario(prior, expected["risk"]))
        expected |= {"risk": prior, "scenario": True}
    info = _account(panel, cases, question, cut, expected | _recent(cases, age))
    info["levels"] = None if prior is not None else _levels(classifier, cut)
    return _named(model.with_info(info))


def training_cases(
    judgements: pd.DataFrame,
    *,
    until: date | str | None = None,
    target: str | Target = "any_inadequate",
) -> pd.DataFrame:
    """Select graded inspections to learn from: public by the cut, not begun before ``FIRST_DAY``.

    Returns
    -------
    DataFrame
        The judgements' columns, and ``label`` and ``grade`` of the target.

    Raises
    ------
    TrainingError
        If there are fewer than ten events.
    """
    question = get_target(target)
    public = cohort(judgements, until=_cut(judgements, until))
    public = public.assign(label=question.label(public), grade=question.grade(public))
    begun = public["inspection_start"] >= FIRST_DAY
    cases = public[begun & public["grade"].notna()].reset_index(drop=True)
    if (events := int(cases["label"].sum())) < FEWEST_EVENTS:
        raise TrainingError(
            "too few events to learn from",
            where=f"target {question.name}",
            found=f"{events} in {len(cases)} inspections",
            expected=f"{FEWEST_EVENTS} or more",
            remedy=_more_events(judgements),
        )
    return cases


def _more_events(judgements: pd.DataFrame) -> str:
    """What to do about too few events: a missing framework is a likelier cause than the cut."""
    remedy = "Give a later cut-off (until, --until) or more judgements."
    if gone := without_judgements(judgements, load_judgements()):
        return (
            f"There are no judgements among these of frameworks that are known: "
            f"{by_framework(gone)}. Build the panel with a table of them, or with "
            f"--keep-judgements (add_judgements puts them beside others). {remedy}"
        )
    return remedy


def design(
    timeline: Timeline,
    cases: pd.DataFrame,
    records: Sequence[Indicator],
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The model's columns for each case, as they were known on the day its inspection started."""
    pairs = list(zip(cases["la_code"], cases["inspection_start"], strict=True))
    shown = progress_or_silent(progress)
    rows = timeline.rows(shown.over(pairs, "Describing each inspection as known at its start"))
    return rows[[model_column(record) for record in records]]


def ages(cases: pd.DataFrame, cut: date) -> FloatArray:
    """How many years before the cut each inspection began."""
    days = [(cut - start).days for start in cases["inspection_start"]]
    return np.array(days, dtype=float) / 365.25


def _cut(judgements: pd.DataFrame, until: date | str | None) -> date:
    if until is not None:
        cut = as_date(until, "until", TrainingError)
        if cut > this_day():
            raise TrainingError(
                "the date is in the future",
                where="until",
                found=cut.isoformat(),
                expected=f"today, {this_day()}, or an earlier date",
                remedy="Give the last date whose reports are among the judgements.",
            )
        return cut
    reports = check_judgements(judgements)["published_on"]
    if not len(reports):
        raise TrainingError("there are no judgements to learn from", where="judgements")
    newest: date = max(reports)
    return newest


def _expected(model: RiskModel, X: pd.DataFrame, age: FloatArray) -> dict[str, Any]:
    """The shares that the model expects for inspections like the recent ones."""
    weight, grades = recent_weights(age), range(1, len(model.classes))
    shares = [
        float(f"{np.average(model.at_least(X, grade), weights=weight):.6g}")
        for grade in grades[-2:]
    ]
    return {
        "risk": shares[-1],
        "below_good": shares[0] if len(shares) > 1 else None,
        "scenario": False,
    }


def _levels(classifier: RiskClassifier, cut: date) -> dict[str, Any]:
    """The state of the two levels at the cut, from which they are carried to a later date."""
    states = classifier.levels_
    worst, better = states[-1], states[max(len(states) - 2, 0)]
    assert worst is not None and better is not None  # noqa: PT018, S101 - ages were given
    plain = [
        {name: float(f"{value:.8g}") for name, value in asdict(state).items()}
        for state in (worst, better)
    ]
    return {"cut": cut.isoformat(), "worst": plain[0], "better": plain[1]}


def _recent(cases: pd.DataFrame, age: FloatArray) -> dict[str, Any]:
    """The recent share of Inadequate judgements next to the expected one, and how it is counted."""
    share = trailing_share(cases["label"].to_numpy(dtype=float), age)
    return {
        "recent_share": float(f"{share:.6g}"),
        "half_life_years": HALF_LIFE,
        "pseudo_cases": PSEUDO_CASES,
    }


def _recipe(
    indicators: Sequence[Indicator] | None, weight_prior: WeightPrior | None
) -> tuple[tuple[Indicator, ...], WeightPrior]:
    """The indicators whose weights are learnt, and the prior of those weights."""
    of_catalogue = "indicators of the catalogue"
    records = (
        scored_indicators()
        if indicators is None
        else several(indicators, Indicator, "indicators", expected=of_catalogue)
    )
    if not records:
        raise TrainingError("nothing to learn from", where="indicators", expected=of_catalogue)
    before = WeightPrior() if weight_prior is None else weight_prior
    return records, of_kind(before, WeightPrior, "weight_prior", expected="its widths, by name")


def _share(prior: object) -> float:
    """The share of Inadequate judgements to expect, as a caller gives it."""
    expected = "a number between 0 and 1, such as 0.08"
    share = number(prior, "prior", expected=expected, fault=TrainingError)
    if not 0 < share < 1:
        raise TrainingError("not a share", where="prior", found=str(prior), expected=expected)
    return share


def _scenario(prior: float, expected: float) -> float:
    """How far the log-odds move if a different share of Inadequate judgements is expected."""
    return float(logit(prior) - logit(expected))


def _rounded(model: RiskModel) -> RiskModel:
    """Round to the stored digits, too few for another processor's rounding to change.

    The doubt about the form comes with them.
    """
    return replace(
        model,
        coefficients=_significant(model.coefficients, 8),
        thresholds=_significant(model.thresholds, 8),
        agreement=_significant(model.agreement, 6),
        covariance=_significant(model.covariance, 6),
        shifts=None if model.shifts is None else _significant(model.shifts, 8),
        form_sd=FORM_DOUBT,
    )


def _significant(values: FloatArray, digits: int) -> FloatArray:
    rounded = np.vectorize(lambda value: float(f"{value:.{digits}g}"), otypes=[float])(values)
    return np.asarray(rounded, dtype=float)


def _account(
    panel: Panel,
    cases: pd.DataFrame,
    target: Target,
    cut: date,
    prior: Mapping[str, Any],
) -> dict[str, Any]:
    """Where the model comes from, in plain numbers and names."""
    snapshot = panel.as_of(cut)
    newest = snapshot.observations.groupby("source")["period"].max()
    return {
        "target": {"name": target.name, "version": target.version, "title": target.title},
        "training": {
            "until": cut.isoformat(),
            "first_start": cases["inspection_start"].min().isoformat(),
            "last_start": cases["inspection_start"].max().isoformat(),
            "inspections": len(cases),
            "events": int(cases["label"].sum()),
            "authorities": int(cases["la_code"].nunique()),
        },
        "prior": dict(prior),
        "vintages": {str(source): int(period) for source, period in newest.items()},
        "reference": _reference(snapshot),
        "reference_date": cut.isoformat(),
        "first_date": "2016-01-01",
        "sunset": cut.replace(year=cut.year + LIFE_YEARS, day=min(cut.day, 28)).isoformat(),
    }


def _reference(snapshot: Any) -> dict[str, Mapping[str, float]]:
    return {
        name: {key: float(f"{value:.8g}") for key, value in asdict(spread).items()}
        for name, spread in reference_distributions(snapshot).items()
    }


def _named(model: RiskModel) -> RiskModel:
    info = dict(model.info)
    name = f"{info['target']['name']}-{info['training']['until']}-{fingerprint(model)}"
    return model.with_info({**info, "model_id": name})
