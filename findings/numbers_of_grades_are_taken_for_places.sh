#!/usr/bin/env bash
# Ofsted's numbers of the grades, 1 to 4, are taken for the places 0 to 3: a grade out, and silently.
#
# Seen with MAPIE 1.6.0, dice-ml 0.12, scikit-learn 1.9.1 and pandas 3.1.1 on Python 3.11.
#
# Ofsted's files give grades as 1 Outstanding, 2 Good, 3 Requires improvement and 4 Inadequate, and a
# scikit-learn model trained on them has the classes 1 to 4.
#
# MAPIE gives right prediction sets for such a model. How often they hold the true grade one asks
# classification_coverage_score, which takes the "true labels" and the sets "with the predict method"
# (https://mapie.readthedocs.io). Instead it takes a label for the place in the set, so that it looks
# whether the NEXT grade is in it. In a year without an Inadequate, as most are by now, it gives a
# number, here 0.23 where the sets hold 0.93; with one among them it stops at an IndexError.
#
# DiCE looks for the least change that leads to the "desired counterfactual class"
# (https://interpret.ml/DiCE/dice_ml.explainer_interfaces.html). Asked what would make an Inadequate
# service Good (desired_class=2) it gives examples that the same model calls Requires improvement, and
# asked for Requires improvement it gives examples that are Inadequate still. No message says so; only
# 4 is refused, as "not present in training data". Its three methods all do so.
#
# Output seen:
#   coverage by hand:                  0.93
#   coverage by MAPIE, labels 1 to 4:  0.23
#   coverage by MAPIE, labels 0 to 3:  0.93
#   DiCE: asked for 1, the model says 2
#   DiCE: asked for 2, the model says 3
#   DiCE: asked for 3, the model says 4
#
# What to do: give both of them the number less 1. earlywarn keeps grades as words at its doors, and
# gives no class by its place.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip mapie==1.6.0 scikit-learn==1.9.1 pandas==3.1.1 raiutils==0.4.2 \
  jsonschema==4.26.0 tqdm==4.70.1
pip --no-deps dice-ml==0.12 # it would bring xgboost and lightgbm, which nothing here uses

cat >"$folder/look.py" <<'PYTHON'
import sys

import dice_ml
import numpy as np
import pandas as pd
from mapie.classification import SplitConformalClassifier
from mapie.metrics.classification import classification_coverage_score
from sklearn.linear_model import LogisticRegression

NAMES = ["vacancies", "late_visits"]
chance = np.random.default_rng(4)


def inspections(count, worse=0.0):
    x = pd.DataFrame(chance.normal(worse, 1, size=(count, 2)), columns=NAMES)
    grade = 1 + np.digitize(x.sum(axis=1) + chance.logistic(0, 0.4, count), [-2, 0.3, 2])
    return x, pd.Series(grade, name="grade")


x, grade = inspections(900)
model = LogisticRegression().fit(x, grade)
sets = SplitConformalClassifier(model, confidence_level=0.85, prefit=True)
sets.conformalize(*inspections(500))

new, given = inspections(150, worse=-0.4)
new, given = new[given < 4], given[given < 4].to_numpy()
_, held = sets.predict_set(new)
by_hand = np.mean([row[grade - 1, 0] for row, grade in zip(held, given)])
as_given = classification_coverage_score(given, held)[0]
less_one = classification_coverage_score(given - 1, held)[0]
print(f"coverage by hand:                  {by_hand:.2f}")
print(f"coverage by MAPIE, labels 1 to 4:  {as_given:.2f}")
print(f"coverage by MAPIE, labels 0 to 3:  {less_one:.2f}")

data = dice_ml.Data(
    dataframe=x.assign(grade=grade), continuous_features=NAMES, outcome_name="grade"
)
dice = dice_ml.Dice(data, dice_ml.Model(model=model, backend="sklearn"), method="kdtree")
failing = pd.DataFrame({"vacancies": [1.8], "late_visits": [1.6]})
answers = []
for wanted in (1, 2, 3):
    answer = dice.generate_counterfactuals(
        failing, total_CFs=4, desired_class=wanted, posthoc_sparsity_param=None
    )
    examples = answer.cf_examples_list[0].final_cfs_df[NAMES].astype(float)
    answers.append(sorted({int(grade) for grade in model.predict(examples)}))
    print(f"DiCE: asked for {wanted}, the model says", *answers[-1])
coverage_wrong = by_hand == less_one and by_hand - as_given > 0.2
was_inadequate = model.predict(failing)[0] == 4
sys.exit(not (coverage_wrong and was_inadequate and answers == [[2], [3], [4]]))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
