"""Columns of one table that say the same in a year."""

from __future__ import annotations

import pandas as pd

from earlywarn.authorities import Register
from earlywarn.sources.copied_columns import check_copied_columns
from earlywarn.sources.schema import Finding
from earlywarn.sources.tabular_files import Table

REGISTER = Register.load()
LOCAL = REGISTER.authorities[REGISTER.authorities["closed"].isna()]


def found(copied: list[str], *, columns: tuple[str, ...] = ("leavers",)) -> list[Finding]:
    """What is said where these authorities have their starters as leavers in 2025."""
    codes = [*LOCAL["la_code"]] * 2
    years = ["2024"] * len(LOCAL) + ["2025"] * len(LOCAL)
    starters = [10 + at for at in range(len(codes))]
    leavers = [
        starter + (3 if (code, year) not in {(one, "2025") for one in copied} else 0)
        for starter, code, year in zip(starters, codes, years, strict=True)
    ]
    cells = pd.DataFrame({"old_la_code": codes, "time_period": years})
    cells = cells.assign(starters=starters, leavers=leavers).astype("str")
    table = Table("csww.csv", {name: name for name in cells}, cells, cells.index.to_numpy())
    places = pd.DataFrame({"row": cells.index, "la_code": codes, "period": [int(y) for y in years]})
    return check_copied_columns(table, places, columns, ("old_la_code", "time_period"), REGISTER)


def test_a_column_copied_over_another_in_a_year_or_region_is_named() -> None:
    assert found([]) == []
    (one,) = found([*LOCAL["la_code"]])
    assert (one.severity, one.code, one.file, one.period) == (
        "warning",
        "copied-column",
        "csww.csv",
        2025.0,
    )
    assert "starters and leavers have the same figures in 2025 for nearly all" in one.message
    (one,) = found([*LOCAL.loc[LOCAL["region"] == "East Midlands", "la_code"]])
    assert "in 2025 for East Midlands" in one.message


def test_a_few_of_a_region_or_columns_that_are_not_read_say_nothing() -> None:
    assert found([*LOCAL.loc[LOCAL["region"] == "East Midlands", "la_code"]][1:]) == []
    assert found([*LOCAL["la_code"]], columns=("turnover",)) == []
