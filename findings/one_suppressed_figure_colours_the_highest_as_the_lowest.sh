#!/usr/bin/env bash
# One suppressed figure puts the areas with the highest rates into the lowest class of a map.
#
# Seen with mapclassify 2.10.0, numpy 2.1.3 and pandas 2.2.3 on Python 3.11.
#
# Maps of published rates are coloured by classes, mostly quarters or fifths, and mapclassify is what
# Python's map libraries take them from. Published rates have holes: a suppressed figure is NaN. That it
# does not deal with them is known (https://github.com/pysal/mapclassify/issues/212). One expects the
# area without a figure in a class of its own, in the highest, or an error.
#
# Instead there is neither a warning nor an error, and other areas change their class. Quantiles takes
# numpy's percentile, which is NaN for the last edge; every figure above the last edge but one is then
# below no edge, and is given class 0, as NaN itself is: the lowest. Of twelve areas in quarters the two
# highest are drawn as the lowest, beside the one of which nothing is known. Percentiles does the same.
# EqualInterval finds the right edges, and puts the area without a figure alone into the lowest class.
# geopandas takes the holes out before it asks; whoever calls mapclassify itself must do so too.
#
# Output seen (quarters of rates 201 to 455; the thirteenth area has none):
#   without it: 0 0 0 1 1 1 2 2 2 3 3 3
#   with it:    0 0 0 0 1 1 1 2 2 2 0 0 0
#
# What to do: classify what is known (`dropna`), and draw the rest as not known. earlywarn's map gives an
# authority without a known figure a class and a word of its own.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  mapclassify==2.10.0 numpy==2.1.3 pandas==2.2.3

cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings

import pandas as pd
from mapclassify import EqualInterval, Quantiles

rates = pd.Series([201, 243, 262, 270, 288, 301, 315, 333, 350, 371, 402, 455, None], dtype=float)
with warnings.catch_warnings():
    warnings.simplefilter("error")
    known = Quantiles(rates.dropna(), k=4).yb.tolist()
    found = Quantiles(rates, k=4).yb.tolist()
    equal = EqualInterval(rates, k=4).yb.tolist()
print("without it:", *known)
print("with it:   ", *found)
sys.exit(not (known[-2:] == [3, 3] and found[-3:] == [0, 0, 0] and equal[-3:] == [3, 3, 0]))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
