#!/usr/bin/env bash
# A folder of Parquet files gives ordered grades back as ordered, but in an order that no file has.
#
# Seen with pandas 3.1.1 and pyarrow 26.0.1 on Python 3.11.
#
# Each year's judgements are one Parquet file, with the grades as an ordered categorical of those that
# were given in that year: Outstanding < Good < Inadequate in one, Good < Requires improvement <
# Inadequate in the next. pandas itself will not join two such columns and keep their order:
# union_categoricals refuses, and concat makes text of them
# (https://pandas.pydata.org/docs/user_guide/categorical.html). So one expects text, an unordered
# categorical or a refusal from read_parquet of the folder.
#
# Instead the grades of each file are put behind those of the files before it, and the column still
# says that it is ordered: Requires improvement is then worse than Inadequate. max() gives Requires
# improvement, and "Requires improvement or worse" loses every Inadequate. No message says so. The
# order goes with the names of the files: with the second year first, Outstanding would be the worst.
#
# Output seen:
#   the folder: Outstanding < Good < Inadequate < Requires improvement, ordered
#   worst: Requires improvement
#   Requires improvement or worse: 1 of 3 such judgements
#   concat of the same files: str
#
# What to do: give every file all four grades, or set the order after reading
# (frame["grade"].cat.set_categories(GRADES)). earlywarn takes the order of a categorical for that of
# the grades (RiskClassifier.fit), so it warns where that order is not Ofsted's; its own readers take
# every cell as text.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  pandas==3.1.1 pyarrow==26.0.1

cat >"$folder/look.py" <<'PYTHON'
import sys
from pathlib import Path

import pandas as pd

GRADES = ["Outstanding", "Good", "Requires improvement", "Inadequate"]
folder = Path(sys.argv[1], "judgements")
folder.mkdir()
for year, given in {
    2018: ["Good", "Inadequate", "Outstanding"],
    2019: ["Good", "Requires improvement", "Inadequate"],
}.items():
    kinds = [grade for grade in GRADES if grade in given]
    grade = pd.Categorical(given, categories=kinds, ordered=True)
    pd.DataFrame({"year": year, "grade": grade}).to_parquet(folder / f"{year}.parquet")

grade = pd.read_parquet(folder)["grade"]
ordered = "ordered" if grade.cat.ordered else "not ordered"
print(f"the folder: {' < '.join(grade.cat.categories)}, {ordered}")
print("worst:", grade.max())
below_good = int((grade >= "Requires improvement").sum())
print(f"Requires improvement or worse: {below_good} of 3 such judgements")
joined = pd.concat([pd.read_parquet(file) for file in sorted(folder.iterdir())])["grade"]
print("concat of the same files:", joined.dtype)
sys.exit(
    not (
        grade.cat.ordered
        and grade.max() == "Requires improvement"
        and below_good == 1
        and joined.dtype == "str"
    )
)
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>/dev/null
