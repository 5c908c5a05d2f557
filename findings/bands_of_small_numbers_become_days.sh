#!/usr/bin/env bash
# Bands of small numbers, "1-4" and "5-9", come out of csvkit as days of the year 2001.
#
# Seen with csvkit 2.2.0 and agate 1.14.2 on Python 3.11.
#
# Councils publish small counts in bands, and ages too. csvjson, csvsql and in2csv find out of what kind
# each column is (https://csvkit.readthedocs.io, "type inference"): numbers, dates, true and false, or
# text. One expects a band to be text, as it is no number, and a count to stay a number.
#
# Instead a column in which every band reads as month and day becomes dates: "1-4" is 4 January 2001, and
# "10-11" the 11th of October, whether children or years were meant. Durations go the same way: "3 years"
# is the first day of the year 4. And a count that is 0 or 1 in every row, as of deaths, becomes false
# and true. One row of another form keeps a column as it was, so that a table comes out in one form for
# one region and in another for the next. Nothing is said.
#
# Output seen, for three rows of la_code, children, waited, deaths:
#   {"la_code": 383.0, "children": "2001-01-04", "waited": "0004-01-01", "deaths": false}
#   {"la_code": 330.0, "children": "2001-05-09", "waited": "0003-01-01", "deaths": true}
#   {"la_code": 210.0, "children": "2001-10-11", "waited": "0005-01-01", "deaths": false}
# and the first of them with -I:
#   {"la_code": "383", "children": "1-4", "waited": "3 years", "deaths": "0"}
#
# What to do: -I (--no-inference) for all these commands, and kinds by name afterwards. earlywarn's
# readers take cells as text and each column by what it must be; a band is refused where a number
# belongs.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  csvkit==2.2.0 agate==1.14.2

cat >"$folder/table.csv" <<'CSV'
la_code,children,waited,deaths
383,1-4,3 years,0
330,5-9,2 years,1
210,10-11,4 years,0
CSV
"$folder/venv/bin/csvjson" --stream --snifflimit 0 "$folder/table.csv" | tee "$folder/seen"
"$folder/venv/bin/csvjson" --stream --snifflimit 0 -I "$folder/table.csv"
grep -q '"children": "2001-01-04", "waited": "0004-01-01", "deaths": false' "$folder/seen"
