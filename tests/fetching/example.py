"""A service with invented tables of several versions in the published layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fetching.replica import DataSet, Replica, Version
from tests.helpers.published import write_table

CIN, CLA = "pub-cin", "pub-cla"
WORKFORCE = "children-s-social-work-workforce"
CODES = ("201", "202", "203", "204")


def table(folder: Path, name: str, years: range, **cells: Any) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    return write_table(folder, name, years, codes=CODES, name="t.csv", **cells).read_bytes()


def example(tmp: Path) -> Replica:
    scratch = tmp / "scratch"

    def versions(new: str, old: str | None = None) -> list[Version]:
        return [
            Version("1.0", "2024-10-31T09:30:00Z", table(scratch, old or new, range(2022, 2025))),
            Version("2.0", "2025-10-30T09:30:00Z", table(scratch, new, range(2022, 2026))),
        ]

    c1 = DataSet("c1-0000-aaaa", "C1 Referrals and re-referrals", versions("C1", "C1 2024"))
    cin = [c1, *(DataSet(f"{n}-id", f"{n} table", versions(n)) for n in ("B1", "D3", "D5"))]
    cin.append(
        DataSet(
            "other",
            "Factors at assessment",
            [
                Version(
                    "1.0", "2025-10-30T09:30:00Z", b"time_period,geographic_level,factor\n1,2,3\n"
                )
            ],
        )
    )
    cin.append(DataSet("schools", "By school", versions("C1"), levels=("School",)))
    cla = [DataSet("cla-id", "CLA on 31 March", versions("CLA"))]
    replica = Replica(
        {
            CIN: ("Children in need", "children-in-need", cin),
            CLA: ("Children looked after in England including adoptions", "cla-slug", cla),
            "else": ("Pupil absence in schools in England", "absence", []),
        }
    )
    for year, day in ((2024, "2025-02-27T09:30:00Z"), (2025, None)):
        replica.releases[WORKFORCE, year] = (
            f"release-{year}",
            day,
            {
                f"data/csww_indicators_{year}.csv": table(scratch, "CSWW", range(2022, year + 1)),
                "data/other.csv": b"a,b\n1,2\n",
                "data-guidance/data-guidance.txt": b"text",
                "../escape.csv": table(scratch, "CSWW", range(2022, 2023)),
            },
        )
    return replica
