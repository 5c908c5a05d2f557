"""Compare the population table with the populations behind other tables' rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from earlywarn.sources.continuity import SMALLEST
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    import pandas as pd

    from earlywarn.authorities import Register

_MOST = 0.05
"""How far apart (in logarithms) the two may be: no release of looked-after children from 2023 to
2025 used a population that the latest table moved by more than 0.022."""
_FEW = 0.1
_NAMED = 5


def check_populations(observations: pd.DataFrame, register: Register) -> list[Finding]:
    """Warn of each year in which populations differ from those used for rates.

    Rates of looked-after children at 31 March use the mid-year population of the year before, which
    is in their table.

    Parameters
    ----------
    observations : DataFrame
        The observations of all tables, with `file` and `line`, sorted by vintage within each
        figure.
    register : Register
        For the names.
    """
    people = _newest(observations, "population_0_17", "value")
    rates = _newest(observations, "looked_after", "denominator")
    if people.empty or rates.empty:
        return []
    rates = rates.assign(period=rates["period"] - 1)
    both = people.merge(rates, on=["la_code", "period"], suffixes=("", "_rates"))
    # With the same base all are equal, with another hardly any.
    other = both["people"] != both["people_rates"]
    few = other.groupby(both["period"]).transform("mean") < _FEW
    far = both[(np.abs(np.log(both["people"] / both["people_rates"])) > _MOST) | (other & few)]
    return [_of_year(int(str(year)), rows, register) for year, rows in far.groupby("period")]


def _newest(observations: pd.DataFrame, measure: str, column: str) -> pd.DataFrame:
    """The latest population for each authority and year, except zeros."""
    own = observations[(observations["measure"] == measure) & (observations[column] > 0)]
    own = own[~own["la_code"].isin(SMALLEST)]
    own = own.drop_duplicates(["la_code", "period"], keep="last")
    return own[["la_code", "period", "file", "line"]].assign(people=own[column])


def _of_year(year: int, rows: pd.DataFrame, register: Register) -> Finding:
    first = rows.iloc[0]
    named = ", ".join(
        f"{register.name_of(code)} {people:.0f} and {other:.0f}"
        for code, people, other in rows[["la_code", "people", "people_rates"]]
        .head(_NAMED)
        .itertuples(index=False, name=None)
    )
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    message = (
        f"the numbers of children in {year} differ from those behind the rates of looked-after "
        f"children in {first['file_rates']}: {named}{more}. One of the two may be for other ages "
        "or authorities, or have a wrong cell"
    )
    return Finding(
        "warning",
        "population",
        message,
        str(first["file"]),
        float(first["line"]),
        str(first["la_code"]),
        float(year),
        "population_0_17",
        f"{first['people']:.0f}",
    )
