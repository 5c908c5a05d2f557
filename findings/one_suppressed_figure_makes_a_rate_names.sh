#!/usr/bin/env bash
# One suppressed figure in a column, and a boosted model takes every figure of it for a name.
#
# Seen with interpret-core 0.7.8, scikit-learn 1.9.1 and pandas 3.1.1 on Python 3.11.
#
# Official tables hold "c" where a figure is suppressed, so a column of rates comes as figures with a few
# marks among them. ExplainableBoostingClassifier finds out by itself what a column is
# (feature_types, https://interpret.ml/docs/python/api/ExplainableBoostingClassifier.html). Of a column
# of 429 figures and one "c" one expects a refusal, as from scikit-learn's own models, or the "c" taken
# as missing.
#
# Instead the whole column becomes "nominal": each of its 149 figures is a name like any other, without
# order, and a figure that did not occur in training, such as 26.05, counts as unknown. What the model
# had learnt is gone, as few figures occur often enough to tell anything: risks that ran from 0.01 to
# 0.96 are all near the average. There is no message; the graph shows 150 bars. A column that pandas
# read as text for the sake of the mark goes the same way.
#
# Output seen, risk at a rate of 5, 15, 25, 26.05 and 30:
#   429 figures, one missing: continuous  0.01  0.12  0.96  0.96  0.96
#   429 figures and one c:    nominal     0.22  0.21  0.22  0.22  0.22
#
# What to do: make figures of the column first, with the marks kept beside, or give
# feature_types=["continuous"], which takes the mark as unknown. earlywarn's readers keep each mark as
# the reason why a figure is not there (status), and give models figures only.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  interpret-core==0.7.8 scikit-learn==1.9.1 pandas==3.1.1

cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
import pandas as pd
from interpret.glassbox import ExplainableBoostingClassifier

chance = np.random.default_rng(0)
rate = chance.normal(15, 4, 430).round(1)
inadequate = (chance.random(430) < 1 / (1 + np.exp((19 - rate) / 2))).astype(int)
new = pd.DataFrame({"rate": [5.0, 15.0, 25.0, 26.05, 30.0]})
risks, kinds = [], []
for words, mark in (("429 figures, one missing:", np.nan), ("429 figures and one c:", "c")):
    column = pd.Series(rate, dtype=object)
    column[7] = mark
    model = ExplainableBoostingClassifier(interactions=0, outer_bags=2, n_jobs=1)
    model.fit(pd.DataFrame({"rate": column}), inadequate)
    risks.append(model.predict_proba(new)[:, 1])
    kinds.append(model.feature_types_in_[0])
    print(f"{words:25} {kinds[-1]:10}", *(f" {risk:.2f}" for risk in risks[-1]))
spread = [np.ptp(risk) for risk in risks]
sys.exit(not (kinds == ["continuous", "nominal"] and spread[0] > 0.8 and spread[1] < 0.1))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
