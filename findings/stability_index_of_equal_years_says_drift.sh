#!/usr/bin/env bash
# A stability index of two years of 153 authorities says drift where nothing has changed.
#
# Seen with frouros 0.9.0 and numpy 2.1.3 on Python 3.11.
#
# Whether this year's figures are still like those a model learnt from is often asked of the population
# stability index, with the rule of thumb that 0.1 is little and over 0.25 is much. frouros has it as
# PSI (https://frouros.readthedocs.io), with ten bins. Of two samples from one distribution one expects
# about 2 x 9 bins / 153 = 0.1, and rarely 0.25.
#
# Instead it is over 0.25 in six of ten pairs of such years, and half of them lie above 4.6. The bins are
# of equal width between the lowest and the highest of both years together, so that the outer ones hold
# an authority or none; and a share of nought is replaced by the smallest number that the computer has,
# 2e-308, whose logarithm is -708. One authority in a bin that is empty in the other year adds
# (708 - log 153) / 153 = 4.6. The index counts empty bins, whatever has happened. It takes ten thousand
# units until that is rare.
#
# Output seen, 200 pairs of samples from one normal distribution:
#      153 units: median  4.677, above 0.25 in 60%
#    1,000 units: median  0.019, above 0.25 in 26%
#   10,000 units: median  0.002, above 0.25 in 2%
#
# What to do: bins of equal counts in the reference year, few of them, half a unit added to each; or a
# measure without bins. earlywarn's check of drift has none: it says how far the middle of the country
# has moved, in standard deviations between authorities, and what share of the figures is gone.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  frouros==0.9.0 numpy==2.1.3

cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
from frouros.detectors.data_drift import PSI

chance = np.random.default_rng(0)
medians, alarms = [], []
for units in (153, 1_000, 10_000):
    found = []
    for _ in range(200):
        detector = PSI()
        detector.fit(X=chance.normal(20, 4, units))
        found.append(detector.compare(X=chance.normal(20, 4, units))[0].distance)
    medians.append(np.median(found))
    alarms.append(np.mean(np.array(found) > 0.25))
    print(f"{units:6,} units: median {medians[-1]:6.3f}, above 0.25 in {alarms[-1]:.0%}")
sys.exit(not (medians[0] > 1 and alarms[0] > 0.5 and alarms[1] > 0.15 and alarms[2] < 0.1))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
