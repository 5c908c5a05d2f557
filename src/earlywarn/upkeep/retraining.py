"""Champion and challenger: compare a new model with the one in use, by a rule set beforehand."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import TrainingError, UsageError
from earlywarn.evaluation.backtesting import FIRST_YEAR, LAST_DAY, backtest
from earlywarn.evaluation.baselines import below_good
from earlywarn.evaluation.checks import Evidence, as_frame, run_checks
from earlywarn.evaluation.drift import drift
from earlywarn.evaluation.performance import evaluate
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.schema import judgements_text
from earlywarn.judgements.targets import GRADES, cohort, get_target
from earlywarn.model.horizon import on_day
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import fingerprint, load_model, model_file
from earlywarn.model.training import MOST_REFITS, design, train
from earlywarn.panel.panel import FIRST_DAY, checked_panel
from earlywarn.panel.storage import panel_digest
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.preprocessing import model_indicators, read_rows
from earlywarn.statistics.bootstrap import cluster_weights, interval, weighted_ratio
from earlywarn.statistics.exact import count_tails
from earlywarn.statistics.metrics import auc, brier, log_score
from earlywarn.upkeep.retrained import Retrained, check_places, write_retrained
from earlywarn.upkeep.rule import LEVEL, REPLACE, RULE, decide
from earlywarn.utils.arguments import whole_number
from earlywarn.utils.dates import as_date
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from earlywarn.panel.panel import Panel
    from earlywarn.statistics.arrays import FloatArray

EVENTS = ("inadequate", "below good")
_RESAMPLES, _SEED = 2000, 20160913


def retrain(  # noqa: PLR0913 - every choice of a retraining, by name
    panel: Panel,
    judgements: pd.DataFrame | None = None,
    *,
    against: RiskModel | str | Path | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    replace_champion: bool = False,
    first_year: int = FIRST_YEAR,
    refits: int | None = None,
    progress: Progress | None = None,
) -> Retrained:
    """Train a challenger, compare it with the champion, and propose which to use.

    Parameters
    ----------
    panel : Panel
    judgements : DataFrame, optional
        Default: those of the panel.
    against : RiskModel or path, optional
        The champion. Default: the model that ships with the package.
    out : str or Path, optional
        A folder for the challenger, ``retrained.json`` and ``retrained.md``. By default nothing is
        written.
    overwrite : bool
        Whether existing files in ``out`` may be replaced.
    replace_champion : bool
        Whether to replace the champion by the challenger, if the rule proposes it: ``against`` must
        be its path. The old file is kept next to it under its name.
    first_year : int
        The first year of the backtest for the numbered checks.
    refits : int, optional
        Number of bootstrap refits for the uncertainty, if fewer than usual are enough.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    Retrained

    Raises
    ------
    UsageError
        If the champion can't be replaced because it ships with the package.

    Notes
    -----
    The challenger itself has seen every judgement. The comparison therefore uses the same recipe,
    with the same figures, trained up to the champion's cut, so that an inspection that began after
    the cut is new to both. Where the recipe has not changed, the two are the same, and the rule
    depends only on the checks and the champion's life.

    Examples
    --------
    >>> import earlywarn as ew
    >>> done = ew.retrain(ew.load_panel())  # doctest: +SKIP
    >>> done.proposal  # doctest: +SKIP
    'keep: not enough to tell'
    """
    watched, panel = progress_or_silent(progress), checked_panel(panel)
    first_year = whole_number(first_year, "first_year", least=FIRST_DAY.year, most=LAST_DAY.year)
    out = None if out is None else as_path(out, "out")
    if refits is not None:
        whole_number(refits, "refits", least=0, most=MOST_REFITS, fault=TrainingError)
    champion = against if isinstance(against, RiskModel) else load_model(against)
    place = None if isinstance(against, RiskModel) or against is None else model_file(against)
    if replace_champion and place is None:
        raise UsageError(
            "the model that ships can't be replaced in place",
            where="against",
            expected="the folder of the model in use",
            remedy="Save it to its own folder, and name that folder.",
        )
    check_places(out, overwrite=overwrite)
    known = cohort(panel.judgements if judgements is None else judgements)
    options: dict[str, Any] = {} if refits is None else {"refits": refits}
    options |= {"target": champion.info["target"]["name"], "progress": watched}
    done = _compared(panel, known, champion, first_year, options)
    if out is None and not replace_champion:
        return done
    replaced = place if replace_champion and done.proposal == REPLACE else None
    saved = write_retrained(done, out, in_place_of=replaced, overwrite=overwrite)
    return replace(done, saved=saved, replaced=replaced is not None)


def _compared(
    panel: Panel,
    known: pd.DataFrame,
    champion: RiskModel,
    first_year: int,
    options: Mapping[str, Any],
) -> Retrained:
    cut = as_date(champion.info["training"]["until"], "until", TrainingError)
    timeline = Timeline(panel, known)
    held_back = train(panel, known, timeline=timeline, **{**options, "until": cut, "refits": 0})
    challenger = train(panel, known, timeline=timeline, **options)
    cases = _unseen(known, champion, cut)
    risks = {
        name: risks_at_start(model, timeline, cases)
        for name, model in (("champion", champion), ("challenger", held_back))
    }
    compared = pd.DataFrame([_difference(cases, risks, event) for event in EVENTS])
    whole = panel.with_judgements(known)
    checks = numbered_checks(whole, known, challenger, first_year, options["progress"])
    failed = checks.loc[checks["status"] == "fail", "number"].tolist()
    snapshot = whole.as_of(whole.newest_publication)
    today = drift(champion, snapshot)
    decision = decide(failed, compared, unusable=() if today.usable else today.reasons)
    line = _line(champion, challenger, panel, known, decision.proposal)
    challenger = challenger.with_info({**challenger.info, "line": line})
    figures = [
        _figures(cases, name, risk, event) for event in EVENTS for name, risk in risks.items()
    ]
    return Retrained(
        champion,
        challenger,
        pd.DataFrame(figures),
        compared,
        checks,
        _changes(champion, challenger, snapshot),
        decision.proposal,
        decision.reason,
    )


def _unseen(known: pd.DataFrame, champion: RiskModel, cut: date) -> pd.DataFrame:
    """Graded inspections that began after the champion's cut."""
    question = get_target(champion.info["target"]["name"])
    cases = known.assign(grade=question.grade(known))
    new = (cases["inspection_start"] > cut) & cases["grade"].notna()
    return cases[new].reset_index(drop=True)


