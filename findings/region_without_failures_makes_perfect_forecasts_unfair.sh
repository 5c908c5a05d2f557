#!/usr/bin/env bash
# A region without an Inadequate judgement makes forecasts without a single error as unfair as can be.
#
# Seen with fairlearn 0.15.0, scikit-learn 1.9.1, pandas 2.3.3 and numpy 2.4.6 on Python 3.11.
#
# Whether a list of authorities treats regions alike is often asked of the rates of hits and of false
# alarms: equalized_odds_difference is the greatest difference between groups in
# "P[h(X)=1 | A=a, Y=1]" and in "P[h(X)=1 | A=a, Y=0]", and 0 if all groups have the same rates
# (https://fairlearn.org/main/api_reference/generated/fairlearn.metrics.equalized_odds_difference.html).
# In a year, most regions have no Inadequate judgement, so that there is no rate of hits. One expects
# it to be missing, or a warning, as scikit-learn's recall_score gives one.
#
# Instead it is 0.0, as if all had been missed, and the difference is 1.0, the greatest there is: for
# forecasts that pick each of the three failing authorities and no other. Those that pick nobody have a
# difference of 0.0. equal_opportunity_difference and MetricFrame do the same. The rate of misses, which
# is 1 less the rate of hits, is 0.0 as well: by false_negative_rate the forecasts without an error show
# no difference, and those that pick nobody the greatest. It comes from
# confusion_matrix(normalize="true"), which makes 0 of 0 by 0. Nothing warns.
#
# Output seen, 52 inspections in ten regions, with 3 Inadequate judgements in two of them:
#                               all three picked   nobody picked   the two regions, all picked
#   equalized_odds_difference                 1.00            0.00                          0.00
#   difference in misses alone                0.00            1.00                          0.00
#   recall, missing where none                0.00            0.00                          0.00
#   London, all three picked: rate of hits 0.0, rate of misses 0.0; warnings: 0
#
# What to do: leave out groups without the event before rates of hits are compared, and say which; or
# give MetricFrame recall_score with zero_division=nan, as in the last row. earlywarn holds, by region,
# type, size and deprivation, the judgements that came against those expected, with exact limits of a
# count: where none came that is 0 with an upper limit, and not a rate of hits.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  fairlearn==0.15.0 scikit-learn==1.9.1 pandas==2.3.3 numpy==2.4.6

cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    equalized_odds_difference,
    false_negative_rate,
    true_positive_rate,
)
from sklearn.metrics import recall_score

inspections = {
    "North West": 9, "South West": 5, "London": 9, "East": 4, "East Midlands": 4, "North East": 5,
    "South East": 4, "West Midlands": 6, "Yorkshire": 4, "Humber": 2,
}  # fmt: skip
region = np.repeat(list(inspections), list(inspections.values()))
inadequate = np.zeros(len(region), dtype=int)
inadequate[[0, 1, 9]] = 1  # two in the North West, one in the South West


def recall(truth, picked):
    return recall_score(truth, picked, zero_division=np.nan)


def differences(truth, picked, where):
    def largest(metric):
        frame = MetricFrame(metrics=metric, y_true=truth, y_pred=picked, sensitive_features=where)
        return float(frame.difference())

    odds = equalized_odds_difference(truth, picked, sensitive_features=where)
    return float(odds), largest(false_negative_rate), largest(recall)


failing = np.isin(region, region[inadequate == 1])
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    right = differences(inadequate, inadequate, region)
    nobody = differences(inadequate, np.zeros_like(inadequate), region)
    two = differences(inadequate[failing], inadequate[failing], region[failing])
    here = region == "London"
    hits, misses = (
        float(metric(inadequate[here], inadequate[here]))
        for metric in (true_positive_rate, false_negative_rate)
    )
names = ("equalized_odds_difference", "difference in misses alone", "recall, missing where none")
print(f"{'':27}{'all three picked':>24}{'nobody picked':>16}{'the two regions, all picked':>30}")
for name, *found in zip(names, right, nobody, two, strict=True):
    print(f"{name:27}" + "".join(f"{x:{width}.2f}" for x, width in zip(found, (24, 16, 30))))
print(f"London, all three picked: rate of hits {hits}, rate of misses {misses}; warnings: {len(said)}")
as_seen = (right, nobody, two) == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0))
sys.exit(not (as_seen and hits == misses == 0.0 and not said))
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
