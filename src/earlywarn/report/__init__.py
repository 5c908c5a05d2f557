"""The report as a page, and the plots for notebooks."""

from __future__ import annotations

from earlywarn.report.calibration_plot import calibration
from earlywarn.report.indicator_history import indicator_history
from earlywarn.report.indicator_plots import funnel, history
from earlywarn.report.page import write_report
from earlywarn.report.plots import lead_time, ranked_intervals, tile_map, waterfall
from earlywarn.report.risk_history import rank_movement, risk_history

__all__ = [
    "calibration",
    "funnel",
    "history",
    "indicator_history",
    "lead_time",
    "rank_movement",
    "ranked_intervals",
    "risk_history",
    "tile_map",
    "waterfall",
    "write_report",
]