def _happened(cases: pd.DataFrame, event: str) -> FloatArray:
    lowest = "Inadequate" if event == EVENTS[0] else "Requires improvement"
    return np.asarray(cases["grade"] >= GRADES.index(lowest), dtype=float)


def risks_at_start(
    model: RiskModel, timeline: Timeline, cases: pd.DataFrame
) -> dict[str, FloatArray]:
    """Both probabilities as of each inspection's start, as ``score`` would give them."""
    if cases.empty:
        return {event: np.empty(0) for event in EVENTS}
    X = design(timeline, cases, model_indicators(model)).reset_index(drop=True)
    values = read_rows(model, X).values  # noqa: PD011 - not a frame
    found = []
    for row, start in enumerate(cases["inspection_start"]):
        today, one = on_day(model, start), values[row : row + 1]
        found.append((float(today.risk(one)[0]), float(below_good(today, one)[0])))
    return dict(zip(EVENTS, np.array(found).T, strict=True))


def _surprise(p: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray(-np.where(y == 1, np.log(p), np.log1p(-p)))


def _difference(
    cases: pd.DataFrame, risks: Mapping[str, Mapping[str, FloatArray]], event: str
) -> dict[str, Any]:
    """How much worse the challenger's log score is, as a share of the champion's."""
    y = _happened(cases, event)
    row: dict[str, Any] = {"event": event, "inspections": len(y), "seen": int(y.sum())}
    if not len(y):
        return row | dict.fromkeys(("worse", "worse_lower", "worse_upper"), np.nan)
    ours, theirs = (_surprise(risks[name][event], y) for name in ("champion", "challenger"))
    weights = cluster_weights(cases["la_code"], _RESAMPLES, _SEED)
    draws = weighted_ratio(weights, theirs - ours, ours)
    lower, upper = interval(draws, LEVEL)
    return row | {"worse": float(draws[0]), "worse_lower": lower, "worse_upper": upper}


def _figures(
    cases: pd.DataFrame, name: str, risks: Mapping[str, FloatArray], event: str
) -> dict[str, Any]:
    y, p = _happened(cases, event), risks[event]
    seen, some = int(y.sum()), len(y) > 0
    few, many = count_tails(p, seen) if some else (np.nan, np.nan)
    return {
        "event": event,
        "model": name,
        "inspections": len(y),
        "seen": seen,
        "expected": float(p.sum()),
        "chance_of_as_few": few,
        "chance_of_as_many": many,
        "auc": auc(p, y) if 0 < seen < len(y) else np.nan,
        "brier": brier(p, y) if some else np.nan,
        "log_score": log_score(p, y) if some else np.nan,
    }


def numbered_checks(
    panel: Panel, known: pd.DataFrame, challenger: RiskModel, first_year: int, progress: Progress
) -> pd.DataFrame:
    """The numbered checks, on a backtest of the challenger's recipe at the start of inspections."""
    target = challenger.info["target"]["name"]
    record = backtest(
        panel, known, target=target, first_year=first_year, leads=(0,), n_jobs=1, progress=progress
    )
    measured = evaluate(record.forecasts, resamples=1000, progress=progress)
    day = panel.newest_publication
    evidence = Evidence(record, measured.records, measured.paired, challenger, panel, day)
    return as_frame(run_checks(evidence))


def _changes(champion: RiskModel, challenger: RiskModel, snapshot: Any) -> pd.DataFrame:
    """The changes for each authority, by the parts of each model's own explanation."""
    parts = []
    for name, model in (("champion", champion), ("challenger", challenger)):
        rows = explain(model, snapshot)
        rows = rows.assign(term=rows["indicator"].where(rows["term"] != "baseline", "baseline"))
        keys = ["la_code", "la_name", "term"]
        parts.append(rows.groupby(keys)["contribution"].sum().rename(name))
    both = pd.concat(parts, axis=1).fillna(0.0)
    both["change"] = both["challenger"] - both["champion"]
    odds = both.groupby(level="la_code")[["champion", "challenger"]].transform("sum")
    risks = odds.apply(lambda column: 1 / (1 + np.exp(-column))).add_prefix("risk_")
    table = both[["change"]].join(risks).reset_index()
    return table[["la_code", "la_name", "risk_champion", "risk_challenger", "term", "change"]]


def _line(
    champion: RiskModel, challenger: RiskModel, panel: Panel, known: pd.DataFrame, proposal: str
) -> list[dict[str, str]]:
    """The challenger's line of descent, parents first."""
    first, own = (
        {
            "model": str(model.info["model_id"]),
            "digest": fingerprint(model),
            "until": str(model.info["training"]["until"]),
        }
        for model in (champion, challenger)
    )
    own |= {
        "parent": first["model"],
        "panel_digest": panel_digest(panel.manifest),
        "judgements_digest": hashlib.sha256(judgements_text(known).encode()).hexdigest()[:16],
        "rule": RULE,
        "proposal": proposal,
    }
    return [*champion.info.get("line", [first]), own]
