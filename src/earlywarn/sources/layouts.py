"""The published wide tables: which column is which measure, with a record per dated layout.

A table is recognised by its columns, never by its file's name. A release with renamed columns only
needs a new record here.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlywarn.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

SCALES = {"percent": 100.0, "rate": 10_000.0, "per worker": 1.0}
"""The multiplier of numerator / denominator, for each unit that is a ratio."""

IDENTIFIERS = ("time_period", "geographic_level", "old_la_code")
"""The columns that every wide table has."""


@dataclass(frozen=True)
class Measure:
    """A measure of a wide table, and the columns it comes from.

    Attributes
    ----------
    name : str
        The measure.
    unit : str
        "count", "percent", "rate" (per 10,000 children) or "per worker".
    value : str
        The column of the published value.
    numerator, denominator : str, tuple of str
        The columns of the counts behind it; a denominator of several columns is their sum.
    may_exceed : bool
        Whether a percentage above 100 can be true (tiny teams).
    needs : str
        A column that must not be zero for the value to be meaningful.
    """

    name: str
    unit: str
    value: str
    numerator: str = ""
    denominator: tuple[str, ...] = ()
    may_exceed: bool = False
    needs: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column from which the measure is read."""
        named = (self.value, self.numerator, *self.denominator, self.needs)
        return tuple(dict.fromkeys(name for name in named if name))

    @property
    def counts(self) -> tuple[str, ...]:
        """The columns with counts, which can be added up."""
        return tuple(name for name in self.columns if name != self.value or self.unit == "count")


