#!/usr/bin/env bash
# After a year without an Inadequate judgement, a single one makes it certain that grades have drifted.
#
# Seen with evidently 0.7.23, pandas 2.3.3, numpy 2.4.6 and scipy 1.17.1 on Python 3.11.
#
# Have this year's grades the same shares as last year's? For a column of words and up to 1000 rows,
# evidently's drift report takes the "chi-squared test", and says drift where p is below 0.05
# (https://docs-old.evidentlyai.com/reference/data-drift-algorithm; newer versions do the same). About
# fifty authorities are inspected in a year, and of late none or very few were Inadequate. Where one of 53
# is Inadequate instead of Requires improvement, one expects a p near 0.8, as scipy's chi2_contingency
# gives, and of pairs of years with the same true shares at most one in twenty to be called drift.
#
# Instead last year's shares are taken as known without error, as if they were a law. A grade that did not
# occur is then expected in none of this year's cases: a single one is infinitely too many, and p is
# exactly 0. The other way round, from one to none, p is 0.78. That a new label may be worth a look
# (https://github.com/evidentlyai/evidently/issues/96) is no reason for a p of 0; and where every grade
# occurs in both years, chance in last year's counts is left out all the same. With shares as in recent
# years, a third of all pairs of years with the same true shares come out as drift. Nothing warns.
#
# Output seen (Outstanding, Good, Requires improvement, Inadequate):
#   last year       this year       evidently                chi2_contingency
#   9, 30, 14, 0    9, 30, 13, 1    p = 0.0000  drift        p = 0.79
#   9, 30, 13, 1    9, 30, 14, 0    p = 0.7826  no drift     p = 0.79
#   9, 30, 13, 1    8, 31, 11, 3    p = 0.2166  no drift     p = 0.74
#   drift in 300 pairs of years with the same true shares:
#     evidently 35%, chi2_contingency 3%
#
# What to do: chi2_contingency on the counts of both years, or Fisher's exact test. earlywarn's drift
# holds how far the middle of an indicator moved against how far authorities differ.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  evidently==0.7.23 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1

cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
import pandas as pd
from evidently import Report
from evidently.metrics import ValueDrift
from scipy.stats import chi2_contingency

GRADES = np.array(["Outstanding", "Good", "Requires improvement", "Inadequate"])
YEARS = [
    ((9, 30, 14, 0), (9, 30, 13, 1)),
    ((9, 30, 13, 1), (9, 30, 14, 0)),
    ((9, 30, 13, 1), (8, 31, 11, 3)),
]
SHARES, INSPECTIONS, PAIRS = (0.14, 0.50, 0.33, 0.03), 53, 300


def by_evidently(last, this):
    frames = [pd.DataFrame({"grade": np.repeat(GRADES, counts)}) for counts in (this, last)]
    metric = Report([ValueDrift(column="grade")]).run(*frames).dict()["metrics"][0]
    assert "chi-square p_value" in metric["metric_name"], metric
    return float(metric["value"])


def by_both(last, this):
    counts = np.array([last, this])
    return float(chi2_contingency(counts[:, counts.any(axis=0)]).pvalue)


print("last year       this year       evidently                chi2_contingency")
found = []
for last, this in YEARS:
    p, q = by_evidently(last, this), by_both(last, this)
    found.append((p, q))
    drift = "drift" if p < 0.05 else "no drift"
    counts = "".join(f"{', '.join(map(str, year)):16}" for year in (last, this))
    print(f"{counts}p = {p:.4f}  {drift:12} p = {q:.2f}")
draw = np.random.default_rng(1)
pairs = [draw.multinomial(INSPECTIONS, SHARES, 2) for _ in range(PAIRS)]
said = np.mean([by_evidently(*pair) < 0.05 for pair in pairs])
right = np.mean([by_both(*pair) < 0.05 for pair in pairs])
print(f"drift in {PAIRS} pairs of years with the same true shares:")
print(f"  evidently {said:.0%}, chi2_contingency {right:.0%}")
(new, new_right), (gone, _), _ = found
sys.exit(not (new == 0 and new_right > 0.7 and gone > 0.7 and said > 0.3 and right < 0.1))
PYTHON
DO_NOT_TRACK=1 "$folder/venv/bin/python" -W ignore "$folder/look.py"
