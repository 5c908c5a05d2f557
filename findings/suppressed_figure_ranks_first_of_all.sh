#!/usr/bin/env bash
# In a table of ranks from the highest down, an authority whose figure is suppressed comes first.
#
# Seen with agate 1.14.2 and csvkit 2.2.0 on Python 3.11.
#
# agate is the table library under csvkit, made for journalists' analyses, and a ranking of councils is
# one of them. Of Rank it says "Null values will always be ranked last", and of reverse=True, for ranks
# from the highest down, "Reverse sort order before ranking"
# (https://agate.readthedocs.io/en/latest/api/computations.html#agate.Rank). So one expects the highest
# figure to have rank 1, and an authority without a figure the last rank, either way.
#
# Instead the sorted column is turned round with its nulls: they have rank 1, and the highest figure comes
# after all of them. With two of five suppressed, the highest has rank 3, and those of which nothing is
# known are the first. order_by(reverse=True) and csvsort --reverse do the same, so that the "highest
# two" are the two suppressed. Upwards, the word holds: a suppressed figure has the last rank, and looks
# like the highest of all. Nothing warns.
#
# Output seen, five authorities with a share of re-referrals, "c" read as null:
#               share   rank, highest first   rank, lowest first
#   Barnet       12.5                     5                    1
#   Rutland         c                     1                    4
#   Hull         30.1                     3                    3
#   York         20.0                     4                    2
#   Scilly          c                     1                    4
#   highest two by order_by:  Rutland, Scilly
#   highest two by csvsort:   Rutland, Scilly
#   ranks of those known:     Hull 1, York 2, Barnet 3
#
# What to do: leave out rows without a figure (table.where) before they are ranked. earlywarn ranks what
# is known: where a figure is suppressed, its rank is missing too.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  agate==1.14.2 csvkit==2.2.0

cat >"$folder/shares.csv" <<'CSV'
authority,share
Barnet,12.5
Rutland,c
Hull,30.1
York,20.0
Scilly,c
CSV
cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings

import agate

KINDS = {"authority": agate.Text(), "share": agate.Number(null_values=("c",))}


def ranked(table, reverse):
    new = table.compute([("rank", agate.Rank("share", reverse=reverse))])
    return {row["authority"]: int(row["rank"]) for row in new.rows}


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    table = agate.Table.from_csv(sys.argv[1], column_types=KINDS)
    down, up = ranked(table, True), ranked(table, False)
    top = [row["authority"] for row in table.order_by("share", reverse=True).limit(2).rows]
    known = ranked(table.where(lambda row: row["share"] is not None), True)
print(f"{'':10}{'share':>7}{'rank, highest first':>22}{'rank, lowest first':>21}")
for name, share in ((row["authority"], row["share"]) for row in table.rows):
    print(f"{name:10}{share or 'c':>7}{down[name]:>22}{up[name]:>21}")
by_csvsort = [line.split(",")[0] for line in sys.stdin.read().split()[1:3]]
print("highest two by order_by: ", ", ".join(top))
print("highest two by csvsort:  ", ", ".join(by_csvsort))
ranks = ", ".join(f"{name} {known[name]}" for name in sorted(known, key=known.get))
print("ranks of those known:    ", ranks)
unknown = {"Rutland", "Scilly"}
first = down["Rutland"] == down["Scilly"] == 1 and down["Hull"] == 3 and up["Rutland"] == 4
sys.exit(not (first and set(top) == set(by_csvsort) == unknown and known["Hull"] == 1 and not said))
PYTHON
"$folder/venv/bin/csvsort" --null-value c --reverse --columns share "$folder/shares.csv" |
  "$folder/venv/bin/python" "$folder/look.py" "$folder/shares.csv"
