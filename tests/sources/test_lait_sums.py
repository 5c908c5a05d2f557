"""Figures of the LAIT file beside others in it: parts and wholes, authorities and regions."""

from __future__ import annotations

import pandas as pd

from earlywarn.authorities import Register
from earlywarn.sources.lait_sums import REGIONS, check_lait_sums
from earlywarn.sources.schema import Finding

REGISTER = Register.load()
PLACES = REGISTER.authorities[REGISTER.authorities["la_code"].isin(REGISTER.codes_on("2025-03-31"))]
EAST_MIDLANDS = sorted(PLACES.loc[PLACES["region"] == "East Midlands", "la_code"])
PEOPLE = pd.DataFrame(
    {"la_code": EAST_MIDLANDS, "period": 2024, "newest": 2024}
    | {"value": [40_000.0 + 10_000 * at for at in range(len(EAST_MIDLANDS))]}
)


def rows(desc: str, of_region: float, figures: list[float]) -> pd.DataFrame:
    """One measure of the region and its authorities in 2025."""
    codes = ["983", *EAST_MIDLANDS]
    frame = pd.DataFrame({"desc": desc, "la_code": codes, "period": 2025})
    return frame.assign(again=[of_region, *figures])


def found(own: pd.DataFrame, people: pd.DataFrame = PEOPLE) -> list[Finding]:
    return check_lait_sums(own, people, REGISTER, "lait.csv")


def test_a_regions_rate_is_that_of_its_authorities_weighed() -> None:
    rates = [150.0 + 5 * at for at in range(len(EAST_MIDLANDS))]
    together = float((PEOPLE["value"] * rates).sum() / PEOPLE["value"].sum())
    assert found(rows("Section_47", round(together, 1), rates)) == []
    exchanged = [rates[-1], *rates[1:-1], rates[0]]
    (one,) = found(rows("Section_47", round(together, 1), exchanged))
    assert (one.severity, one.code, one.file, one.period, one.column) == (
        "warning", "lait-sum", "lait.csv", 2025.0, "Section_47"
    )  # fmt: skip
    assert "Section_47 of East Midlands in 2025 is" in one.message
    assert "weighted by their population" in one.message
    assert (
        found(rows("Section_47", round(together, 1), exchanged), PEOPLE.assign(newest=2023)) == []
    )
    unknown = [float("nan"), *exchanged[1:]]
    assert found(rows("Section_47", round(together, 1), unknown)) == []


def test_counts_add_up_to_their_region() -> None:
    counts = [200.0 + at for at in range(len(EAST_MIDLANDS))]
    assert found(rows("NoCareLeavers", round(sum(counts), -1), counts)) == []
    (one,) = found(rows("NoCareLeavers", sum(counts) + 20, counts))
    assert "added up, give" in one.message


def test_a_percentage_is_its_part_of_the_whole() -> None:
    def one_of(value: float, year: int = 2025) -> list[Finding]:
        own = {"LACStable_2016on": value, "LACStableNum_2016on": 30.0, "LACnum": 300.0}
        frame = pd.DataFrame({"desc": [*own], "again": [*own.values()]})
        return found(frame.assign(la_code="383", period=year))

    assert one_of(10.0) == one_of(11.0) == one_of(14.0, 2016) == []
    (one,) = one_of(14.0)
    assert "LACStable_2016on is not LACStableNum_2016on of LACnum: Leeds 2025 14," in one.message
    assert "counts give 10.0" in one.message


def test_each_region_is_one_of_the_register() -> None:
    assert set(REGIONS.values()) == set(PLACES["region"])
