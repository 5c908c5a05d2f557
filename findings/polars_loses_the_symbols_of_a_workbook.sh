#!/usr/bin/env bash
# polars reads a workbook, and every symbol for a suppressed figure below row 100 is gone.
#
# Seen with polars 2.1.0, fastexcel 0.21.0 and openpyxl 3.1.5 on Python 3.11.
#
# Official tables write a symbol where there is no figure: c for suppressed, z for not applicable, and
# "low" for what rounds to zero, which is a figure. pandas.read_excel keeps such a column as it is, and
# pl.read_csv of the same table stops and says which cell is no number. read_excel takes
# infer_schema_length, "the maximum number of rows to scan for schema inference", 100 if not given
# (https://docs.pola.rs/api/python/stable/reference/api/polars.read_excel.html). So one expects that
# a symbol below them is text all the same, or an error as with CSV.
#
# Instead the column is made of numbers and the symbol is null. Nothing warns. Sorted by code, the
# hundredth of the 153 authorities is in the middle of the counties: of the tables of one year those of
# London and the big cities lose nothing, while what was suppressed for the smallest, and each "low",
# becomes a figure that was never there. The same symbol in row 99 makes the whole column text. With
# engine="openpyxl" the symbols stay.
#
# Output seen, a table of 153 rows, with c in row 130, low in row 140 and 22.6 as text in row 150:
#   as read:                      Float64, cells 130, 140, 150: None, None, 22.6
#   the same with c in row 90:    String, cells 130, 140, 150: c, low, 22.6
#   infer_schema_length=None:     String, cells 130, 140, 150: c, low, 22.6
#   engine="openpyxl":            String, cells 130, 140, 150: c, low, 22.6
#   the same table as CSV: ComputeError
#
# What to do: give infer_schema_length=None, or read every column as text. earlywarn's own reader takes
# each cell of a workbook as text and knows the symbols; a frame that was made elsewhere can't show what
# it lost, and "low" must be given as 0.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  polars==2.1.0 fastexcel==0.21.0 openpyxl==3.1.5

cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings
from pathlib import Path

import openpyxl
import polars as pl

warnings.simplefilter("error")
folder = Path(sys.argv[1])
SYMBOLS = {130: "c", 140: "low", 150: "22.6"}


def table(name, more=()):
    cells = [20 + row % 7 + 0.5 for row in range(153)]
    for row, symbol in {**SYMBOLS, **dict(more)}.items():
        cells[row] = symbol
    book = openpyxl.Workbook()
    book.active.append(["la_code", "rate"])
    for row, cell in enumerate(cells):
        book.active.append([f"{201 + row}", cell])
    book.save(folder / name)
    return folder / name, cells


def seen(name, frame):
    cells = [frame["rate"][row] for row in SYMBOLS]
    kind = frame.schema["rate"]
    print(f"{name:29} {kind}, cells 130, 140, 150:", ", ".join(map(str, cells)))
    return str(kind), cells


book, cells = table("one.xlsx")
early, _ = table("early.xlsx", {90: "c"}.items())
lost = seen("as read:", pl.read_excel(book))
kept = [
    seen("the same with c in row 90:", pl.read_excel(early)),
    seen("infer_schema_length=None:", pl.read_excel(book, infer_schema_length=None)),
    seen('engine="openpyxl":', pl.read_excel(book, engine="openpyxl")),
]
text = "\n".join(["la_code,rate", *(f"{201 + row},{cell}" for row, cell in enumerate(cells))])
(folder / "one.csv").write_text(text, encoding="utf-8")
try:
    pl.read_csv(folder / "one.csv")
    refused = False
except pl.exceptions.ComputeError as error:
    refused = True
    print("the same table as CSV:", type(error).__name__)
same = all(one == ("String", ["c", "low", "22.6"]) for one in kept)
sys.exit(not (lost == ("Float64", [None, None, 22.6]) and same and refused))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder"
