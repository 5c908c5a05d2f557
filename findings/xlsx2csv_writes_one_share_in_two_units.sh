#!/usr/bin/env bash
# xlsx2csv writes a share of 25.641% as 26%, as 25.64% or as 0.256, by how its cell is shown.
#
# Seen with xlsx2csv 0.8.6 and openpyxl 3.1.5 on Python 3.11.
#
# Official workbooks keep a percentage as a number, 0.25641, and show it as 25.6%. How many decimals are
# shown is chosen sheet by sheet. A converter to CSV is expected to write what is stored, as pandas and
# Excel's own text of an unformatted cell have it, or else what is shown. xlsx2csv says that it exports
# sheets to CSV, and offers to "ignore format for specific data types"
# (https://github.com/dilshod/xlsx2csv), so that one may take it to write what is shown if not asked.
#
# It does neither throughout. A cell shown without decimals becomes 26%, so that the digits behind are
# lost; shown with two it becomes 25.64%; shown with one, as most official tables do, it becomes 0.256:
# without its sign, in another unit, and rounded to that of a percentage. Where the sign is taken off
# and the rest read as a number, one column is a hundredth of the other. A number that is no percentage
# keeps all its digits under 0 and #,##0 and loses them under 0.0, and a day shown as its month loses
# the day. Nothing warns.
#
# Output seen, the same share under five formats, a number under three and a day:
#   0%                   26%
#   0.0%                 0.256
#   0.00%                25.64%
#   0.0 in a number      25.6
#   0 in a number        25.641
#   #,##0 in a number    25.641
#   mmm yyyy             Oct 2025
#   percentage ignored:   0.25641, 0.256, 0.25641
#   and float ignored:    0.25641, 0.25641, 0.25641, 25.641, 25.641
#
# What to do: read the workbook itself, or convert with --ignore-formats percentage float, and multiply
# shares by 100. earlywarn refuses 26% where a number stands, in published tables and in rows, and doubts
# 0.256 among percentages.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  xlsx2csv==0.8.6 openpyxl==3.1.5

cat >"$folder/look.py" <<'PYTHON'
import csv
import io
import sys
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from xlsx2csv import Xlsx2csv

CELLS = [
    ("0%", 0.25641, "26%"),
    ("0.0%", 0.25641, "0.256"),
    ("0.00%", 0.25641, "25.64%"),
    ("0.0", 25.641, "25.6"),
    ("0", 25.641, "25.641"),
    ("#,##0", 25.641, "25.641"),
    ("mmm yyyy", date(2025, 10, 30), "Oct 2025"),
]
file = Path(sys.argv[1]) / "table.xlsx"
book = Workbook()
for row, (form, value, _) in enumerate(CELLS, 1):
    book.active.cell(row, 1, value).number_format = form
book.save(file)


def written(**options):
    text = io.StringIO()
    Xlsx2csv(str(file), **options).convert(text)
    return [row[0] for row in csv.reader(io.StringIO(text.getvalue()))]


as_usual = written()
for (form, _, _), cell in zip(CELLS, as_usual):
    print(f"{form:20} {cell}")
half = written(ignore_formats=["percentage"])[:3]
print("percentage ignored:  ", ", ".join(half))
plain = written(ignore_formats=["percentage", "float"])[:5]
print("and float ignored:   ", ", ".join(plain))
right = half == ["0.25641", "0.256", "0.25641"] and plain == ["0.25641"] * 3 + ["25.641"] * 2
sys.exit(not (as_usual == [cell for *_, cell in CELLS] and right))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder"
