#!/usr/bin/env bash
# Weighted kappa, Kendall's tau and Somers' D take ordered grades in the order of the alphabet.
#
# Seen with scikit-learn 1.9.1, SciPy 1.17.1 and pandas 3.1.1 on Python 3.11.
#
# How well do predicted grades agree with those given? With both columns as ordered categoricals,
# Outstanding < Good < Requires improvement < Inadequate, one expects measures for ordered grades to go
# by that order, or to refuse words. The documentation of kappa says of `labels` that all labels that
# appear are used, and of their order nothing
# (https://scikit-learn.org/stable/modules/generated/sklearn.metrics.cohen_kappa_score.html); that of
# tau says that it takes rankings
# (https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.kendalltau.html).
#
# Instead the words are sorted: Good, Inadequate, Outstanding, Requires improvement. Predictions that
# are never more than one grade out then look like chance. Nothing warns.
#
# Numbers instead of words mend tau and D, but not kappa: its weights go by the place among the labels
# that appear, not by their value. Where neither column has one of the grades, those beside it move
# together: of the grades 1, 2 and 4 the last two are one step apart.
#
# Output seen:
#                                       as given    in order
#   quadratic kappa, categoricals           0.05        0.78
#   Kendall's tau, categoricals             0.04        0.69
#   Somers' D, categoricals                 0.04        0.69
#   quadratic kappa, grades 1, 2, 4         0.59        0.54
#
# What to do: give kappa labels=[...], all grades from best to worst, and the others the codes of the
# categorical. earlywarn measures its own order by numbers only; its users who set predicted grades
# against those given, as was published for hospitals (doi 10.1093/intqhc/mzz101), would meet this.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  scikit-learn==1.9.1 scipy==1.17.1 pandas==3.1.1

cat >"$folder/look.py" <<'PYTHON'
import sys

import pandas as pd
from scipy.stats import kendalltau, somersd
from sklearn.metrics import cohen_kappa_score

GRADES = ["Outstanding", "Good", "Requires improvement", "Inadequate"]


def kappa(given, predicted, **options):
    return cohen_kappa_score(given, predicted, weights="quadratic", **options)


def grades(places):
    return pd.Series(pd.Categorical.from_codes(places, GRADES, ordered=True))


a = grades([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])
b = grades([0, 0, 1, 1, 0, 1, 1, 2, 1, 2, 2, 3, 2, 2, 3, 3])
c, d = [1, 1, 2, 2, 4, 4, 2, 1], [1, 2, 2, 1, 4, 2, 4, 1]
of = {"tau": lambda x, y: kendalltau(x, y).statistic, "D": lambda x, y: somersd(x, y).statistic}
seen = {
    "quadratic kappa, categoricals": (kappa(a, b), kappa(a, b, labels=GRADES)),
    "Kendall's tau, categoricals": (of["tau"](a, b), of["tau"](a.cat.codes, b.cat.codes)),
    "Somers' D, categoricals": (of["D"](a, b), of["D"](a.cat.codes, b.cat.codes)),
    "quadratic kappa, grades 1, 2, 4": (kappa(c, d), kappa(c, d, labels=[1, 2, 3, 4])),
}
print(f"{'':32}{'as given':>12}{'in order':>12}")
for name, (as_given, in_order) in seen.items():
    print(f"{name:32}{as_given:12.2f}{in_order:12.2f}")
*of_words, (without_three, with_three) = seen.values()
by_alphabet = all(as_given < 0.2 and in_order > 0.6 for as_given, in_order in of_words)
sys.exit(not (by_alphabet and without_three - with_three > 0.01))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
