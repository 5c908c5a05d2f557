#!/usr/bin/env bash
# Two "empirical Bayes" and "James-Stein" encoders leave the smallest authorities unshrunk.
#
# Seen with scikit-learn 1.9.1, category_encoders 2.11.2 and pandas 3.1.1 on Python 3.11.
#
# An authority has one to four inspections, a region many. TargetEncoder gives each its share of
# Inadequate, "shrunk", by default with a weight that is "an empirical Bayes estimate"
# (https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.TargetEncoder.html).
# JamesSteinEncoder takes squared standard errors, "which penalize small observation counts"
# (https://contrib.scikit-learn.org/category_encoders/jamesstein.html). So one expects the fewer the
# cases, the nearer to the share of all.
#
# Instead it depends on how much the cases of one authority differ among themselves. Where they all went
# the same way, as they must with one case, that variance is 0, and the authority keeps its own share
# whole: 1 of 1 is 1.00, 0 of 1 is 0.00, while 3 of 5 and 8 of 20 are drawn in. Of two authorities with
# two inspections the one with both Inadequate stays where it is, and the one with one is drawn in. So
# the greatest risks are those of whom least is known. The formula is in scikit-learn's user guide
# (https://scikit-learn.org/stable/modules/preprocessing.html#target-encoder), what it does to such
# cases is not. Nothing warns. fit_transform hides it in part, as it encodes each case from the others.
#
# Output seen:
#                   share   TargetEncoder   JamesSteinEncoder   smooth=10
#   0 of 1           0.00            0.00                0.00        0.22
#   1 of 1           1.00            1.00                1.00        0.31
#   1 of 2           0.50            0.40                0.38        0.29
#   2 of 2           1.00            1.00                1.00        0.37
#   3 of 5           0.60            0.53                0.45        0.36
#   8 of 20          0.40            0.39                0.34        0.35
#   12 of 80         0.15            0.15                0.18        0.16
#
# What to do: give a number (smooth=10), or a beta-binomial. earlywarn shrinks a rate by the variance
# between authorities against what chance does to a count of that size (shrunken_z), never by how much
# the authority's own cases differ.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  scikit-learn==1.9.1 category_encoders==2.11.2 pandas==3.1.1

cat >"$folder/look.py" <<'PYTHON'
import sys

import pandas as pd
from category_encoders import JamesSteinEncoder
from sklearn.preprocessing import TargetEncoder

COUNTS = [(0, 1), (1, 1), (1, 2), (2, 2), (3, 5), (8, 20), (12, 80)]
names = [f"{events} of {cases}" for events, cases in COUNTS]
rows = [
    (name, int(case < events))
    for name, (events, cases) in zip(names, COUNTS)
    for case in range(cases)
]
table = pd.DataFrame(rows, columns=["authority", "inadequate"])
x, y, each = table[["authority"]], table["inadequate"], pd.DataFrame({"authority": names})
encoders = {
    "TargetEncoder": TargetEncoder(),
    "JamesSteinEncoder": JamesSteinEncoder(cols=["authority"]),
    "smooth=10": TargetEncoder(smooth=10.0),
}
risk = pd.DataFrame(index=names)
risk["share"] = [events / cases for events, cases in COUNTS]
for name, encoder in encoders.items():
    values = encoder.fit(x, y).transform(each)
    risk[name] = pd.DataFrame(values).iloc[:, 0].to_numpy()
print(risk.round(2).to_string())
same_way = ["0 of 1", "1 of 1", "2 of 2"]
moved = risk.sub(risk["share"], axis=0).abs() > 1e-9
kept = [not moved.loc[same_way, name].any() for name in encoders]
drawn_in = moved.loc[["1 of 2", "3 of 5", "8 of 20"], list(encoders)].to_numpy().all()
sys.exit(not (kept == [True, True, False] and drawn_in))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
