"""Regenerate what the report and a card say of a record: src/earlywarn/data/record*, from a record.

Usage: python tools/make_record_table.py RECORD, a folder that `backtest --out` wrote.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from earlywarn.evaluation.stored_record import SHIPPED, read_recorded, to_text
from earlywarn.report.track_record import (
    ALARMS,
    CALIBRATION,
    CALIBRATION_COLUMNS,
    COLUMNS,
    OURS,
    RECORD,
    WARNING_COLUMNS,
    WARNINGS,
)
from earlywarn.utils.files import package_path, write_whole


def main(folder: Path) -> None:
    """Keep what the report shows of a record, and what a model's card does."""
    keep_for_the_report(folder)
    recorded = read_recorded(folder)
    write_whole(package_path("data") / Path(SHIPPED).name, to_text(recorded))
    rows = sum(len(table) for table in recorded.tables.values())
    print(f"{rows} rows in {len(recorded.tables)} tables, of model {recorded.about['model_id']}")


def keep_for_the_report(folder: Path) -> None:
    """Keep the rows at the start of the inspections, and the columns that the report shows."""
    rows = pd.read_csv(folder / "records.csv")
    lists = pd.read_csv(folder / "list_record.csv").set_index(["window", "model"])
    kept = rows.loc[rows["lead_months"] == 0, list(COLUMNS)]
    kept = kept.join(lists[list(ALARMS)], on=["window", "model"])
    bins = pd.read_csv(folder / "reliability.csv")
    warnings = pd.read_csv(folder / "lead_time.csv", dtype={"la_code": "str"})
    tables = {
        RECORD: kept,
        CALIBRATION: bins.loc[bins["model"] == OURS, list(CALIBRATION_COLUMNS)],
        WARNINGS: warnings.loc[warnings["model"] == OURS, list(WARNING_COLUMNS)],
    }
    data = package_path(RECORD).parent
    for name, table in tables.items():
        text = table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
        write_whole(data / Path(name).name, text)
        print(f"{name}: {len(table)} rows, {len(table.columns)} columns")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
