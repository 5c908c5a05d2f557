"""The snapshot of what was public on a date, from which indicators and scores are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

import pandas as pd

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import AuthorityError, IndicatorError
from earlywarn.panel.naming import code_meant
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.showing import Brief, Shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

_T = TypeVar("_T")

OWN_COLUMNS = ("la_code", "indicator", "value", "size")
"""The columns of own figures, with the value in the indicator's unit and its cases."""


def no_figures() -> pd.DataFrame:
    """An empty frame of own figures."""
    return pd.DataFrame(
        {
            "la_code": pd.Series(dtype="str"),
            "indicator": pd.Series(dtype="str"),
            "value": pd.Series(dtype=float),
            "size": pd.Series(dtype=float),
        }
    )


@dataclass(frozen=True, eq=False, repr=False)
class Snapshot(Shown):
    """What was public on one date, and nothing later, as the basis of indicators and scores.

    It does not refer to the panel, so nothing published later can be reached from it.

    Attributes
    ----------
    as_of : datetime.date
        The day.
    observations : DataFrame
        The authorities' figures: the panel's columns and `restated`, True where the figure was
        public on the date but its value could only be read from a later release. One row for each
        authority, measure and period, from the latest release by that date.
    england : DataFrame
        England's own figures, in the same columns.
    neighbours : DataFrame
        Statistical neighbours of the model in use on the date.
    judgements : DataFrame
        The inspections whose report was public.
    authorities : DataFrame
        `la_code, la_name, region, la_type` of the authorities that existed.
    register : Register
        All authorities, with their dates.
    neighbour_model : int or None
        The year of the neighbour model; None if none was public yet: those before 2021 are not
        published.
    own_figures : DataFrame
        The caller's own figures, put in by ``with_figures``: one row per authority and indicator,
        with the value and the cases behind it. They count for the authority's latest year, and
        don't change any distribution, other authority or published row.
    """

    as_of: date
    observations: pd.DataFrame
    england: pd.DataFrame
    neighbours: pd.DataFrame
    judgements: pd.DataFrame
    authorities: pd.DataFrame
    register: Register
    neighbour_model: int | None
    own_figures: pd.DataFrame = field(default_factory=no_figures)

    def _in_brief(self) -> Brief:
        reports = self.judgements["published_on"]
        own = {"own figures": f"{len(self.own_figures)}"} if len(self.own_figures) else {}
        return Brief(
            f"Snapshot of what was public on {self.as_of}",
            {
                "authorities": f"{len(self.authorities)}",
                "figures": f"{len(self.observations):,}, published up to {self.data_through}",
                "inspections": f"{len(reports):,}"
                + (f", reported up to {reports.max()}" if len(reports) else ""),
                **own,
            },
            "ew.score(model, snapshot) scores it, ew.explain(model, snapshot, name) says why",
        )

    @property
    def data_through(self) -> date | None:
        """The latest publication date of the figures; None if there are none."""
        return newest_publication(self.observations, self.england)

    @property
    def assumed(self) -> int:
        """How many of the authorities' figures have an assumed publication date."""
        return int(self.observations["date_assumed"].sum())

    @property
    def restated(self) -> int:
        """How many of the authorities' figures were read from a release after the date."""
        return int(self.observations["restated"].sum())

    @cached_property
    def own(self) -> frozenset[tuple[str, str]]:
        """Which figures are the caller's own: pairs of `la_code` and indicator."""
        table = self.own_figures
        return frozenset(zip(table["la_code"], table["indicator"], strict=True))

    def existing_code(self, text: str) -> str:
        """Find the three-digit code of an authority that existed on the date.

        Parameters
        ----------
        text : str
            A name, or the beginning of one, a three-digit code or a nine-character code.

        Returns
        -------
        str

        Raises
        ------
        AuthorityError
            If there is no such authority, it did not exist on the date, or several names match.
        """
        existing = set(self.authorities["la_code"])
        code = code_meant(self.register, text, existing)
        if code in existing:
            return code
        if code == ENGLAND:
            raise AuthorityError(
                "not an authority, but all of them",
                where="authority",
                found=text,
                expected="one authority",
                remedy="Ask for one: England's figures are given beside its own.",
            )
        opened, closed = self.register.life(code)
        raise AuthorityError(
            "not an authority that existed on the day",
            where=f"{self.register.name_of(code)} ({code})",
            found=f"opened {opened or 'before 2013'}, closed {closed or 'never'}",
            expected=f"an authority of {self.as_of}",
            remedy=self._whom_to_ask_for(code, opened),
        )

    def _whom_to_ask_for(self, code: str, opened: date | None) -> str:
        """Suggest the authorities in its place on the date, or another date."""
        early = opened is not None and self.as_of < opened
        kin = [change.successor for change in self.register.successors(code)]
        if early:
            kin = [change.predecessor for change in self.register.predecessors(code)]
        names = ", ".join(map(self.register.name_of, kin))
        if not names:
            return "Ask for another day."
        if early:
            return f"Ask for {names}, of which it was made, or for a day from {opened} on."
        return f"Ask for {names}, or for an earlier day."


def newest_publication(*frames: pd.DataFrame, until: date | None = None) -> date | None:
    """The latest publication date in frames of figures or reports; None if there is none."""
    # The few distinct dates first: thousands of dates are slow to compare.
    days = [day for frame in frames for day in frame["published_on"].unique()]
    return max((day for day in days if until is None or day <= until), default=None)


def once(make: Callable[[Snapshot], _T]) -> Callable[[Snapshot], _T]:
    """Make something once for each snapshot in use; the result must not be changed."""
    made: WeakKeyDictionary[Snapshot, _T] = WeakKeyDictionary()

    @wraps(make)
    def held(snapshot: Snapshot) -> _T:
        if snapshot not in made:
            made[snapshot] = make(snapshot)
        return made[snapshot]

    return held


def checked_snapshot(snapshot: object) -> Snapshot:
    """Return the given snapshot, or refuse anything else.

    Raises
    ------
    IndicatorError
        If it is anything else, in particular a Panel.
    """
    return of_kind(
        snapshot,
        Snapshot,
        "snapshot",
        expected="what panel.as_of(date) gives",
        fault=IndicatorError,
        remedy="A Panel also holds what was published later, and a look into the future must not "
        "be possible.",
    )
