"""Workbooks of inspection outcomes as Ofsted publishes them, with a few rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

HISTORY = "ILACS_inspection_history"
LEADERS = "The impact of leaders on social work practice with children and families"
HELP = "The experiences and progress of children who need help and protection"
IN_CARE = "The experiences and progress of children in care"
LEAVERS = "The experiences and progress of care leavers"
ODS_HEADER = [
    "Web link",
    "Local authority area code",
    "Local authority name",
    "Local authority status",
    "Ofsted region",
    "Inspection date",
    "Publication date",
    "Inspection type",
    "Overall effectiveness",
    LEADERS,
    HELP,
    IN_CARE,
    LEAVERS,
]
RI = "Requires improvement to be good"


def ods_row(
    code: str = "E09000002",
    name: str = "Barking and Dagenham",
    start: object = date(2023, 7, 10),
    published: object = date(2023, 9, 4),
    kind: str = "ILACS Standard Inspection",
    grades: tuple[str, ...] = (RI, RI, "Inadequate", "Good", "Good"),
) -> list[object]:
    return ["Ofsted Webpage", code, name, "Current", "London", start, published, kind, *grades]


def write_sheets(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    engine = "odf" if path.suffix == ".ods" else "openpyxl"
    with pd.ExcelWriter(path, engine=engine) as writer:
        for name, rows in sheets.items():
            width = max(len(row) for row in rows)
            full = [[*row, *[""] * (width - len(row))] for row in rows]
            pd.DataFrame(full).to_excel(writer, sheet_name=name, header=False, index=False)
    return path
