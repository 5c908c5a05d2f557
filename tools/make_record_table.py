"""Regenerate src/earlywarn/data/record.csv, what the report says of earlier years, from a record.

Usage: python tools/make_record_table.py RECORD, a folder that `backtest --out` wrote.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from earlywarn.files import package_path, write_whole
from earlywarn.report.past import COLUMNS, RECORD


def main(folder: Path) -> None:
    """Keep the rows at the start of the inspections, and the columns that the report tells."""
    rows = pd.read_csv(folder / "records.csv")
    kept = rows.loc[rows["lead_months"] == 0, list(COLUMNS)]
    text = kept.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    write_whole(package_path(RECORD), text)
    print(f"{len(kept)} rows, {len(COLUMNS)} columns")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
