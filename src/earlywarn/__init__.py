"""Early warning of failing children's services in England, from published figures.

Import it as ``import earlywarn as ew``. Importing does no work and loads neither scikit-learn nor a
plotting library; each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__

if TYPE_CHECKING:
    from earlywarn.cards import write_card as write_card
    from earlywarn.errors import EarlyWarnError as EarlyWarnError
    from earlywarn.evaluation.backtesting import Backtest as Backtest
    from earlywarn.evaluation.backtesting import backtest as backtest
    from earlywarn.evaluation.baselines import BASELINES as BASELINES
    from earlywarn.evaluation.baselines import RIVALS as RIVALS
    from earlywarn.evaluation.challengers import CHALLENGERS as CHALLENGERS
    from earlywarn.evaluation.drift import drift as drift
    from earlywarn.evaluation.record import make_record as make_record
    from earlywarn.evaluation.record import write_record as write_record
    from earlywarn.export.data_dictionary import data_dictionary as data_dictionary
    from earlywarn.export.tables import write_table as write_table
    from earlywarn.indicators.build import build_indicators as build_indicators
    from earlywarn.indicators.catalogue import INDICATORS as INDICATORS
    from earlywarn.judgements.targets import TARGETS as TARGETS
    from earlywarn.model.classifier import RiskClassifier as RiskClassifier
    from earlywarn.model.risk_model import RiskModel as RiskModel
    from earlywarn.model.serialisation import load_model as load_model
    from earlywarn.model.serialisation import save_model as save_model
    from earlywarn.model.training import train as train
    from earlywarn.panel.panel import Panel as Panel
    from earlywarn.panel.panel import Snapshot as Snapshot
    from earlywarn.panel.panel import load_judgements as load_judgements
    from earlywarn.panel.panel import load_panel as load_panel
    from earlywarn.panel.panel import write_panel as write_panel
    from earlywarn.panel.published import read_published as read_published
    from earlywarn.report import write_report as write_report
    from earlywarn.report.explanation_card import explanation_card as explanation_card
    from earlywarn.report.explorer import write_explorer as write_explorer
    from earlywarn.scoring.batch import score_batch as score_batch
    from earlywarn.scoring.changes import what_changed as what_changed
    from earlywarn.scoring.comparison import compare as compare
    from earlywarn.scoring.comparison import neighbours as neighbours
    from earlywarn.scoring.counterfactual import what_would_change as what_would_change
    from earlywarn.scoring.explanation import explain as explain
    from earlywarn.scoring.freshness import freshness as freshness
    from earlywarn.scoring.national import score as score
    from earlywarn.scoring.own_figures import with_figures as with_figures
    from earlywarn.serving.batch_file import score_file as score_file
    from earlywarn.serving.http_app import serve as serve
    from earlywarn.upkeep.monitoring import monitor as monitor
    from earlywarn.upkeep.publishing import publish as publish
    from earlywarn.upkeep.refreshing import refresh as refresh
    from earlywarn.upkeep.retraining import retrain as retrain
    from earlywarn.upkeep.verifying import verify as verify

_MODULES = {
    "BASELINES": "evaluation.baselines",
    "Backtest": "evaluation.backtesting",
    "CHALLENGERS": "evaluation.challengers",
    "EarlyWarnError": "errors",
    "INDICATORS": "indicators.catalogue",
    "Panel": "panel.panel",
    "RIVALS": "evaluation.baselines",
    "RiskClassifier": "model.classifier",
    "RiskModel": "model.risk_model",
    "Snapshot": "panel.panel",
    "TARGETS": "judgements.targets",
    "backtest": "evaluation.backtesting",
    "build_indicators": "indicators.build",
    "compare": "scoring.comparison",
    "data_dictionary": "export.data_dictionary",
    "drift": "evaluation.drift",
    "explain": "scoring.explanation",
    "explanation_card": "report.explanation_card",
    "freshness": "scoring.freshness",
    "load_judgements": "panel.panel",
    "load_model": "model.serialisation",
    "load_panel": "panel.panel",
    "make_record": "evaluation.record",
    "neighbours": "scoring.comparison",
    "read_published": "panel.published",
    "monitor": "upkeep.monitoring",
    "publish": "upkeep.publishing",
    "refresh": "upkeep.refreshing",
    "retrain": "upkeep.retraining",
    "save_model": "model.serialisation",
    "score": "scoring.national",
    "score_batch": "scoring.batch",
    "score_file": "serving.batch_file",
    "serve": "serving.http_app",
    "train": "model.training",
    "with_figures": "scoring.own_figures",
    "write_card": "cards",
    "what_changed": "scoring.changes",
    "verify": "upkeep.verifying",
    "what_would_change": "scoring.counterfactual",
    "write_explorer": "report.explorer",
    "write_panel": "panel.panel",
    "write_record": "evaluation.record",
    "write_report": "report",
    "write_table": "export.tables",
}
__all__ = ["__version__", *_MODULES]  # noqa: PLE0604 - the names are strings in a tuple


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        message = f"module 'earlywarn' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"earlywarn.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
