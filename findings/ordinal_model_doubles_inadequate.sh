#!/usr/bin/env bash
# An ordinal model doubles the probability of Inadequate, and leaves the grade before it a seventh.
#
# Seen with mord 0.7, scikit-learn 1.9.1, NumPy 2.4.6 and SciPy 1.17.1 on Python 3.11.
#
# mord has two ordinal logistic models, LogisticAT and LogisticIT, both with predict_proba. They differ
# in the loss: "all threshold" and "immediate threshold"
# (https://pythonhosted.org/mord/reference.html). Of LogisticIT one reads that it "implements
# the ordinal logistic model" and goes for accuracy, by a surrogate of the 0-1 loss. So one expects
# probabilities whose mean over the training cases is about the share of each grade, as any logistic
# model with intercepts gives, if a little less sharp.
#
# For LogisticAT they are equal. LogisticIT's are not: a threshold sees only the cases of the grades on
# its two sides, so that each is placed as if the other grades did not exist. The rarer grades at the
# ends get about double their share, and the thresholds between them move together: Requires
# improvement, more than a quarter of the cases, gets 0.04 on average. The order of the risks stays, so
# AUC shows nothing. It is the same with 430 cases, and with alpha=1. Nothing warns.
#
# Output seen, 4,000 cases drawn from a proportional odds model:
#                 Outstanding   Good   Requires improvement   Inadequate
#   share                0.11   0.42                   0.28         0.18
#   LogisticAT           0.11   0.42                   0.28         0.18
#   LogisticIT           0.20   0.40                   0.04         0.36
#   AUC of Inadequate: LogisticAT 0.67, LogisticIT 0.67
#
# What to do: take LogisticAT, or statsmodels' OrderedModel. earlywarn fits the likelihood of the
# cumulative logit itself; its benchmarks set it beside LogisticAT.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  mord==0.7 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1

cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
from mord import LogisticAT, LogisticIT
from sklearn.metrics import roc_auc_score

chance = np.random.default_rng(0)
x = chance.normal(size=(4000, 3))
latent = x @ [0.5, 0.3, -0.2] + chance.logistic(size=4000)
grade = 1 + np.digitize(latent, [-2.2, 0.2, 1.6])

share = np.bincount(grade)[1:] / len(grade)
mean, auc = {"share": share}, {}
for model in (LogisticAT(alpha=0), LogisticIT(alpha=0)):
    name = type(model).__name__
    risk = model.fit(x, grade).predict_proba(x)
    mean[name] = risk.mean(axis=0)
    auc[name] = roc_auc_score(grade == 4, risk[:, 3])
print(f"{'':12}{'Outstanding':>13}{'Good':>7}{'Requires improvement':>23}{'Inadequate':>13}")
for name, (best, good, before, worst) in mean.items():
    print(f"{name:12}{best:13.2f}{good:7.2f}{before:23.2f}{worst:13.2f}")
print("AUC of Inadequate:", ", ".join(f"{name} {value:.2f}" for name, value in auc.items()))
right = np.abs(mean["LogisticAT"] - share).max() < 0.01
wrong = mean["LogisticIT"][3] > 1.7 * share[3] and mean["LogisticIT"][2] < 0.2 * share[2]
sys.exit(not (right and wrong and np.ptp(list(auc.values())) < 0.01))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
