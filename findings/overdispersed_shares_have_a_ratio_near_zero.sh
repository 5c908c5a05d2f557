#!/usr/bin/env bash
# A test of over-dispersion gives 0.02 where shares vary twelve times as much as chance explains.
#
# Seen with pyqicharts 2.0.0, pandas 2.3.3 and numpy 2.4.6 on Python 3.11.
#
# A funnel's limits hold for chance alone. Whether authorities vary by more is asked first, else most of
# the large ones lie outside (Spiegelhalter 2005, doi 10.1136/qshc.2005.013755). pyqicharts
# (https://pypi.org/project/pyqicharts) has a funnel_table for that, and an overdispersion_test with a
# denominator, a "lightweight dispersion diagnostic for count or rate data". One expects of its
# dispersion_ratio what the word means elsewhere: Pearson's chi-squared over its degrees of freedom, near
# 1 for chance alone, and more where there is more.
#
# Instead it is the variance of the shares over their mean, however many cases there are. By chance alone
# that is about one divided by the cases of an authority: 0.002 below, and 0.019 where shares vary twelve
# times as much, both of which read as far less than chance. Without the denominator it is the variance
# of the counts over their mean, and 21 where there is nothing but chance, since authorities differ in
# size. So by shares nothing is ever over-dispersed, and by counts everything is. The package's own funnel
# has a third of the authorities outside its limits by then. Nothing warns.
#
# Output seen, repeat plans in 153 authorities with 100 to 900 plans, 20% on average:
#                                            all 20%   with a standard deviation of 6 points
#   ratio by shares                            0.002                                   0.019
#   ratio by counts                           21.391                                  29.861
#   chi-squared over degrees of freedom        1.101                                  12.180
#   outside the funnel, of 153                     2                                      56
#
# What to do: sum the squared distances from the mean, each in standard errors of its own authority's
# size, and divide by the number of authorities less one. earlywarn's funnel takes such distances, with
# the ends drawn in.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  pyqicharts==2.0.0 pandas==2.3.3 numpy==2.4.6

cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import pandas as pd
from pyqicharts import funnel_table, overdispersion_test

draw = np.random.default_rng(0)
AUTHORITIES = 153
plans = draw.integers(100, 900, AUTHORITIES)
TRUE = {
    "all 20%": np.full(AUTHORITIES, 0.2),
    "apart": draw.normal(0.2, 0.06, AUTHORITIES).clip(0.02),
}


def by_chi_squared(table):
    mean = table["repeat"].sum() / table["plans"].sum()
    squares = (table["repeat"] / table["plans"] - mean) ** 2 / (mean * (1 - mean) / table["plans"])
    return squares.sum() / (len(table) - 1)


def ratio(table, **given):
    return float(overdispersion_test(table, "repeat", **given)["dispersion_ratio"].iloc[0])


def outside(table):
    return int(funnel_table(table, "repeat", "plans")["outside_limits"].sum())


found = {}
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    for name, shares in TRUE.items():
        table = pd.DataFrame({"plans": plans, "repeat": draw.binomial(plans, shares)})
        found[name] = {
            "ratio by shares": ratio(table, denominator="plans"),
            "ratio by counts": ratio(table),
            "chi-squared over degrees of freedom": by_chi_squared(table),
            "outside the funnel, of 153": outside(table),
        }
print(f"{'':38}{'all 20%':>10}   with a standard deviation of 6 points")
for line, chance in found["all 20%"].items():
    form = "" if isinstance(chance, int) else ".3f"
    print(f"{line:38}{chance:>10{form}}{found['apart'][line]:>40{form}}")
shares, counts, right, _ = found["all 20%"].values()
shares_apart, _, right_apart, beyond = found["apart"].values()
wrong = shares < shares_apart < 0.05 and counts > 10
sys.exit(not (wrong and 0.7 < right < 1.3 and right_apart > 5 and beyond > 40 and not said))
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
