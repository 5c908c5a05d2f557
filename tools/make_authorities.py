"""Regenerate the tables that ship in src/earlywarn/data from the published and compiled files.

Usage: python tools/make_authorities.py DATA_FOLDER, where DATA_FOLDER contains `published/` and
`compiled/`. Writes authorities.csv, area_codes.csv, reorganisations.csv and releases.csv.

What is in no file is defined here: the dates of the reorganisations, with the orders that made
them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

OUT = Path(__file__).parents[1] / "src" / "earlywarn" / "data"

# The Bournemouth, Dorset and Poole (Structural Changes) Order 2018; the Northamptonshire
# (Structural Changes) Order 2020; the Cumbria (Structural Changes) Order 2022. Christchurch went
# from the old Dorset to 839, so 835 is not a clean parent of 839; the rest continues as 838.
REORGANISATIONS = [
    ("2019-04-01", "835", "838", "continues"),
    ("2019-04-01", "836", "839", "merger"),
    ("2019-04-01", "837", "839", "merger"),
    ("2021-04-01", "928", "940", "split"),
    ("2021-04-01", "928", "941", "split"),
    ("2023-04-01", "909", "942", "split"),
    ("2023-04-01", "909", "943", "split"),
]
TYPES = {
    "ILB": "London borough (inner)",
    "OLB": "London borough (outer)",
    "MD": "metropolitan district",
    "UA": "unitary authority",
    "SC": "county",
}
# Nine-character codes that ended before the files begin, but are still in older extracts.
OLD_AREA_CODES = {"E08000020": "390", "E06000048": "929", "E10000009": "835"}
# Everyday names that are in no file; the others are gathered from the files.
EVERYDAY = {"810": ["Hull"], "839": ["BCP"], "882": ["Southend"], "808": ["Stockton"]}
SCHOOL_CENSUS = range(2013, 2027)


def read(path: Path) -> pd.DataFrame:
    """Read a CSV file as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def authority_rows(published: Path) -> pd.DataFrame:
    """`old_la_code, new_la_code, la_name, region_name, time_period` of every wide table."""
    columns = ["time_period", "old_la_code", "new_la_code", "la_name", "region_name"]
    frames = []
    for path in sorted(published.glob("*.csv")):
        table = read(path)
        if {"geographic_level", *columns} <= set(table.columns):
            frames.append(table.loc[table["geographic_level"] == "Local authority", columns])
    rows = pd.concat(frames)
    return rows[rows["old_la_code"].str.fullmatch(r"\d{3}")].sort_values("time_period")


def other_names(folder: Path) -> pd.DataFrame:
    """`la_code, la_name` as written in other files."""
    published = folder / "published"
    listed = pd.read_excel(
        published / "la_code_list.xlsx", keep_default_na=False, engine="calamine"
    )
    frames = [listed[["LA Number", "LA Name"]]]
    neighbours = read(published / "New_Statistical_Neighbour_Groupings_April_2021.csv")
    frames.append(neighbours[["LA num", "LA Name"]])
    frames.append(read(published / "sn_model_2025_wide.csv")[["old_la_code", "la_name"]])
    sif = read(folder / "compiled" / "ofsted_sif_outcomes_2013_to_2018.csv")
    frames.append(sif[["la_code", "la_name"]])
    for frame in frames:
        frame.columns = ["la_code", "la_name"]
    return pd.concat(frames).astype(str)


def ofsted_names(published: Path, codes: dict[str, str]) -> pd.DataFrame:
    """`la_code, la_name` as written by Ofsted."""
    sheets = pd.read_excel(
        published / "LA_Inspection_Outcomes_as_at_31_March_2025.ods",
        sheet_name=["Inspections_as_at_31_March", "ILACS_inspection_history"],
        header=2,
        keep_default_na=False,
        engine="calamine",
    )
    rows = pd.concat(sheets.values())
    named = pd.DataFrame(
        {
            "la_code": rows["Local authority area code"].map(codes),
            "la_name": rows["Local authority name"],
        }
    )
    return named.dropna()


