#!/usr/bin/env bash
# A decision curve counts a missing risk as no risk, and the better of two models comes out worse.
#
# Seen with dcurves 1.1.7, pandas 2.3.3 and numpy 2.4.6 on Python 3.11.
#
# Two ways of picking authorities for support are often compared by net benefit, for which dcurves
# (https://github.com/MSKCC-Epi-Bio/dcurves) is the Python package of those who proposed it. An authority
# whose figures are missing has no risk by a model that needs them. One expects its row to be left out of
# the comparison, or refused: it is of no known risk, not of none.
#
# Instead it counts as one that would not be picked, as if its risk were 0, and nothing is said: "n" is
# still the number of all rows. Below, one model is right wherever it speaks and has no risk for three of
# twenty authorities; the other misses two of five events and picks two authorities in vain. By the table
# the second one is better; on the seventeen authorities of which both speak, it does harm. A missing
# outcome, on the other hand, makes every net benefit missing.
#
# Output seen, at a threshold of 0.2:
#   all 20 rows:              right, with gaps  0.100; as if the gaps were 0  0.100; often wrong  0.125
#   the 17 rows of both:      right, with gaps  0.118; as if the gaps were 0  0.118; often wrong -0.029
#   rows counted with 3 gaps: 20; warnings: 0
#
# What to do: leave out rows that lack any of the risks before curves are compared, and say how many.
# earlywarn fills in what a row lacks from the rest of its family and refuses a row of which nothing is
# known, so that its net benefits are of all inspections of a window.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  dcurves==1.1.7 pandas==2.3.3 numpy==2.4.6

cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import pandas as pd
from dcurves import dca

outcome = [1] * 5 + [0] * 15
right = [0.6] * 5 + [0.05] * 15
rows = pd.DataFrame(
    {
        "inadequate": outcome,
        "with_gaps": [np.nan] * 3 + right[3:],
        "as_nought": [0.0] * 3 + right[3:],
        "often_wrong": [0.6] * 3 + [0.05] * 2 + [0.6] * 2 + [0.05] * 13,
    }
)
names = ["with_gaps", "as_nought", "often_wrong"]


def benefits(of):
    table = dca(data=of, outcome="inadequate", modelnames=names, thresholds=np.array([0.2]))
    found = table.set_index("model").loc[names]
    return found["net_benefit"].tolist(), int(found["n"].iloc[0])


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    (gaps, nought, wrong), counted = benefits(rows)
(fair, fair_nought, fair_wrong), _ = benefits(rows.dropna())
line = "right, with gaps {:6.3f}; as if the gaps were 0 {:6.3f}; often wrong {:6.3f}"
print("all 20 rows:             ", line.format(gaps, nought, wrong))
print("the 17 rows of both:     ", line.format(fair, fair_nought, fair_wrong))
print(f"rows counted with 3 gaps: {counted}; warnings: {len(said)}")
sys.exit(not (gaps == nought < wrong and fair > 0 > fair_wrong and counted == 20 and not said))
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
