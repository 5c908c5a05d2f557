"""Regenerate the record for the report and cards: src/earlywarn/data/record.json.

Usage: python tools/make_record_table.py RECORD, a folder written by `backtest --out`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from earlywarn.evaluation.stored_record import SHIPPED, read_recorded, to_text
from earlywarn.utils.files import package_path, write_whole


def main(folder: Path) -> None:
    """Write the tables of a record that are shown."""
    recorded = read_recorded(folder)
    write_whole(package_path("data") / Path(SHIPPED).name, to_text(recorded))
    rows = sum(len(table) for table in recorded.tables.values())
    print(f"{rows} rows in {len(recorded.tables)} tables, of model {recorded.about['model_id']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
