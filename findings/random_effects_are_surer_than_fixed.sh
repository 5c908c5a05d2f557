#!/usr/bin/env bash
# A variance between authorities can come out below 0, and then random effects are surer than fixed.
#
# Seen with statsmodels 0.15.0 on Python 3.11.
#
# Over-dispersed funnels and pooled rates need the variance between the authorities, beyond chance.
# combine_effects(method_re="dl") gives it as tau2, by the "DerSimonian and Laird one-step estimator";
# its functions are "verified, mainly compared to R metafor package"
# (https://www.statsmodels.org/stable/generated/statsmodels.stats.meta_analysis.combine_effects.html).
# DerSimonian and Laird (1986, doi 10.1016/0197-2456(86)90046-2) and metafor set it to 0 where the rates
# differ less than by chance, and so do Higgins and Thompson (2002, doi 10.1002/sim.1186) with I2, a
# share. So one expects numbers of 0 or more.
#
# Instead both go below 0. That takes no odd data: of sets of rates that differ by chance alone more
# than half are so. The interval of the random effects is then narrower than that of the fixed effect, and a
# funnel made with this tau2 narrower than one without: here by a quarter for the largest authority,
# who passes for an outlier the sooner. Nothing warns, as long as no single variance is smaller than
# what is taken from it. The default method_re="iterated" gives tau2 = 0 as it should, but I2 = -0.31.
#
# Output seen, nine authorities with 365 to 1,707 referrals and rates of 18% to 22%:
#   dl:       tau2 -0.000040   I2 -0.31
#   iterated: tau2  0.000000   I2 -0.31
#   fixed effect:       0.1820 to 0.1989
#   random effect, dl:  0.1837 to 0.1976
#   funnel limits of the largest: +- 0.0186 by chance, +- 0.0138 with tau2 added
#
# What to do: max(tau2, 0), max(I2, 0), or the default. earlywarn's overdispersion sets it to 0.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check statsmodels==0.15.0

cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
from statsmodels.stats.meta_analysis import combine_effects

repeated = np.array([322, 130, 77, 136, 175, 331, 200, 79, 134])
referrals = np.array([1707, 670, 396, 737, 944, 1665, 1012, 365, 802])
rate = repeated / referrals
variance = rate * (1 - rate) / referrals

one_step = combine_effects(rate, variance, method_re="dl")
default = combine_effects(rate, variance)
for name, result in (("dl:", one_step), ("iterated:", default)):
    print(f"{name:9} tau2 {result.tau2:9.6f}   I2 {result.i2:.2f}")
table = one_step.summary_frame()
width = {}
for name in ("fixed effect", "random effect"):
    low, high = table.loc[name, ["ci_low", "ci_upp"]]
    print(f"{name + (', dl:' if name[0] == 'r' else ':'):19} {low:.4f} to {high:.4f}")
    width[name] = high - low
largest = variance[referrals.argmax()]
chance, with_tau2 = 1.96 * np.sqrt([largest, largest + one_step.tau2])
print(f"funnel limits of the largest: +- {chance:.4f} by chance, +- {with_tau2:.4f} with tau2 added")
narrower = width["random effect"] < width["fixed effect"] and with_tau2 < 0.8 * chance
sys.exit(not (one_step.tau2 < 0 == default.tau2 and default.i2 < 0 and narrower))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
