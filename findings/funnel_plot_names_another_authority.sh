#!/usr/bin/env bash
# A funnel plot marks the authority that lies outside, and writes another's name beside it.
#
# Seen with funnelplot 0.2.1, matplotlib 3.11.2, pandas 3.1.1 and numpy 2.4.6 on Python 3.11.
#
# A funnel tells which authorities differ by more than chance, the fewer cases the wider. funnelplot
# (https://github.com/johnhw/funnelplot) is what PyPI has for it: funnel(df, x, group) takes a row a
# case, "grouping elements by group", and shows the names of groups that lie outside its limits. One
# expects the name of the group whose dot it is.
#
# Instead the groups are sorted by their size and the names are not: the outlier that is third by size
# gets the third name of the alphabet. Below, six authorities have a share of repeat plans of 20%, but for
# Reading with 40%. The one dot outside stands at Reading's 240 plans and its distance from the mean, and
# says Leeds. With bootstrap_mode=True it is the same, and so in funnel_plot(groups, labels=...). Only
# where sizes and names are in the same order is the name right. No warning is about it; those that
# there are come from the tip of the funnel, at a size of 0.
#
# Output seen:
#   outside: 1 dot, at 240 plans, named Leeds; by size it is Reading
#   the same by bootstrap: named Leeds
#   groups given from the smallest to the largest: named Reading
#
# What to do: hand funnel_plot the groups and labels sorted by size. earlywarn's funnel (`draw funnel`)
# takes name, size and figure from one row.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  funnelplot==0.2.1 matplotlib==3.11.2 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1

cat >"$folder/look.py" <<'PYTHON'
import sys
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("Agg")
from funnelplot.core import funnel, funnel_plot
from matplotlib import pyplot as plt

warnings.simplefilter("ignore")  # of the tip of the funnel
np.random.seed(1)
plans = {"Birmingham": 1600, "Hartlepool": 120, "Leeds": 900, "Reading": 240, "Rutland": 40, "Wirral": 400}
repeat = {name: number * (2 if name == "Reading" else 1) // 5 for name, number in plans.items()}
cases = {
    name: np.repeat([1.0, 0.0], [repeat[name], number - repeat[name]]) for name, number in plans.items()
}
rows = pd.concat(
    [pd.DataFrame({"authority": name, "repeat": found}) for name, found in cases.items()],
    ignore_index=True,
)


def named(draw):
    """Names of authorities in the picture, and how many cases the coloured dots stand at."""
    figure, ax = plt.subplots()
    draw(ax)
    dots = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "o"]
    plt.close(figure)
    return [text.get_text() for text in ax.texts if text.get_text() in plans], dots


names, dots = named(lambda ax: funnel(rows, x="repeat", group="authority", ax=ax))
strapped, _ = named(
    lambda ax: funnel(rows, x="repeat", group="authority", ax=ax, bootstrap_mode=True)
)
by_size = sorted(plans, key=plans.__getitem__)
right, _ = named(lambda ax: funnel_plot([cases[name] for name in by_size], ax=ax, labels=by_size))
truth = [name for name, number in plans.items() if number in dots]
print(f"outside: {len(dots)} dot, at {dots[0]} plans, named {names[0]}; by size it is {truth[0]}")
print(f"the same by bootstrap: named {', '.join(strapped)}")
print(f"groups given from the smallest to the largest: named {right[0]}")
sys.exit(not (names == ["Leeds"] and strapped == ["Leeds"] and truth == right == ["Reading"]))
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
