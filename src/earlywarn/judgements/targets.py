"""Judgements as outcomes: targets, cohorts, and labels (yes, no or unknown)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.errors import OutcomeError
from earlywarn.judgements.schema import AREAS, GRADES, NO_OVERALL_FROM, check_judgements
from earlywarn.utils.dates import as_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import numpy.typing as npt

    from earlywarn.authorities import Register

__all__ = [
    "AREAS",
    "CORE",
    "GRADES",
    "TARGETS",
    "Target",
    "cohort",
    "derived_grade",
    "get_target",
    "previous_judgement",
]

_INADEQUATE = float(GRADES.index("Inadequate"))
CORE = ("leadership", "help_and_protection", "in_care")
"""The areas judged under every framework; the derived grade is the worst of them."""


@dataclass(frozen=True)
class Target:
    """What is predicted about an inspection: a named, versioned question with its rule.

    Attributes
    ----------
    name : str
        The name for users.
    version : int
        Raised when the rule changes, so that a stored model records which rule it learnt.
    title : str
        The question in plain English.
    columns : tuple of str
        The grades that answer it.
    needs_overall : bool
        True if it can't be answered for reports without overall effectiveness.
    """

    name: str
    version: int
    title: str
    columns: tuple[str, ...]
    needs_overall: bool

    def label(self, judgements: pd.DataFrame) -> pd.Series:
        """Label each inspection by whether it had the target's outcome.

        Parameters
        ----------
        judgements : DataFrame
            One row per inspection, as returned by `read_judgements`.

        Returns
        -------
        Series of float
            1.0 yes, 0.0 no, NaN unknown; with the index of `judgements`.

        Raises
        ------
        OutcomeError
            If columns are missing, a grade is not a full word, or the target needs an overall grade
            that reports no longer have.

        Notes
        -----
        For a target of several areas, one Inadequate among the graded areas makes a yes, and so
        does an overall Inadequate; otherwise the known areas decide.

        Examples
        --------
        >>> rows = pd.DataFrame({"la_code": ["301"], "framework": ["ILACS"],
        ...     "inspection_start": ["2023-07-10"], "published_on": ["2023-09-04"],
        ...     "overall": ["Good"], "leadership": ["Good"], "help_and_protection": ["Good"],
        ...     "in_care": ["Inadequate"], "care_leavers": [None]})
        >>> get_target("any_inadequate").label(rows).tolist()
        [1.0]
        """
        grades = self._grades(judgements)
        known = grades[list(self.columns)].max(axis=1)
        label = (known == _INADEQUATE).astype(float).where(known.notna())
        if self._is_of_areas:
            label = label.mask(grades["overall"] == _INADEQUATE, 1.0)
        return label.rename(self.name)

    def grade(self, judgements: pd.DataFrame) -> pd.Series:
        """Return the ordered grade of each inspection that the target is about.

        Parameters
        ----------
        judgements : DataFrame
            One row per inspection, as returned by `read_judgements`.

        Returns
        -------
        Series of float
            0 Outstanding, 1 Good, 2 Requires improvement, 3 Inadequate, NaN unknown. It is 3
            where `label` is 1, less where it is 0, and NaN where it is NaN.

        Raises
        ------
        OutcomeError
            As for `label`.

        Notes
        -----
        For a target of several areas it is the `derived_grade`, which means the same whether or not
        a report has an overall grade.
        """
        grades = self._grades(judgements)
        if not self._is_of_areas:
            return grades[list(self.columns)].max(axis=1).rename(self.name)
        return _derived(grades).where(self.label(judgements).notna()).rename(self.name)

    @property
    def _is_of_areas(self) -> bool:
        return len(self.columns) > 1

    def _grades(self, judgements: pd.DataFrame) -> pd.DataFrame:
        """The grades as numbers, after checking that the target can be answered from them."""
        checked = check_judgements(judgements)
        if self.needs_overall:
            _check_overall(checked, self.name)
        return _numbered(checked, judgements.index)


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.name: target
        for target in (
            Target(
                name="any_inadequate",
                version=2,
                title="Any area judged Inadequate (leadership, help and protection, children in "
                "care or care leavers)",
                columns=AREAS,
                needs_overall=False,
            ),
            Target(
                name="overall_inadequate",
                version=1,
                title="Overall effectiveness judged Inadequate",
                columns=("overall",),
                needs_overall=True,
            ),
            Target(
                name="help_and_protection_inadequate",
                version=1,
                title="Help and protection judged Inadequate",
                columns=("help_and_protection",),
                needs_overall=False,
            ),
        )
    }
)
"""The known targets, by name."""


def get_target(name: str | Target) -> Target:
    """Find a target by its name.

    Parameters
    ----------
    name : str or Target
        One of `TARGETS`; a Target is returned unchanged.

    Returns
    -------
    Target

    Raises
    ------
    OutcomeError
        If there is no target with this name.

    Examples
    --------
    >>> get_target("any_inadequate").version
    2
    """
    if isinstance(name, Target):
        return name
    given: object = name
    if not isinstance(given, str) or given not in TARGETS:
        raise OutcomeError(
            "there is no such target",
            where="target",
            found=repr(name),
            expected=f"one of {', '.join(TARGETS)}",
            remedy="Give one of these names.",
        )
    return TARGETS[given]


def derived_grade(judgements: pd.DataFrame) -> pd.Series:
    """Derive one grade for each report that means the same before and after April 2026.

    Parameters
    ----------
    judgements : DataFrame
        One row per inspection.

    Returns
    -------
    Series of float
        0 Outstanding, 1 Good, 2 Requires improvement, 3 Inadequate; NaN where no area was graded.
        It is 3 if any area was Inadequate, including care leavers, otherwise the worst of
        leadership, help and protection, and children in care.

    Raises
    ------
    OutcomeError
        If columns are missing or a grade is not a full word.

    Notes
    -----
    Reports of inspections that began on or after 1 April 2026 have no overall grade (Ofsted,
    Inspecting local authority children's services), so it can't be used for earlier ones either: of
    77 ILACS reports with overall Good or better since 2023, 19 have an area below Good. Care
    leavers were judged separately only in some years, so they only count if Inadequate. Only a
    report without any of the areas falls back on its overall grade.

    Examples
    --------
    >>> rows = pd.DataFrame({"la_code": ["301"], "framework": ["ILACS"],
    ...     "inspection_start": ["2023-07-10"], "published_on": ["2023-09-04"],
    ...     "overall": ["Good"], "leadership": ["Good"], "help_and_protection": ["Good"],
    ...     "in_care": ["Requires improvement"], "care_leavers": ["Good"]})
    >>> derived_grade(rows).tolist(), derived_grade(rows.assign(overall=None)).tolist()
    ([2.0], [2.0])
    """
    return _derived(_numbered(check_judgements(judgements), judgements.index))


def cohort(
    judgements: pd.DataFrame,
    *,
    until: date | str | None = None,
    since: date | str | None = None,
) -> pd.DataFrame:
    """Select the inspections whose report was public by a date, which a model may learn from.

    Parameters
    ----------
    judgements : DataFrame
        One row per inspection.
    until, since : date or ISO text, optional
        The last and the first publication date, inclusive.

    Returns
    -------
    DataFrame
        The selected rows, sorted by start and authority, with a new index and dates as
        `datetime.date`.

    Raises
    ------
    OutcomeError
        If columns are missing or a date is not valid.
    """
    frame = check_judgements(judgements)
    if until is not None:
        frame = frame[frame["published_on"] <= as_date(until, "until", OutcomeError)]
    if since is not None:
        frame = frame[frame["published_on"] >= as_date(since, "since", OutcomeError)]
    return frame.sort_values(["inspection_start", "la_code"], ignore_index=True)


def previous_judgement(
    judgements: pd.DataFrame,
    on: date | str,
    la_codes: Iterable[str],
    register: Register | None = None,
) -> pd.DataFrame:
    """Find the last judgement of each authority that was public on a date.

    Parameters
    ----------
    judgements : DataFrame
        One row per inspection.
    on : date or ISO text
        The date; a report published on it counts.
    la_codes : iterable of str
        The authorities, in the order wanted.
    register : Register, optional
        If given, an authority that has not been inspected yet has the last judgement of the one
        that it was made from (`inherited`).

    Returns
    -------
    DataFrame
        One row per authority, indexed by `la_code`: `previous_judgement` (the `derived_grade`, as a
        word), `previous_overall` (the overall grade, where the report has one),
        `previous_inspection` (its start), `previous_published_on`, `framework`, and the four areas.
        Missing where there was none.

    Raises
    ------
    OutcomeError
        If columns are missing or `on` is not a date.
    """
    day = as_date(on, "on", OutcomeError)
    return last_public(by_publication(judgements, register), day, la_codes)


def inherited(judgements: pd.DataFrame, register: Register) -> pd.DataFrame:
    """Add the judgements that newer authorities inherit, for finding each one's last judgement.

    The rule is that of the figures (`Register.heirs`): an authority that continues another, or is
    part of one that was split, inherits its judgements until it has one of its own; one that was
    merged from several inherits none, since the judgement of a part is not that of the whole. The
    added rows are not inspections of the heir: never train on them or count them.

    Parameters
    ----------
    judgements : DataFrame
        One row per inspection.
    register : Register
        The authorities, with their reorganisations.

    Returns
    -------
    DataFrame
        The same rows, and one for each heir of an authority that was inspected.

    Examples
    --------
    >>> import earlywarn as ew
    >>> panel = ew.load_panel()
    >>> held = previous_judgement(panel.judgements, "2021-06-30", ["940"], panel.register)
    >>> held.loc["940", "previous_judgement"]
    'Inadequate'
    """
    own = judgements["la_code"].to_numpy(dtype=object)
    rows_of = {code: np.flatnonzero(own == code) for code in sorted(register.codes & set(own))}
    heirs: list[str] = []
    rows: list[npt.NDArray[np.int64]] = []
    waiting = [(code, heir) for code in rows_of for heir in register.heirs(code)]
    while waiting:
        code, heir = waiting.pop(0)
        rows.append(rows_of[code])
        heirs += [heir] * len(rows_of[code])
        rows_of[heir] = np.concatenate([rows_of.get(heir, rows[-1][:0]), rows[-1]])
        waiting += [(heir, next_heir) for next_heir in register.heirs(heir)]
    if not rows:
        return judgements.reset_index(drop=True)
    added = judgements.take(np.concatenate(rows)).assign(la_code=heirs)
    codes = judgements["la_code"].dtype
    return pd.concat([judgements, added.astype({"la_code": codes})], ignore_index=True)


def by_publication(judgements: pd.DataFrame, register: Register | None = None) -> pd.DataFrame:
    """Sort judgements by when they became public, as ``last_public`` needs them."""
    if register is not None:
        judgements = inherited(judgements, register)
    # Not by start: the current judgement on a date is the one published last.
    order = ["published_on", "inspection_start", "la_code"]
    ordered = check_judgements(judgements).sort_values(order, ignore_index=True)
    return pd.DataFrame(
        {
            "la_code": ordered["la_code"],
            "previous_judgement": _words(_derived(_numbered(ordered, ordered.index))),
            "previous_overall": ordered["overall"],
            "previous_inspection": ordered["inspection_start"],
            "previous_published_on": ordered["published_on"],
            "framework": ordered["framework"],
            **{area: ordered[area] for area in AREAS},
        }
    )


def last_public(reports: pd.DataFrame, day: date, la_codes: Iterable[str]) -> pd.DataFrame:
    """Find each authority's last judgement on a date, as returned by ``previous_judgement``.

    Parameters
    ----------
    reports : DataFrame
        As returned by ``by_publication``: made once for many dates.
    day : date
        A report published on it counts.
    la_codes : iterable of str
        The authorities, in the order wanted.
    """
    public = reports[reports["previous_published_on"] <= day]
    last = public.drop_duplicates("la_code", keep="last").set_index("la_code")
    return last.reindex(pd.Index(list(la_codes), name="la_code", dtype="str"))


_RANKS = {grade: float(rank) for rank, grade in enumerate(GRADES)}


def _derived(grades: pd.DataFrame) -> pd.Series:
    """The derived grade of numbered grades."""
    worst = grades[list(CORE)].max(axis=1)
    inadequate = grades[["overall", *AREAS]].max(axis=1) == _INADEQUATE
    known = worst.fillna(grades["overall"]).fillna(grades["care_leavers"])
    return known.mask(inadequate, _INADEQUATE)


def _words(grades: pd.Series) -> pd.Series:
    words = np.array([*GRADES, None], dtype=object)
    codes = grades.fillna(-1).astype(int)
    return pd.Series(words[codes], index=grades.index, dtype="str")


def _numbered(checked: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(
        {column: _ordinal(checked[column]) for column in ("overall", *AREAS)}, index=index
    )


def _ordinal(grades: pd.Series) -> pd.Series:
    """Grades as numbers 0 to 3, NaN where missing."""
    # For a few hundred words this is five times as fast as pandas' map.
    ranks = [_RANKS.get(grade, np.nan) for grade in grades.to_numpy(dtype=object)]
    return pd.Series(ranks, index=grades.index, dtype=float)


def _check_overall(judgements: pd.DataFrame, name: str) -> None:
    late = judgements["inspection_start"] >= NO_OVERALL_FROM
    without = judgements[late & judgements["overall"].isna()]
    if len(without):
        raise OutcomeError(
            "the target is not known for inspections without an overall grade",
            where=f"target {name}",
            found=f"{len(without)} inspections that began from {NO_OVERALL_FROM} on, the "
            f"first of authority {without['la_code'].iloc[0]}",
            expected="inspections with an overall grade",
            remedy="Use any_inadequate, which means the same under every framework, or leave out "
            "the inspections that began from that day on.",
        )