@dataclass(frozen=True)
class Layout:
    """One dated layout of a published wide table.

    Attributes
    ----------
    table, series : str
        The publisher's name for the table, and its series in the release calendar.
    since : int
        The first release year known to have this layout.
    measures : tuple of Measure
        The measures that it contains.
    marks : tuple of str
        Other columns of the table: at least one must be there, so that no breakdown is mistaken for
        it.
    where : tuple of str
        The column and the values of the rows to use, if not all; empty otherwise.
    count_half, value_half : float
        Half of the last digit that counts of authorities, and values, are rounded to.
    joint_leads : tuple of (str, str)
        Leads and partners, where one row of a joint return has the lead's own code.
    bands_of, bands : str, tuple of str
        A column of counts, and the columns that break it down.
    """

    table: str
    series: str
    since: int
    measures: tuple[Measure, ...]
    marks: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    count_half: float = 0.0
    value_half: float = 0.05
    joint_leads: tuple[tuple[str, str], ...] = ()
    bands_of: str = ""
    bands: tuple[str, ...] = ()

    @property
    def whole(self) -> frozenset[str]:
        """The columns of whole counts: all counts except those of workers, which are in tenths."""
        if self.count_half:
            return frozenset(one.numerator for one in self.measures if one.unit == "per worker")
        return frozenset(column for measure in self.measures for column in measure.counts)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that must be there."""
        named = [column for measure in self.measures for column in measure.columns]
        return tuple(dict.fromkeys([*IDENTIFIERS, *self.where[:1], *named]))


def _share(name: str, part: str, whole: str, percent: str) -> Measure:
    return Measure(name, "percent", percent, part, (whole,))


def _count(name: str, column: str) -> Measure:
    return Measure(name, "count", column, column)


# Kingston and Richmond, and the two Northamptonshires, share a children's service.
JOINT_SERVICES = (("314", "318"), ("940", "941"))

_LOOKED_AFTER = (
    "Children looked after on 31 March each year",
    "Children looked after at 31 March each year",
)
_SHORTER_PLANS = ("3_months_or_less", "more_than_3_months_6_months", "1_year_less_than_2_years")
_CSWW_SHARED_MARKS = ("agency_cover_fte", "vacancy_agency_cover_rate_fte")

LAYOUTS = (
    Layout(
        "C1",
        "cin",
        2025,
        (
            _count("referrals", "referral_count"),
            _share("rereferrals", "rereferral_count", "referral_count", "rereferral_percent"),
            _share(
                "no_further_action",
                "no_further_action_count",
                "referral_count",
                "no_further_action_percent",
            ),
            _share(
                "assessed_not_in_need",
                "not_in_need_count",
                "referral_count",
                "not_in_need_percent",
            ),
        ),
    ),
    Layout(
        "C1",
        "cin",
        2024,
        (
            _count("referrals", "referrals"),
            _share("rereferrals", "re_referrals", "referrals", "re_referrals_percent"),
            _share(
                "no_further_action", "no_further_action", "referrals", "no_further_action_percent"
            ),
            _share("assessed_not_in_need", "not_in_need", "referrals", "not_in_need_percent"),
        ),
    ),
    Layout(
        "B1",
        "cin",
        2024,
        (_count("children_in_need", "at31_episodes"),),
        marks=("anypoint_episodes", "started_episodes", "ended_episodes"),
    ),
    Layout(
        "D3",
        "cin",
        2023,
        (
            _count("plans_started", "cpp_start"),
            _share("repeat_plans", "cpp_subsequent", "cpp_start", "cpp_subsequent_percent"),
        ),
    ),
    Layout(
        "D5",
        "cin",
        2023,
        (
            _count("plans_at_31_march", "cpp_at31"),
            _share("plans_two_years", "2_years_or_more", "cpp_at31", "2_years_or_more_percent"),
        ),
        marks=_SHORTER_PLANS,
        bands_of="cpp_at31",
        bands=(*_SHORTER_PLANS, "more_than_6_months_less_than_1_year", "2_years_or_more"),
    ),
    Layout(
        "CSWW",
        "csww",
        2024,
        (
            Measure(
                "vacancies",
                "percent",
                "vacancy_rate_fte",
                "vacancy_fte",
                ("vacancy_fte", "inpost_fte"),
                may_exceed=True,
                needs="inpost_fte",
            ),
            Measure(
                "agency_workers",
                "percent",
                "agency_rate_fte",
                "agency_fte",
                ("agency_fte", "inpost_fte"),
                may_exceed=True,
            ),
            Measure(
                "turnover",
                "percent",
                "turnover_rate_fte",
                "leavers_fte",
                ("inpost_fte",),
                may_exceed=True,
            ),
            Measure(
                "absence",
                "percent",
                "absence_rate_fte",
                "working_days_lost_fte",
                may_exceed=True,
            ),
            Measure("caseload", "per worker", "caseload_fte", "cases", ("case_holders_fte",)),
        ),
        marks=_CSWW_SHARED_MARKS,
        count_half=0.05,
    ),
    Layout(
        "CSWW",
        "csww",
        2022,
        (
            Measure(
                "vacancies",
                "percent",
                "vacancy_rate_fte_%",
                "vacancy_fte",
                ("vacancy_fte", "social_worker_fte"),
                may_exceed=True,
                needs="social_worker_fte",
            ),
            Measure(
                "agency_workers",
                "percent",
                "agency_worker_rate_fte_%",
                "agency_fte",
                ("agency_fte", "social_worker_fte"),
                may_exceed=True,
            ),
            Measure(
                "turnover",
                "percent",
                "turnover_rate_fte_%",
                "leaver_fte",
                ("social_worker_fte",),
                may_exceed=True,
            ),
            Measure(
                "absence",
                "percent",
                "absence_rate_fte_%",
                "working_days_lost_fte",
                may_exceed=True,
            ),
            Measure("caseload", "per worker", "caseload_fte", "cases", ("case_holders_fte",)),
        ),
        marks=_CSWW_SHARED_MARKS,
        count_half=0.05,
        joint_leads=JOINT_SERVICES,
    ),
    Layout(
        "CLA",
        "cla",
        2025,
        (
            Measure(
                "looked_after",
                "rate",
                "rate_per_10000",
                "children_count",
                ("population_estimate",),
            ),
        ),
        where=("population_type", *_LOOKED_AFTER),
        value_half=0.5,
    ),
    Layout(
        "CLA",
        "cla",
        2023,
        (Measure("looked_after", "rate", "rate_per_10000", "number", ("population_estimate",)),),
        where=("population_count", *_LOOKED_AFTER),
        value_half=0.5,
    ),
    Layout(
        "ONS",
        "pop",
        2024,
        (_count("population_0_17", "population_estimate"),),
        where=("age_group", "Children aged 0 to 17 years"),
    ),
)
"""Every known layout, the latest of a table first; an earlier record wins over a later one."""


def match_layout(keys: Sequence[str], where: str, names: Sequence[str] = ()) -> Layout | None:
    """Find the layout that matches a table's columns, or None if it is not a known table.

    Parameters
    ----------
    keys : sequence of str
        The table's columns as keys (`text.column_key`).
    where : str
        The table, for the message.
    names : sequence of str, optional
        The columns as in the file, for the message.

    Raises
    ------
    SourceError
        If it is clearly one of the tables but lacks some of its columns.

    Examples
    --------
    >>> keys = [*IDENTIFIERS, "cpp_start", "cpp_subsequent", "cpp_subsequent_percent"]
    >>> match_layout(keys, "a.csv").table
    'D3'
    """
    have = set(keys)
    for layout in LAYOUTS:
        if have.issuperset(layout.columns) and (not layout.marks or have & set(layout.marks)):
            return layout
    known = max(LAYOUTS, key=lambda layout: _likeness(layout, have))
    missing = [column for column in known.columns if column not in have]
    if _likeness(known, have) <= 0.5 or not missing:
        return None
    raise SourceError(
        f"table {known.table} lacks the column{'s' if len(missing) > 1 else ''} "
        + ", ".join(missing),
        where=where,
        found=_nearest(missing, names or keys, set(known.columns)),
        expected=", ".join(column for column in known.columns if column not in IDENTIFIERS),
        remedy="If the publisher renamed a column, give it its old name, or add the new layout.",
    )


def _likeness(layout: Layout, have: set[str]) -> float:
    """The share of a layout's own columns that are present; 0 without the identifiers."""
    if len(have.intersection(IDENTIFIERS)) < 2:
        return 0.0
    own = {*layout.columns, *layout.marks} - set(IDENTIFIERS)
    return len(own & have) / len(own)


def _nearest(missing: Sequence[str], names: Sequence[str], used: set[str]) -> str:
    """The columns that might be the missing ones under another name."""
    spare = [name for name in names if name.lower() not in used]
    near = {column: difflib.get_close_matches(column, spare, n=2, cutoff=0.6) for column in missing}
    hints = [f"{column} (near: {' or '.join(found)})" for column, found in near.items() if found]
    return "; ".join(hints) if hints else f"{len(names)} columns, none with a similar name"
