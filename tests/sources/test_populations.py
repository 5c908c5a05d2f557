"""Populations beside those that rates of looked-after children are of."""

from __future__ import annotations

import pandas as pd

from earlywarn.authorities import Register
from earlywarn.sources.populations import check_populations
from earlywarn.sources.schema import Finding

REGISTER = Register.load()


def found(people: dict[str, float], code: str = "383") -> list[Finding]:
    """What is said of a population of 2023, beside rates of 2024 out of 170,000 children."""
    rows = [
        {"measure": "population_0_17", "period": 2023, "value": people.get(code, 170_000.0)},
        {"measure": "looked_after", "period": 2024, "value": 90.0, "denominator": 160_000.0},
        {"measure": "looked_after", "period": 2024, "value": 86.0, "denominator": 170_000.0},
        {"measure": "looked_after", "period": 2023, "value": 86.0, "denominator": 100_000.0},
    ]
    frame = pd.DataFrame(rows).assign(la_code=code, line=2.0)
    frame["file"] = frame["measure"] + ".csv"
    return check_populations(frame, REGISTER)


def test_a_population_unlike_that_of_the_newest_rates_is_named() -> None:
    assert found({}) == []
    assert found({"383": 174_000.0}) == []
    (one,) = found({"383": 136_000.0})
    assert (one.severity, one.code, one.la_code, one.period) == (
        "warning", "population", "383", 2023.0
    )  # fmt: skip
    assert "children in looked_after.csv: " in one.message
    assert "Leeds 136000 and 170000. One of the two" in one.message


def test_the_smallest_and_a_table_alone_say_nothing() -> None:
    assert found({"420": 100.0}, "420") == []
    alone = pd.DataFrame({"measure": ["population_0_17"], "period": 2023, "value": 5.0})
    alone = alone.assign(la_code="383", line=2.0, file="pop.csv", denominator=float("nan"))
    assert check_populations(alone, REGISTER) == []


def test_a_few_populations_unlike_nearly_all_others_are_named() -> None:
    codes = sorted(REGISTER.codes_on("2023-06-30"))[20:60]  # not the smallest, 201 and 420
    people = pd.DataFrame({"la_code": codes, "measure": "population_0_17", "period": 2023})
    people = people.assign(value=50_000.0, denominator=float("nan"), line=2.0, file="pop.csv")
    rated = people.assign(measure="looked_after", period=2024, denominator=50_000.0, file="cla.csv")
    assert check_populations(pd.concat([people, rated]), REGISTER) == []
    of_two = people["la_code"].isin(codes[:2])
    exchanged = people.assign(value=people["value"].mask(of_two, 50_400.0))
    (one,) = check_populations(pd.concat([exchanged, rated]), REGISTER)
    assert one.message.count("50400 and 50000") == 2
    other = people.assign(value=50_400.0)  # another base
    assert check_populations(pd.concat([other, rated]), REGISTER) == []
