#!/usr/bin/env bash
# Smoothing rates by empirical Bayes can make the area with the highest rate the one with the lowest.
#
# Seen with esda 2.9.0, numpy 2.1.3 and pandas 3.1.1 on Python 3.11.
#
# Rates of small areas are drawn towards the rate of all of them, each by as much as chance makes of it.
# esda.smoothing.Empirical_Bayes does so by the moments of Marshall (1991, doi 10.2307/2347593;
# https://pysal.org/esda). One expects every smoothed rate between the area's own and the overall rate;
# where areas differ by less than chance alone would make them differ, that paper sets the variance between
# them to 0, and each gets the overall rate.
#
# Instead a variance below 0 is used as it comes. The weights of areas are then below 0, which puts
# their rates on the other side of the overall one, or above 1 for large areas, whose rates move further
# out. Who lay highest is lowest now, and the lowest highest: rates that nobody could tell apart get an
# order, and the wrong one. Nothing warns.
#
# Output seen, five areas with 1,000 to 16,000 children, an overall rate of 50.03 in 1,000:
#   own rate:  50.00  50.50  49.75  50.12  50.00
#   smoothed:  50.04  49.81  50.54  50.45  49.98
#
# What to do: look whether the variance between areas is above 0 first; where it is not, there is one
# rate. earlywarn's shrinkage sets it to 0 there.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  esda==2.9.0 numpy==2.1.3 pandas==3.1.1

cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
from esda.smoothing import Empirical_Bayes

cases = np.array([50, 101, 199, 401, 800])
children = np.array([1_000, 2_000, 4_000, 8_000, 16_000])
own = cases / children * 1000
smoothed = np.asarray(Empirical_Bayes(cases, children).r).ravel() * 1000
overall = cases.sum() / children.sum() * 1000
for name, rates in (("own rate:", own), ("smoothed:", smoothed)):
    print(name, *(f" {rate:.2f}" for rate in rates))
across = (own - overall) * (smoothed - overall) < 0
further = abs(smoothed - overall) > abs(own - overall)
turned = own.argmax() == smoothed.argmin() and own.argmin() == smoothed.argmax()
sys.exit(not (turned and across[:3].all() and not across[3:].any() and further[3:].all()))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