def plain(name: str) -> str:
    """A name in the form that makes two spellings the same to the register."""
    kept = name.lower().replace("&", "and").replace(" _ ", " and ")
    return " ".join("".join(c if c.isalnum() else " " for c in kept).split())


def aliases_of(code: str, name: str, seen: pd.DataFrame) -> str:
    """The other names of an authority that differ in more than case and punctuation."""
    candidates = [*seen.loc[seen["la_code"] == code, "la_name"], *EVERYDAY.get(code, [])]
    different: dict[str, str] = {}
    for other in candidates:
        if plain(other) != plain(name):
            different.setdefault(plain(other), other)
    return ";".join(different[key] for key in sorted(different))


def area_codes(rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Every nine-character code, old and new, and its authority."""
    centroids = read(folder / "compiled" / "authority_centroids.csv")
    codes = dict(zip(rows["new_la_code"], rows["old_la_code"], strict=True))
    codes |= dict(zip(centroids["gss_code"], centroids["la_code"], strict=True))
    codes |= OLD_AREA_CODES
    table = pd.DataFrame(sorted(codes.items()), columns=["gss_code", "la_code"])
    return table[table["gss_code"].str.fullmatch(r"E\d{8}")]


def authorities(rows: pd.DataFrame, folder: Path, codes: pd.DataFrame) -> pd.DataFrame:
    """One row per authority that has existed since 2013."""
    listed = pd.read_excel(
        folder / "published" / "la_code_list.xlsx", keep_default_na=False, engine="calamine"
    )
    newest = rows.drop_duplicates("old_la_code", keep="last").set_index("old_la_code").sort_index()
    kinds = dict(zip(listed["LA Number"].astype(str), listed["Type"], strict=True))
    regions = dict(zip(listed["LA Number"].astype(str), listed["Region"], strict=True))
    owners = dict(zip(codes["gss_code"], codes["la_code"], strict=True))
    seen = pd.concat([other_names(folder), ofsted_names(folder / "published", owners)])
    opened = {successor: day for day, _, successor, _ in REORGANISATIONS}
    closed = {predecessor: day for day, predecessor, _, _ in REORGANISATIONS}
    table = pd.DataFrame({"la_code": newest.index, "la_name": newest["la_name"].to_list()})
    table["region"] = table["la_code"].map(regions)
    # The list still has Buckinghamshire, North Yorkshire and Somerset as counties.
    unitary = newest["new_la_code"].str.startswith("E06").to_numpy()
    table["la_type"] = table["la_code"].map(kinds).map(TYPES).mask(unitary, TYPES["UA"])
    table["opened"] = table["la_code"].map(opened).fillna("")
    table["closed"] = table["la_code"].map(closed).fillna("")
    pairs = zip(table["la_code"], table["la_name"], strict=True)
    table["aliases"] = [aliases_of(code, name, seen) for code, name in pairs]
    return table


def releases(folder: Path) -> pd.DataFrame:
    """The release calendar, with the school census by rule."""
    table = read(folder / "compiled" / "releases.csv").rename(
        columns={
            "reporting_year": "period",
            "first_published": "published_on",
            "source": "evidence",
        }
    )
    census = pd.DataFrame(
        {
            "series": "school_census",
            "period": [str(year) for year in SCHOOL_CENSUS],
            "period_end": [f"{year}-01-31" for year in SCHOOL_CENSUS],
            "published_on": [f"{year}-06-30" for year in SCHOOL_CENSUS],
            "precision": "assumed",
            "evidence": "not verified; rule 30 Jun Y",
        }
    )
    return pd.concat([table, census])


def main(folder: Path) -> None:
    """Write the four tables."""
    rows = authority_rows(folder / "published")
    codes = area_codes(rows, folder)
    tables = {
        "authorities": authorities(rows, folder, codes),
        "area_codes": codes,
        "reorganisations": pd.DataFrame(
            REORGANISATIONS, columns=["date", "predecessor", "successor", "kind"]
        ),
        "releases": releases(folder),
    }
    for name, table in tables.items():
        table.to_csv(OUT / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
