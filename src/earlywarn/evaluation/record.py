"""The record of a backtest as files: figures as JSON, tidy tables, and the page that shows them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.errors import BacktestError, MissingExtraError, require
from earlywarn.evaluation.backtesting import Backtest
from earlywarn.evaluation.checks import Evidence, Result, as_frame, run_checks
from earlywarn.evaluation.fairness import groups, recounted, steadiness
from earlywarn.evaluation.performance import decision_curve, evaluate, reliability, to_records
from earlywarn.evaluation.populations import (
    lists_of_new,
    new_events,
    new_failures,
    populations,
)
from earlywarn.evaluation.protocol import CAPACITY
from earlywarn.evaluation.record_page import page
from earlywarn.evaluation.watchlist import lead_time, list_record
from earlywarn.indicators.build import build_indicators
from earlywarn.panel.panel import checked_panel
from earlywarn.panel.storage import panel_digest
from earlywarn.scoring.defaults import checked_model
from earlywarn.utils.arguments import of_kind, several, whole_number
from earlywarn.utils.dates import as_date
from earlywarn.utils.files import check_outputs, folder_for, write_together, written_to
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from earlywarn.evaluation.performance import Evaluation
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel
    from earlywarn.utils.progress import Progress

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Record:
    """Everything that a backtest shows.

    Attributes
    ----------
    backtest : Backtest
    evaluation : Evaluation
    tables : dict of DataFrame
        Further tables by name: ``reliability``, ``decision_curve``, ``lead_time``, ``list_record``,
        ``groups``, ``steadiness``, ``recounted``, ``checks``; ``populations``, and, with names
        ending in ``_new``, those of authorities that were not already Inadequate.
    checks : tuple of Result
    about : dict
        What it was made from: ``earlywarn`` (version), ``model_id``, ``panel`` (digest), ``as_of``
        (the date of today's list), ``resamples``, ``seed`` and ``level`` of the intervals.
    """

    backtest: Backtest
    evaluation: Evaluation
    tables: dict[str, pd.DataFrame]
    checks: tuple[Result, ...]
    about: dict[str, Any] = field(default_factory=dict)


def make_record(
    backtest: Backtest,
    model: RiskModel,
    panel: Panel,
    *,
    as_of: date | None = None,
    mute: Collection[int] = (),
    resamples: int = RESAMPLES,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> Record:
    """Measure a backtest and check it.

    Parameters
    ----------
    backtest : Backtest
    model : RiskModel
        The model in use, for the checks of today's list.
    panel : Panel
    as_of : date, optional
        The date of today's list. Default: that of the latest publication.
    mute : collection of int
        Numbers of checks to leave out.
    resamples : int
        Number of resamples of the authority-clustered bootstrap.
    n_jobs : int
        Number of processes; -1 for one per core.
    progress : Progress, optional
        Where to report progress.
    """
    of_kind(backtest, Backtest, "backtest", expected="what backtest gives", fault=BacktestError)
    model, panel = checked_model(model), checked_panel(panel)
    resamples = whole_number(resamples, "resamples", least=1, fault=BacktestError)
    numbers = "numbers of checks"
    mute = several(mute, Integral, "mute", expected=numbers, fault=BacktestError)
    newest = panel.newest_publication
    day = newest if as_of is None else as_date(as_of, "as_of", BacktestError)
    evaluation = evaluate(backtest.forecasts, resamples=resamples, n_jobs=n_jobs, progress=progress)
    evidence = Evidence(backtest, evaluation.records, evaluation.paired, model, panel, day)
    results = run_checks(evidence, mute=mute)
    events = backtest.judgements[backtest.judgements["label"] == 1.0]
    tables = {
        "reliability": reliability(backtest.forecasts),
        "decision_curve": decision_curve(backtest.forecasts),
        "lead_time": lead_time(backtest.lists, events, capacity=CAPACITY),
        "list_record": list_record(backtest.lists, capacity=CAPACITY),
        "groups": groups(backtest.forecasts),
        "steadiness": steadiness(backtest.lists),
        "recounted": recounted(model, build_indicators(panel.as_of(day))),
        **tables_of_new_failures(backtest, resamples, n_jobs, progress),
        "checks": as_frame(results),
    }
    about = {
        "earlywarn": __version__,
        "model_id": model.info["model_id"],
        "panel": panel_digest(panel.manifest),
        "as_of": day.isoformat(),
        "resamples": evaluation.resamples,
        "seed": evaluation.seed,
        "level": evaluation.level,
    }
    return Record(backtest, evaluation, tables, results, about)


def tables_of_new_failures(
    backtest: Backtest, resamples: int, n_jobs: int = 1, progress: Progress | None = None
) -> dict[str, pd.DataFrame]:
    """Make the tables of authorities that were not already Inadequate, and compare with others.

    Parameters
    ----------
    backtest : Backtest
    resamples : int
        Number of resamples of the authority-clustered bootstrap.
    n_jobs : int
        Number of processes; -1 for one per core.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    dict of DataFrame
        ``populations``, and those whose names end in ``_new``.
    """
    forecasts = new_failures(backtest.forecasts)
    lists = lists_of_new(backtest.lists)
    events = new_events(backtest.forecasts, backtest.judgements)
    measured = evaluate(forecasts, resamples=resamples, n_jobs=n_jobs, progress=progress)
    return {
        "populations": populations(backtest.forecasts),
        "records_new": measured.records,
        "reliability_new": reliability(forecasts),
        "decision_curve_new": decision_curve(forecasts),
        "lead_time_new": lead_time(lists, events, capacity=CAPACITY),
        "list_record_new": list_record(lists, capacity=CAPACITY),
        "groups_new": groups(forecasts),
    }


def write_record(record: Record, folder: str | Path, *, overwrite: bool = False) -> None:
    """Write ``backtest.json``, ``evaluation.md``, and the tables as CSV and, if possible, Parquet.

    Raises
    ------
    BacktestError
        If a record exists and may not be replaced.
    """
    target = as_path(folder, "folder", BacktestError)
    check_outputs(
        target / "backtest.json",
        overwrite=overwrite,
        make_folders=True,
        what="a record",
        fault=BacktestError,
    )
    of_kind(record, Record, "record", expected="what make_record gives", fault=BacktestError)
    contents: dict[Path, str | bytes] = {}
    for name, frame in _all_tables(record).items():
        contents[target / f"{name}.csv"] = frame.to_csv(index=False, lineterminator="\n")
        contents |= _parquet(frame, target / f"{name}.parquet")
    contents[target / "evaluation.md"] = page(record.evaluation, record.tables, record.backtest)
    contents[target / "backtest.json"] = _json(record)
    with written_to(target, BacktestError), folder_for(target):
        write_together(contents, overwrite=overwrite)


def _all_tables(record: Record) -> dict[str, pd.DataFrame]:
    return {
        "forecasts": record.backtest.forecasts,
        "lists": record.backtest.lists,
        "records": record.evaluation.records,
        "paired": record.evaluation.paired,
        **record.tables,
    }


def _parquet(frame: pd.DataFrame, file: Path) -> dict[Path, bytes]:
    try:
        require("pyarrow", extra="data")
    except MissingExtraError:
        return {}
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return {file: buffer.getvalue()}


def _json(record: Record) -> str:
    document: dict[str, Any] = {
        "target": record.backtest.target,
        "about": record.about,
        "records": to_records(record.evaluation),
        "checks": [vars(result) for result in record.checks],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
