"""The backtest: what the model would have forecast on each day, and what happened.

Every forecast uses the production functions: a model trained on the reports published before 1
January scores the year's lists from what was known on the day. Authorities that were not inspected
count as unknown, never as a success.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, partial
from numbers import Integral
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pandas as pd

from earlywarn._version import __version__
from earlywarn.errors import BacktestError
from earlywarn.evaluation.baselines import BASELINES, Contender
from earlywarn.evaluation.country import Countries
from earlywarn.evaluation.finished_years import FinishedYears
from earlywarn.evaluation.protocol import LEADS, LONGEST_LEAD, OURS, WINDOWS, window_of
from earlywarn.indicators.catalogue import digest as catalogue_digest
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.schema import check_judgements
from earlywarn.judgements.targets import GRADES, cohort, get_target
from earlywarn.model.prior import WeightPrior
from earlywarn.model.training import ages, train, training_cases
from earlywarn.panel.panel import FIRST_DAY, checked_panel
from earlywarn.utils.arguments import several, whole_number
from earlywarn.utils.dates import as_date, ordinals_of
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent
from earlywarn.utils.showing import Brief, Shown
from earlywarn.utils.workers import in_workers

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from earlywarn.evaluation.baselines import Forecaster
    from earlywarn.judgements.targets import Target
    from earlywarn.panel.panel import Panel

BASE = BASELINES[0]
"""The trailing base rate, against which skill is always measured."""
FIRST_YEAR = 2016
CONFIRMATION_FROM = date.fromisoformat(WINDOWS["confirmation"][0])
"""Nothing about the model was chosen by looking at inspections that began on or after this date."""
LAST_DAY = date.fromisoformat(WINDOWS["latest"][1])
"""No window has a later inspection: a new one is added in ``earlywarn.evaluation.protocol``."""
QUARTERS = (1, 4, 7, 10)


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(Shown):
    """The forecasts that would have been made, and what happened.

    Attributes
    ----------
    forecasts : DataFrame
        One row for each inspection, lead and model.
    lists : DataFrame
        The quarterly risk lists of the whole country, one row for each day, model and authority.
    judgements : DataFrame
        The inspections that they are compared with.
    target : str
        What was predicted.
    """

    forecasts: pd.DataFrame
    lists: pd.DataFrame
    judgements: pd.DataFrame
    target: str

    def _in_brief(self) -> Brief:
        rows = self.forecasts
        return Brief(
            f"Backtest of {self.target}",
            {
                "forecasts": f"{len(rows):,}",
                "inspections": f"{len(rows[['la_code', 'inspection_start']].drop_duplicates()):,}",
                "models": ", ".join(map(str, rows["model"].unique())),
                "lists": f"{self.lists['as_of'].nunique()} days",
            },
            "ew.make_record(backtest, model, panel) measures it",
        )


def backtest(  # noqa: PLR0913 - every choice of a run, by name
    panel: Panel,
    judgements: pd.DataFrame,
    *,
    target: str | Target = "any_inadequate",
    first_year: int = FIRST_YEAR,
    until: date | None = None,
    leads: Sequence[int] = LEADS,
    baselines: Sequence[Contender] = BASELINES,
    parts: str | Path | None = None,
    n_jobs: int = 2,
    progress: Progress | None = None,
    rivals: Sequence[Contender] | None = None,
) -> Backtest:
    """Forecast every inspection as at the time, and list the whole country each quarter.

    Parameters
    ----------
    panel : Panel
        The published figures.
    judgements : DataFrame
        One row per inspection.
    target : str or Target
        What is predicted.
    first_year : int
        The first year of forecasts; the models of a year learn from reports published before it.
    until : date, optional
        The last start date of an inspection to be forecast. Default: that of the latest inspection.
    leads : sequence of int
        How many months before the start of an inspection it is forecast; if empty, only the
        quarterly lists are made, which takes a fraction of the time.
    baselines : sequence of Baseline or Challenger
        The simple rules to beat; ``earlywarn.CHALLENGERS`` may be added.
    parts : path, optional
        A folder in which finished years are kept, so that an interrupted run can resume.
    n_jobs : int
        How many years are worked on at a time, by joblib. With 1, the years share what has been
        built.
    progress : Progress, optional
        Where to report progress; silent by default.
    rivals : sequence of Baseline or Challenger, optional
        The old name of ``baselines``; replaces it if given.

    Returns
    -------
    Backtest

    Raises
    ------
    BacktestError
        If there is nothing to forecast.
    TrainingError
        If a year's model has too few events to learn from.

    Examples
    --------
    >>> import datetime, earlywarn as ew
    >>> panel = ew.load_panel()
    >>> record = ew.backtest(panel, panel.judgements, first_year=2017, leads=(0,),
    ...                      until=datetime.date(2017, 12, 31), n_jobs=1)
    >>> sorted(record.forecasts["model"].unique())[:2]
    ['deprivation', 'earlywarn']
    """
    shown = progress_or_silent(progress)
    question, panel = get_target(target), checked_panel(panel)
    first_year = whole_number(first_year, "first_year", least=FIRST_DAY.year, most=LAST_DAY.year)
    months = several(leads, Integral, "leads", expected="numbers of months")
    leads = [whole_number(lead, "leads", least=0, most=LONGEST_LEAD) for lead in months]
    if rivals is not None:
        baselines = rivals
    known = "what BASELINES and CHALLENGERS hold"
    contenders = several(kind=Contender, what="baselines", expected=known, value=baselines)
    until = _last_start(check_judgements(judgements), until)
    cases = _cases(judgements, question, first_year, until)
    years = range(first_year, until.year + 1)
    name = uuid4().hex
    plan = _Plan(panel, judgements, question, cases, tuple(leads), contenders, until, name)
    # The absolute path, since idle worker processes of an earlier call may be in another folder.
    store = None
    if parts is not None:
        store = FinishedYears(as_path(parts, "parts", BacktestError).absolute(), plan.digest())
    with nullcontext() if store is None else store.kept():
        work = partial(_year, plan, store)
        found = in_workers(work, years, n_jobs, shown, "Forecasting year by year")
    _HERE.clear()
    forecasts = pd.concat([one for one, _ in found], ignore_index=True)
    lists = pd.concat([one for _, one in found], ignore_index=True)
    keys = ["lead_months", "model", "inspection_start", "la_code"]
    return Backtest(
        forecasts=forecasts.sort_values(keys, ignore_index=True) if leads else forecasts,
        lists=lists.sort_values(["as_of", "model", "rank"], ignore_index=True),
        judgements=cases,
        target=question.name,
    )


@dataclass(frozen=True, eq=False)
class _Plan:
    """Everything that the forecasts of one year need."""

    panel: Panel
    judgements: pd.DataFrame
    target: Target
    cases: pd.DataFrame
    leads: tuple[int, ...]
    baselines: tuple[Contender, ...]
    until: date
    name: str

    @cached_property
    def timeline(self) -> Timeline:
        """The timeline, shared by the years that one process works on in sequence."""
        return Timeline(self.panel, self.judgements)

    @cached_property
    def population(self) -> pd.DataFrame:
        """The panel's estimates of the number of children."""
        rows = self.panel.observations
        return rows[rows["measure"] == "population_0_17"]

    def digest(self) -> str:
        """A digest of what the forecasts depend on; if it changes, kept years are not used."""
        parts = [
            __version__,
            catalogue_digest(),
            repr(WeightPrior()),
            self.target.name,
            repr((self.leads, [baseline.name for baseline in self.baselines], self.until)),
            self.judgements.to_csv(index=False),
            _hashed(self.panel.observations),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _hashed(observations: pd.DataFrame) -> str:
    """A number that changes if any cell of the tables does."""
    days = {name: ordinals_of(observations[name]) for name in ("published_on", "vintage")}
    return str(pd.util.hash_pandas_object(observations.assign(**days)).sum())


_HERE: dict[str, _Plan] = {}
"""The plan that this process has worked on. It is sent to a worker process again for each year, but
what its timeline has built for one year is reused for the next."""


def _here(plan: _Plan) -> _Plan:
    if plan.name not in _HERE:
        _HERE.clear()
    return _HERE.setdefault(plan.name, plan)


def _last_start(judgements: pd.DataFrame, until: date | None) -> date:
    newest = max(judgements["inspection_start"].dropna(), default=LAST_DAY)
    if until is None:
        return min(newest, LAST_DAY)
    until = as_date(until, "until", BacktestError)
    if until > LAST_DAY:
        raise BacktestError(
            "no window holds inspections so late",
            where="until",
            found=until.isoformat(),
            expected=f"{LAST_DAY} or earlier",
            remedy="Give an earlier day, or add a window in earlywarn.evaluation.protocol.",
        )
    return until


def _cases(judgements: pd.DataFrame, target: Target, first_year: int, until: date) -> pd.DataFrame:
    """The inspections to be forecast, with their outcomes."""
    begun = cohort(judgements)
    inside = (begun["inspection_start"] >= date(first_year, 1, 1)) & (
        begun["inspection_start"] <= until
    )
    cases = begun[inside].reset_index(drop=True)
    cases = cases.assign(label=target.label(cases), grade=target.grade(cases))
    cases = cases[cases["label"].notna()].reset_index(drop=True)
    if cases.empty:
        raise BacktestError(
            "there is no inspection to forecast",
            found=f"none that began from {first_year} to {until}",
            expected="one or more with a grade",
            remedy="Give more judgements, or another span.",
        )
    return cases


def _year(plan: _Plan, store: FinishedYears | None, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A year's forecasts and lists, computed or read from the kept ones."""
    if store is not None and (kept := store.read(year)) is not None:
        return kept
    plan = _here(plan)
    timeline, cut = plan.timeline, date(year, 1, 1)
    models = _trained(plan, timeline, cut)
    base = models[BASE.name].risk([[0.0]])[0]
    quarters = [date(year, month, 1) for month in QUARTERS if date(year, month, 1) <= plan.until]
    country = cache(Countries(models, plan.baselines, timeline, plan.population).on)
    forecasts = []
    for lead in plan.leads:
        for case in plan.cases.to_dict("records"):
            day = _months_before(case["inspection_start"], lead)
            if day.year != year:
                continue
            rows = country(day).table(case["la_code"])
            forecasts.append(_forecast(rows, case, lead, day, cut, float(base)))
    lists = pd.concat(
        [_listed(country(day).table(), plan, day) for day in quarters], ignore_index=True
    )
    found = pd.concat(forecasts, ignore_index=True) if forecasts else pd.DataFrame()
    if store is not None:
        store.write(year, found, lists)
    return found, lists


def _trained(plan: _Plan, timeline: Timeline, cut: date) -> dict[str, Forecaster]:
    """Our model and each baseline, from the reports published before the cut."""
    known = cohort(plan.judgements, until=cut)
    ours = train(plan.panel, known, until=cut, target=plan.target, refits=0, timeline=timeline)
    cases = training_cases(known, until=cut, target=plan.target)
    X = _with_last(
        timeline, [(row["la_code"], row["inspection_start"]) for row in cases.to_dict("records")]
    )
    age = ages(cases, cut)
    models: dict[str, Forecaster] = {OURS: ours}
    for baseline in {BASE.name: BASE, **{one.name: one for one in plan.baselines}}.values():
        models[baseline.name] = baseline.fit(X, cases["grade"], age)
    return models


def _with_last(timeline: Timeline, pairs: list[tuple[str, date]]) -> pd.DataFrame:
    """Indicators and last inspection of some authorities on some days."""
    return pd.concat([timeline.rows(pairs), timeline.last_inspections(pairs)], axis=1).astype(float)


def _forecast(
    rows: pd.DataFrame, case: Mapping[Hashable, Any], lead: int, day: date, cut: date, base: float
) -> pd.DataFrame:
    """The rows of one inspection at one lead, one per model; none if no such authority existed."""
    begun = case["inspection_start"]
    facts = {
        "window": window_of(begun),
        "lead_months": lead,
        "as_of": day.isoformat(),
        "trained_until": cut.isoformat(),
        "inspection_start": begun.isoformat(),
        "inspection_type": case["inspection_type"],
        "label": case["label"],
        "grade": case["grade"],
        "overall_below_good": float(case["grade"] >= GRADES.index("Requires improvement")),
        "base_rate": base,
    }
    return pd.concat([rows, pd.DataFrame(facts, index=rows.index)], axis=1)


def _listed(national: pd.DataFrame, plan: _Plan, day: date) -> pd.DataFrame:
    """A quarterly list with the first inspection of each authority after it."""
    later = plan.cases[plan.cases["inspection_start"] > day]
    first = later.drop_duplicates("la_code").set_index("la_code")
    begun = first["inspection_start"].map(lambda start: start.isoformat())
    return pd.DataFrame(
        {
            "as_of": day.isoformat(),
            "model": national["model"],
            "la_code": national["la_code"],
            "la_name": national["la_name"],
            "risk": national["risk"],
            "rank": national["list_rank"],
            "rank_new": national["list_rank_new"],
            "next_start": national["la_code"].map(begun),
            "next_label": national["la_code"].map(first["label"]),
        }
    )


def _months_before(day: date, months: int) -> date:
    return (pd.Timestamp(day) - pd.DateOffset(months=months)).date()
