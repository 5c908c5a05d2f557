"""One URN is of one authority: exchanged authorities leave it behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from earlywarn.authorities import Register
from earlywarn.errors import DataQualityWarning
from earlywarn.judgements.reading import read_judgements
from earlywarn.judgements.rows import Inspection
from earlywarn.judgements.urns import doubts_about_urns
from earlywarn.sources.schema import Finding

HEADER = (
    "urn,la_code,local_authority,inspection_framework,inspection_start,publication_date,"
    "overall_effectiveness,leadership,help_and_protection,in_care,care_leavers"
)
GRADES = "Good,Good,Good,Good,Good"
EARLIER = (
    "80491,202,camden,standard,2018-03-05,2018-05-15,",
    "80453,816,york,,2018-04-16,2018-06-12,",
)
LATER = ("80491,202,camden,short,2025-03-03,2025-04-15,", "80453,816,york,,2025-02-24,2025-04-15,")


def write(path: Path, rows: tuple[str, ...]) -> None:
    lines = [HEADER, *(row + GRADES for row in rows), "Source: Ofsted" + 10 * ",", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def doubts(*rows: tuple[str, str]) -> list[Finding]:
    read = [
        Inspection(f"row {place}", {"la_code": code}, urn=urn)
        for place, (code, urn) in enumerate(rows, start=2)
    ]
    return doubts_about_urns(read, Register.load())


def test_two_authorities_exchanged_in_a_later_table_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", EARLIER)
    write(tmp_path / "b.csv", LATER)
    assert len(read_judgements(tmp_path)) == 4
    exchanged = (
        LATER[0].replace("202,camden", "816,york"),
        LATER[1].replace("816,york", "202,camden"),
    )
    write(tmp_path / "b.csv", exchanged)
    said = r"2 doubts .*b.csv, row 2, york: URN 80491, which a.csv, row 2, camden has too"
    with pytest.warns(DataQualityWarning, match=said):
        read_judgements(tmp_path)


def test_two_urns_of_one_authority_are_named() -> None:
    (found,) = doubts(("202", "80491"), ("202", "80492"))
    assert (found.code, found.la_code) == ("odd-urn", "202")
    assert "row 3: URN 80492, where row 2 has 80491" in found.message


def test_an_heir_may_keep_the_urn_and_tables_without_urns_say_nothing() -> None:
    assert doubts(("835", "80465"), ("838", "80465")) == []
    assert doubts(("202", ""), ("816", "")) == []
