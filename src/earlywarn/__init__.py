"""Early warning of failing children's services in England, from published figures.

Import it as ``import earlywarn as ew``. Importing does no work and loads neither scikit-learn nor a
plotting library; each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__

if TYPE_CHECKING:
    from earlywarn.backtesting import Backtest as Backtest
    from earlywarn.backtesting import backtest as backtest
    from earlywarn.batch import score_file as score_file
    from earlywarn.cards import write_card as write_card
    from earlywarn.catalogue import INDICATORS as INDICATORS
    from earlywarn.challengers import CHALLENGERS as CHALLENGERS
    from earlywarn.classifier import RiskClassifier as RiskClassifier
    from earlywarn.counterfactual import what_would_change as what_would_change
    from earlywarn.drifting import drift as drift
    from earlywarn.errors import EarlyWarnError as EarlyWarnError
    from earlywarn.explanation import explain as explain
    from earlywarn.indicators import build_indicators as build_indicators
    from earlywarn.model import RiskModel as RiskModel
    from earlywarn.outcomes import TARGETS as TARGETS
    from earlywarn.panel import Panel as Panel
    from earlywarn.panel import Snapshot as Snapshot
    from earlywarn.panel import load_judgements as load_judgements
    from earlywarn.panel import load_panel as load_panel
    from earlywarn.panel import write_panel as write_panel
    from earlywarn.publications import read_published as read_published
    from earlywarn.record import make_record as make_record
    from earlywarn.record import write_record as write_record
    from earlywarn.report import write_report as write_report
    from earlywarn.rivals import RIVALS as RIVALS
    from earlywarn.scoring import score as score
    from earlywarn.scoring import score_batch as score_batch
    from earlywarn.service import serve as serve
    from earlywarn.store import load_model as load_model
    from earlywarn.store import save_model as save_model
    from earlywarn.training import train as train

_ROOMS = {
    "Backtest": "backtesting",
    "CHALLENGERS": "challengers",
    "EarlyWarnError": "errors",
    "INDICATORS": "catalogue",
    "Panel": "panel",
    "RIVALS": "rivals",
    "RiskClassifier": "classifier",
    "RiskModel": "model",
    "Snapshot": "panel",
    "TARGETS": "outcomes",
    "backtest": "backtesting",
    "build_indicators": "indicators",
    "drift": "drifting",
    "explain": "explanation",
    "load_judgements": "panel",
    "load_model": "store",
    "load_panel": "panel",
    "make_record": "record",
    "read_published": "publications",
    "save_model": "store",
    "score": "scoring",
    "score_batch": "scoring",
    "score_file": "batch",
    "serve": "service",
    "train": "training",
    "write_card": "cards",
    "what_would_change": "counterfactual",
    "write_panel": "panel",
    "write_record": "record",
    "write_report": "report",
}
__all__ = ["__version__", *_ROOMS]  # noqa: PLE0604 - the names are strings, of a tuple


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        message = f"module 'earlywarn' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"earlywarn.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
