#!/usr/bin/env bash
# Two of statsmodels' intervals for rates shrink to one point, away from the rate, where a count is 0.
#
# Seen with statsmodels 0.15.0 on Python 3.11.
#
# The smallest authorities often have a count of 0 in a year. confint_poisson(method="midp-c") is
# described as a correction of the central exact interval, found by inverting the test, so for 0
# events one expects a lower limit of 0 and an upper one a little below the exact 3.69
# (https://www.statsmodels.org/stable/generated/statsmodels.stats.rates.confint_poisson.html).
#
# Instead both limits are the upper one: 3.00 to 3.00 for 0 events, an interval without width that
# leaves out the count that was seen. An authority without events is then surely above a standard of
# 2 events, and below one of 4. confint_poisson_2indep(compare="ratio", method="score") does the same
# where the first count is 0: 0 against 5 events in as many children gives a ratio of 0.77 to 0.77.
# With one event both are as they should be. Nothing warns.
#
# Output seen:
#   0 events, midp-c:       3.00 to 3.00
#   0 events, exact-c:      0.00 to 3.69
#   1 event, midp-c:        0.05 to 4.93
#   0 against 5, score:     0.77 to 0.77
#   0 against 5, mover:     0.00 to 0.94
#   1 against 5, score:     0.03 to 1.29
#
# What to do: take "exact-c" and "mover" where a count is 0, or set the lower limit to 0. earlywarn's
# limits are Garwood's exact ones and Byar's, whose lower limit for 0 events is 0 (poisson_limits,
# byar_limits); users who check them against statsmodels would meet this.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check statsmodels==0.15.0

cat >"$folder/look.py" <<'PYTHON'
import sys

from statsmodels.stats.rates import confint_poisson, confint_poisson_2indep


def one(count, method):
    return [round(float(limit), 2) for limit in confint_poisson(count, 1, method=method)]


def ratio(count, method):
    limits = confint_poisson_2indep(count, 1000, 5, 1000, method=method, compare="ratio")
    return [round(float(limit), 2) for limit in limits]


seen = {
    "0 events, midp-c:": one(0, "midp-c"),
    "0 events, exact-c:": one(0, "exact-c"),
    "1 event, midp-c:": one(1, "midp-c"),
    "0 against 5, score:": ratio(0, "score"),
    "0 against 5, mover:": ratio(0, "mover"),
    "1 against 5, score:": ratio(1, "score"),
}
for name, (lower, upper) in seen.items():
    print(f"{name:22} {lower:5.2f} to {upper:.2f}")
right = [seen["0 events, exact-c:"], seen["0 against 5, mover:"]]
wrong = [seen["0 events, midp-c:"], seen["0 against 5, score:"]]
sys.exit(not (all(low == 0 for low, _ in right) and all(low == up > 0 for low, up in wrong)))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
