#!/usr/bin/env bash
# The best fuzzy match of "Cheshire West" is Cheshire East, and that of "Hull" is Solihull.
#
# Seen with thefuzz 0.22.1 and RapidFuzz 3.14.6 on Python 3.11.
#
# Tables that name authorities in their own way ("Hull", "Herefordshire County Council") are often
# brought together with the official names by process.extractOne, "Find the single best match above a
# score in a list of choices" (https://github.com/seatgeek/thefuzz). Where the text given is the beginning
# of one official name and of no other, or a word of it, one expects that name.
#
# Instead the default score, a weighted ratio, takes a tenth off as soon as one text is half as long
# again as the other, and compares them whole where it isn't. So the long right name gets 90 at best,
# for every word in place, and a short wrong one more: "Cheshire East" has most letters of
# "Cheshire West". Small and capital letters are alike to thefuzz, so that "hull" is in Solihull as well
# as in "Kingston upon Hull, City of": 90 each, and the first in the table is the best. RapidFuzz's
# WRatio, which minds capitals, gets these two right and takes Herefordshire County Council for County
# Durham, which has a word of it. No cut-off helps: right and wrong answers have the same scores.
#
# Output seen, eight of the 153 official names in the order of their codes:
#   thefuzz    Cheshire West                 Cheshire East              92   right: 90
#   thefuzz    Hull                          Solihull                   90   right: 90
#   RapidFuzz  Herefordshire County Council  County Durham              86   right: 85
#
# What to do: match codes (E06000050, 896), or names by a list of known spellings; ask where a name is
# not in it. earlywarn takes codes, official names, listed spellings, and beginnings of names that are one
# authority's alone; it refuses the rest, with the names that may have been meant.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  thefuzz==0.22.1 rapidfuzz==3.14.6

cat >"$folder/look.py" <<'PYTHON'
import sys

from rapidfuzz import fuzz
from rapidfuzz import process as rapid
from thefuzz import process

names = [
    "Solihull", "Kingston upon Hull, City of", "East Riding of Yorkshire", "County Durham",
    "Herefordshire, County of", "Cheshire East", "Cheshire West and Chester", "Hertfordshire",
]
thefuzz = dict(process.extract("Cheshire West", names)), dict(process.extract("Hull", names))
capitals = {
    name: score
    for name, score, _ in rapid.extract("Herefordshire County Council", names, scorer=fuzz.WRatio)
}
answers = []
for who, given, scores, right in (
    ("thefuzz", "Cheshire West", thefuzz[0], "Cheshire West and Chester"),
    ("thefuzz", "Hull", thefuzz[1], "Kingston upon Hull, City of"),
    ("RapidFuzz", "Herefordshire County Council", capitals, "Herefordshire, County of"),
):
    best = next(iter(scores))
    answers.append(best)
    print(f"{who:9}  {given:28}  {best:25}  {scores[best]:.0f}   right: {scores[right]:.0f}")
assert process.extractOne("Cheshire West", names)[0] == answers[0]
sys.exit(answers != ["Cheshire East", "Solihull", "County Durham"])
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
