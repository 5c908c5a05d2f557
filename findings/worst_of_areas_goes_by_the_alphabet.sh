#!/usr/bin/env bash
# The worst of several areas' grades, across a row, goes by the alphabet once one area lacks a grade.
#
# Seen with pandas 3.1.1 on Python 3.11.
#
# What a target such as "any area Inadequate" needs is the worst grade of each row: max(axis=1) of the
# areas' columns, which are ordered categoricals. pandas compares two categoricals only if they have the
# same categories, and takes no max() of unordered ones: everything else is a TypeError
# (https://pandas.pydata.org/docs/user_guide/categorical.html#comparisons). So one expects the worst
# grade by their order, or a TypeError.
#
# With all four grades as the categories of every column it is so. But let one area have had no
# Inadequate, with categories only of what occurs, as after remove_unused_categories() or from a file of
# one year: then every row is compared as text, in which Requires improvement comes last and
# Inadequate before Outstanding. Each Inadequate is lost, and a row of Good and Outstanding has
# Outstanding as its worst. The result is plain text; nothing warns. It is the same where one column is
# not ordered, although max() of that column by itself is refused.
#
# rank(axis=1) goes by the alphabet even where all columns have the same four grades.
#
# Output seen:
#   all four grades:       Inadequate | Inadequate | Good
#   grades that occur:     Requires improvement | Requires improvement | Outstanding
#   one is not ordered:    Requires improvement | Requires improvement | Outstanding
#   that one by itself:    TypeError
#   rank of the three areas of the first row, best first: 2, 3, 1 (by the grades: 3, 2, 1)
#
# What to do: give every column pd.CategoricalDtype(GRADES, ordered=True) before, or take the codes.
# earlywarn makes numbers of the grades first (Target.label), whatever the columns are.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pandas==3.1.1

cat >"$folder/look.py" <<'PYTHON'
import sys

import pandas as pd

GRADES = ["Outstanding", "Good", "Requires improvement", "Inadequate"]
four = pd.CategoricalDtype(GRADES, ordered=True)
areas = pd.DataFrame(
    {
        "leadership": ["Inadequate", "Requires improvement", "Good"],
        "help_and_protection": ["Requires improvement", "Inadequate", "Good"],
        "in_care": ["Good", "Requires improvement", "Outstanding"],
    }
).astype(four)
occur = areas.apply(lambda column: column.cat.remove_unused_categories())
unordered = areas.assign(in_care=areas["in_care"].cat.as_unordered())

worst = {
    "all four grades:": areas.max(axis=1).tolist(),
    "grades that occur:": occur.max(axis=1).tolist(),
    "one is not ordered:": unordered.max(axis=1).tolist(),
}
for name, grades in worst.items():
    print(f"{name:22} {' | '.join(grades)}")
try:
    unordered["in_care"].max()
    refused = False
except TypeError:
    refused = True
print(f"{'that one by itself:':22} {'TypeError' if refused else 'an answer'}")
ranks = [int(rank) for rank in areas.rank(axis=1).iloc[0]]
print("rank of the three areas of the first row, best first:", *ranks)
right = ["Inadequate", "Inadequate", "Good"]
by_alphabet = ["Requires improvement", "Requires improvement", "Outstanding"]
as_seen = list(worst.values()) == [right, by_alphabet, by_alphabet]
sys.exit(not (as_seen and refused and ranks == [2, 3, 1]))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
