#!/usr/bin/env bash
# With 153 authorities, the order of the rows can decide whether a figure raises or lowers a risk.
#
# Seen with shap 0.51.0, scikit-learn 1.9.1 and numpy 2.4.6 on Python 3.11.
#
# What a figure adds to a risk is often asked of shap, with the table of all authorities as what one is
# held against. For a linear model there is nothing to estimate: LinearExplainer's values "are
# coef[i] * (x[i] - X.mean(0)[i]) for the ith feature", and of the table "only the mean and covariance of
# the dataset are used" (https://shap.readthedocs.io/en/latest/generated/shap.LinearExplainer.html).
# So one expects exactly that, with the mean of log-odds as base, in whatever order the rows come.
#
# Instead a table of more than 100 rows is cut to 100, drawn at random with one seed, and their mean is
# taken for the mean of all. England has 153 authorities. Sorted otherwise, another hundred are drawn: the
# same authority, with the same figures and the same model, has other contributions when the table is
# sorted by a figure than when it is sorted by code, and figures near the middle change their sign. The
# values still add up to the risk, since the base moves with them. The limit is max_samples=100 of
# the masker that is made of a table, and has been reported (https://github.com/shap/shap/issues/3680);
# shap.Explainer and TreeExplainer with a table do the same. Nothing warns.
#
# Output seen, the same 153 authorities and the same model, three figures each:
#                       base   first authority           other sign than by hand
#   by hand             -0.394   +0.084  -0.639  -0.363      0 of 459
#   by code             -0.418   +0.147  -0.674  -0.366      7 of 459
#   by re-referrals     -0.244   +0.014  -0.741  -0.341     12 of 459
#   by agency staff     -0.322   +0.088  -0.702  -0.375      9 of 459
#   max_samples=153     -0.394   +0.084  -0.639  -0.363      0 of 459
#   signs that differ between the two sorted tables: 13; warnings: 0
#
# What to do: shap.maskers.Independent(X, max_samples=len(X)) in the place of X. earlywarn's
# contributions need no sample: weight times level, where a level is 0 in the middle of the year.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  shap==0.51.0 scikit-learn==1.9.1 numpy==2.4.6

cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import shap
from sklearn.linear_model import LogisticRegression

draw = np.random.default_rng(0)
AUTHORITIES = 153
rereferrals = draw.normal(22, 5, AUTHORITIES)
agency = draw.gamma(2.0, 6.0, AUTHORITIES)
caseload = draw.normal(16, 2, AUTHORITIES)
X = np.column_stack([rereferrals, agency, caseload])
odds = -0.5 + (rereferrals - 22) / 6 + (agency - 12) / 9 + (caseload - 16) / 3
failed = (draw.random(AUTHORITIES) < 1 / (1 + np.exp(-odds))).astype(int)
model = LogisticRegression().fit(X, failed)


def explained(background):
    """Base and contributions of all authorities, in the order of their codes."""
    found = shap.LinearExplainer(model, background)(X)
    return float(np.ravel(found.base_values)[0]), found.values


by_hand = float(model.decision_function(X).mean()), model.coef_[0] * (X - X.mean(axis=0))
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    by_code = explained(X)
    by_rate = explained(X[np.argsort(rereferrals)])
    by_agency = explained(X[np.argsort(agency)])
    whole = explained(shap.maskers.Independent(X, max_samples=len(X)))
ways = {
    "by hand": by_hand,
    "by code": by_code,
    "by re-referrals": by_rate,
    "by agency staff": by_agency,
    "max_samples=153": whole,
}
print(f"{'':18}{'base':>8}   first authority           other sign than by hand")
for name, (base, values) in ways.items():
    other = int((np.sign(values) != np.sign(by_hand[1])).sum())
    parts = "  ".join(f"{value:+.3f}" for value in values[0])
    print(f"{name:18}{base:8.3f}   {parts}   {other:4} of {values.size}")
turned = int((np.sign(by_rate[1]) != np.sign(by_agency[1])).sum())
print(f"signs that differ between the two sorted tables: {turned}; warnings: {len(said)}")
adds_up = all(np.allclose(b + v.sum(axis=1), model.decision_function(X)) for b, v in ways.values())
right = np.allclose(whole[1], by_hand[1])
wrong = not any(np.allclose(found[1], by_hand[1], atol=0.01) for found in (by_code, by_rate, by_agency))
sys.exit(not (adds_up and right and wrong and turned > 5 and not said))
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
