"""Compare the wide tables with the LAIT file of the same release, which repeats their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.sources.cells import SYMBOLS, parse_cells
from earlywarn.sources.continuity import SMALLEST
from earlywarn.sources.lait_sums import SUMMED
from earlywarn.sources.schema import ROUNDS_TO_ZERO, UNAVAILABLE, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.authorities import Register
    from earlywarn.sources.tabular_files import Table
    from earlywarn.statistics.arrays import FloatArray


class Again(NamedTuple):
    """Which figure of which measure a short description of the LAIT file is.

    Attributes
    ----------
    measure, field : str
        The measure, and its `value`, `numerator` or `denominator`.
    per : float
        If not 0: the file has it per so many children, and the table has the count.
    """

    measure: str
    field: str = "value"
    per: float = 0.0


AGAIN = {
    "CPP_Total_NumRef": Again("referrals"),
    "CPP_Total_Rateper10,000": Again("referrals", per=10_000.0),
    "ReReferral": Again("rereferrals"),
    "CIN_Refferals_NFA": Again("no_further_action"),
    "Referrals_AssessedNotNeed": Again("assessed_not_in_need"),
    "CIN": Again("children_in_need", per=10_000.0),
    "CPP_Abuse": Again("plans_started"),
    "ReRegCPR": Again("repeat_plans", "numerator"),
    "PrevRegCPR": Again("repeat_plans"),
    "CPP_Num": Again("plans_at_31_march"),
    "CPPlans2yrsActive": Again("plans_two_years"),
    "LAC": Again("looked_after"),
    "LACnum": Again("looked_after", "numerator"),
    "Work_Force_NoSW": Again("turnover", "denominator"),
    "Work_Force_Vac_Rate": Again("vacancies"),
    "Work_Force_Agecy_Rate": Again("agency_workers"),
    "Work_Force_TO_Rate": Again("turnover"),
    "Social_Work_Leavers": Again("turnover", "numerator"),
    "Work_Force_SWAbsence": Again("absence"),
    "Work_Force_AvgNumCase_SW": Again("caseload"),
    "Work_Force_Num_CaseHeld": Again("caseload", "numerator"),
}
"""The short descriptions of such figures. In every pair of files of one release, from 2024 to 2026,
the two agree to the last digit."""

_HALF = 0.05 + 1e-6  # rates by children are rounded to one decimal
_SAME = 1e-6
_NAMED = 5
_NUMBER, _YEAR = r"(\d{3})(?:\.0)?", r"(20\d\d)"


def figures_again(table: Table) -> pd.DataFrame:
    """The rows of the LAIT file that are compared with others: `desc, la_code, period, again`.

    Nothing else is read of them, so rows that can't be read are passed over.

    Parameters
    ----------
    table : Table
        The file as text.
    """
    cells = table.cells[table.cells["short_desc"].isin({*AGAIN, *SUMMED})]
    values, _, wrong = parse_cells(cells["values"], {**SYMBOLS, "-": UNAVAILABLE})
    rows = pd.DataFrame(
        {
            "desc": cells["short_desc"].to_numpy(),
            "la_code": cells["la_number"].str.extract(f"^{_NUMBER}$")[0].to_numpy(),
            "period": cells["years"].str.extract(f"^{_YEAR}$")[0].to_numpy(),
            "again": values,
        }
    )[~wrong]
    rows = rows.dropna(subset=["la_code", "period"]).astype({"period": "int64"})
    return rows.drop_duplicates(["desc", "la_code", "period"], ignore_index=True)


def check_again(
    figures: Sequence[tuple[str, pd.DataFrame]], again: pd.DataFrame, register: Register
) -> list[Finding]:
    """A warning for each measure of a wide table that differs in the LAIT file.

    Parameters
    ----------
    figures : sequence of (str, DataFrame)
        Each wide table's file, and its figures (`wide_tables.Reading.figures`).
    again : DataFrame
        `figures_again` of the LAIT file.
    register : Register
        For the names.

    Returns
    -------
    list of Finding
        None for a measure with different newest years in the table and the file: they are from
        two releases then, between which figures are restated.
    """
    newest = again[again["again"].notna()].groupby("desc")["period"].max()
    findings = []
    for desc, (measure, field, per) in AGAIN.items():
        for file, own in figures:
            here = own[(own["measure"] == measure) & (own["newest"] == newest.get(desc, 0))]
            if here.empty:
                continue
            both = here.assign(here=here[field]).merge(
                again[again["desc"] == desc], on=["la_code", "period"]
            )
            if per:
                both = _per_child(both, figures, per)
            findings += _unlike(both, desc, file, register, slack=_HALF if per else _SAME)
    return findings


def populations(figures: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """The populations among the figures of tables, once each: `la_code, period, newest, value`."""
    columns = ["la_code", "period", "newest", "value"]
    parts = [own.loc[own["measure"] == "population_0_17", columns] for _, own in figures]
    empty = pd.DataFrame(columns=columns).astype({"newest": "int64", "period": "int64"})
    return pd.concat(parts).drop_duplicates(columns[:3]) if parts else empty


def _per_child(
    both: pd.DataFrame, figures: Sequence[tuple[str, pd.DataFrame]], per: float
) -> pd.DataFrame:
    """Counts per so many children, if the population is that of the year before the newest."""
    people = populations(figures)
    people = people[people["newest"] + 1 == both["newest"].max()]
    people = people.assign(period=people["period"] + 1, people=people["value"])
    joined = both.merge(people[["la_code", "period", "people"]], on=["la_code", "period"])
    return joined.assign(here=per * joined["here"] / joined["people"])


def _unlike(
    both: pd.DataFrame, desc: str, file: str, register: Register, *, slack: float
) -> list[Finding]:
    here, there = both["here"].to_numpy(dtype=np.float64), both["again"].to_numpy(dtype=np.float64)
    off = both[(np.abs(here - there) > slack) | _one_alone(both, here, there)]
    if off.empty:
        return []
    off = off.sort_values(["period", "la_code"], ascending=[False, True])
    first = off.iloc[0]
    named = ", ".join(_named(row, register) for _, row in off.head(_NAMED).iterrows())
    more = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
    how = ", calculated from its count and the population," if "people" in both else ""
    message = (
        f"{first['measure']}{how} differs from {desc} in the LAIT file of the same release: "
        f"{named}{more}. One of the two files has wrong cells: download both again"
    )
    place = file, float(first["line"]), str(first["la_code"]), float(first["period"])
    column, found = str(first["measure"]), _text(first["here"])
    return [Finding("warning", "unlike-lait", message, *place, column, found)]


def _one_alone(both: pd.DataFrame, here: FloatArray, there: FloatArray) -> npt.NDArray[np.bool_]:
    """Where only one of the two has a figure: not that of a partner in a joint return, nor "low".

    Of the smallest authorities the file leaves some out, and it had a zero for other signs.
    """
    one = np.where(np.isnan(here), there > 0, np.isnan(there))
    odd = both["joint"] | both["status"].eq(ROUNDS_TO_ZERO) | both["la_code"].isin(SMALLEST)
    return one & ~odd.to_numpy(dtype=np.bool_)


def _named(row: pd.Series, register: Register) -> str:
    name = register.name_of(str(row["la_code"]))
    return f"{name} {row['period']} {_text(row['here'])}, not {_text(row['again'])}"


def _text(figure: float) -> str:
    return "without a figure" if np.isnan(figure) else f"{figure:.10g}"
