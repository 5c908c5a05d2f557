#!/usr/bin/env bash
# Spark reads academic years such as 2010-11 as a month, as long as none of them goes past 2011-12.
#
# Seen with pyspark 4.3.0 on Python 3.11 (needs Java 17 or newer).
#
# Government tables write academic and financial years as 2009-10, 2010-11 and so on. With
# inferSchema=True one expects text: none of them is a whole date. But Spark takes a year and a month
# for a moment, so that a table that ends with 2011-12 gets a column of timestamps, and 2010-11 becomes
# 1 November 2010. Add one year, 2012-13, which is no month, and the whole column is text. So the same
# table changes its type, and what its years mean, with the years that it holds; no message says so.
#
# Output seen:
#   years to 2011-12: timestamp, second year read as 2010-11-01 00:00:00
#   years to 2012-13: string, second year read as 2010-11
#
# What to do: give a schema, or read every column as text (the default, without inferSchema).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pyspark==4.3.0

cat >"$folder/look.py" <<'PYTHON'
import sys
from pathlib import Path

from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")
seen = []
for last in (11, 12):
    file = Path(sys.argv[1], f"to_{last}.csv")
    years = [f"20{year:02}-{year + 1:02}" for year in range(9, last + 1)]
    file.write_text("year,authority,rate\n" + "".join(f"{y},Leeds,5\n" for y in years))
    table = spark.read.csv(str(file), header=True, inferSchema=True)
    kind = table.schema["year"].dataType.simpleString()
    second = table.selectExpr("cast(year as string) as year").collect()[1]["year"]
    print(f"years to {years[-1]}: {kind}, second year read as {second}")
    seen.append((kind, second))
spark.stop()
sys.exit(seen != [("timestamp", "2010-11-01 00:00:00"), ("string", "2010-11")])
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>/dev/null
