#!/usr/bin/env bash
# Written as JSON-stat, a table whose rows are sorted by authority gives figures to other authorities.
#
# Seen with pyjstat 2.4.0, pandas 3.1.1 and numpy 2.4.6 on Python 3.11.
#
# Many statistics offices publish in JSON-stat, and pyjstat is what PyPI has to read and write it with
# pandas: "read from dataframe", "write to json-stat" (https://pypi.org/project/pyjstat). A file holds
# the names along each dimension once, and the figures alone, in row-major order
# (https://json-stat.org/full/#value). All that is asked of the table is one column "value", and that
# the others make each row unique. So one expects each figure at the place that its row names, in
# whatever order the rows come, and null where there is no row.
#
# Instead the column is written as it stands, row by row. The department's tables have time_period as
# their first column. Sorted by authority, such a table comes back whole, with every name and every
# figure, and most figures belong to another authority or another year: Dorset in 2024 has that of Poole
# in 2023. Sorted by the columns in their own order, it is right, as long as no row is missing. Where one
# is, as that of an authority that did not exist yet, the figures behind it move up by one place: below,
# Dorset has a figure for 2023 and none for 2024. The text has then one figure fewer than its size says,
# at which pyjstat itself stops with an IndexError (https://github.com/predicador37/pyjstat/issues/36);
# a reader that takes what there is does not. All that is warned of is pyjstat's use of its own older
# functions.
#
# Output seen; "by hand" takes the places from the written text by JSON-stat's own rule:
#                       Barnet 2023  Barnet 2024  Dorset 2023  Dorset 2024   Poole 2023   Poole 2024
#   given                      11.1         12.4         21.6         22.3         31.8         32.5
#   back by pyjstat            11.1         22.3         12.4         31.8         21.6         32.5
#   back by hand               11.1         22.3         12.4         31.8         21.6         32.5
#   sorted by year             11.1         12.4         21.6         22.3         31.8         32.5
#   no Dorset in 2023          11.1         22.3         12.4            -         31.8         32.5
#   the same, filled           11.1         12.4            -         22.3         31.8         32.5
#   warnings of order or number: 0
#
# What to do: give every combination a row (reindex by MultiIndex.from_product), which sorts them too
# ("the same, filled"). earlywarn reads and writes no JSON-stat; it takes each figure with the names in
# its row.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  pyjstat==2.4.0 pandas==3.1.1 numpy==2.4.6

cat >"$folder/look.py" <<'PYTHON'
import json
import sys
import warnings
from itertools import product

import pandas as pd
from pyjstat import pyjstat

TABLE = pd.DataFrame(
    [
        ("2023", "Barnet", 11.1),
        ("2024", "Barnet", 12.4),
        ("2023", "Dorset", 21.6),
        ("2024", "Dorset", 22.3),
        ("2023", "Poole", 31.8),
        ("2024", "Poole", 32.5),
    ],
    columns=["time_period", "authority", "value"],
)
SORTED = TABLE.sort_values(["time_period", "authority"])

GAP = SORTED.drop(index=2)


def filled(table):
    names = ["time_period", "authority"]
    every = pd.MultiIndex.from_product([table[name].unique() for name in names], names=names)
    return table.set_index(names).reindex(every).reset_index()


def by_name(table):
    return {(row.authority, row.time_period): row.value for row in table.itertuples()}


def by_pyjstat(table):
    return by_name(pyjstat.Dataset.read(pyjstat.Dataset.read(table).write()).write("dataframe"))


def by_hand(table):
    """The figures of the text that pyjstat writes: the last dimension runs fastest."""
    text = json.loads(pyjstat.Dataset.read(table).write())
    indexes = [text["dimension"][each]["category"]["index"] for each in text["id"]]
    places = product(*(sorted(index, key=index.get) for index in indexes))
    return {(authority, year): value for (year, authority), value in zip(places, text["value"])}


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    ways = {
        "given": by_name(TABLE),
        "back by pyjstat": by_pyjstat(TABLE),
        "back by hand": by_hand(TABLE),
        "sorted by year": by_pyjstat(SORTED),
        "no Dorset in 2023": by_hand(GAP),
        "the same, filled": by_pyjstat(filled(GAP)),
    }
places = list(ways["given"])
print(" " * 18 + "".join(f"{' '.join(place):>13}" for place in places))
for name, found in ways.items():
    figures = [found.get(place) for place in places]
    print(f"{name:18}" + "".join(f"{'-' if pd.isna(v) else v:>13}" for v in figures))
others = [w for w in said if "use this function" not in str(w.message)]
print(f"warnings of order or number: {len(others)}")
given = ways["given"]
moved = [place for place in places if ways["back by pyjstat"][place] != given[place]]
same = ways["back by hand"] == ways["back by pyjstat"]
short = len(ways["no Dorset in 2023"]) == 5
known = {place: value for place, value in ways["the same, filled"].items() if pd.notna(value)}
right = ways["sorted by year"] == given == {**given, **known} and len(known) == 5
sys.exit(not (len(moved) == 4 and same and short and right and not others))
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
