"""The panel of everything published, and snapshots of what was public on a date."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from earlywarn.authorities import ENGLAND, REGISTER_COLUMNS, Register
from earlywarn.errors import DataQualityWarning, PanelError
from earlywarn.judgements.adding import added_judgements, named, without_last_judgement
from earlywarn.judgements.reading import read_judgements, warn_of_doubts
from earlywarn.judgements.schema import check_judgements, judgements_text
from earlywarn.panel.csv_tables import (
    findings_from,
    judgements_from,
    neighbours_from,
    observations_from,
    observations_text,
    plain_text,
    releases_from,
    releases_text,
)
from earlywarn.panel.known import GONE
from earlywarn.panel.known_judgements import check_judgements_known
from earlywarn.panel.snapshot import Snapshot, newest_publication
from earlywarn.panel.storage import read_tables, write_folder
from earlywarn.sources.members import files_below
from earlywarn.sources.schema import FINDING_COLUMNS, KEY, NEIGHBOUR_COLUMNS
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.dates import as_date, ordinals_of, this_day
from earlywarn.utils.paths import as_path
from earlywarn.utils.showing import Brief, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt


__all__ = [
    "FIRST_DAY",
    "Panel",
    "Snapshot",
    "load_judgements",
    "load_panel",
    "read_panel",
    "write_panel",
]

FIRST_DAY = date(2014, 1, 1)
"""The first date that can be used: the tables begin with 2013, published that autumn."""
_BESIDE = {GONE: "; if they go beside others (add_judgements), load them with alone=False"}

_NOT_PUBLIC = np.iinfo(np.int64).min


class _Days(NamedTuple):
    """The observations' dates as numbers, worked out once: a backtest needs hundreds of dates."""

    published: npt.NDArray[np.int64]
    vintage: npt.NDArray[np.int64]
    figure: npt.NDArray[np.int64]
    is_england: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Panel(Shown):
    """Everything that was published, with the date on which each figure first was.

    Attributes
    ----------
    observations : DataFrame
        One row for each authority, measure, period and vintage: `la_code`, `measure`, `period`,
        `numerator`, `denominator`, `value`, `status`, `joint`, `published_on`, `date_assumed`,
        `vintage`, `source`.
    neighbours : DataFrame
        `model`, `la_code`, `rank`, `neighbour_code`, `published_on`.
    judgements : DataFrame
        As returned by `read_judgements`.
    releases : DataFrame
        The release calendar.
    findings : DataFrame
        Findings about the files that were read.
    register : Register
        The authorities, with their dates.
    manifest : mapping
        Where the panel comes from.
    """

    observations: pd.DataFrame
    neighbours: pd.DataFrame
    judgements: pd.DataFrame
    releases: pd.DataFrame
    findings: pd.DataFrame
    register: Register
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def newest_publication(self) -> date:
        """The latest date up to today on which a figure or report of the panel was published.

        An assumed date can be in the future; it is never used by default.
        """
        frames = (self.observations, self.judgements)
        return newest_publication(*frames, until=this_day()) or FIRST_DAY

    def _in_brief(self) -> Brief:
        periods = self.observations["period"]
        years = f", {periods.min()} to {periods.max()}" if len(periods) else ""
        return Brief(
            f"Panel, published up to {self.newest_publication}",
            {
                "figures": f"{len(self.observations):,}{years}",
                "measures": f"{self.observations['measure'].nunique()}",
                "inspections": f"{len(self.judgements):,}",
                "findings about the files": f"{len(self.findings):,}",
            },
            "panel.as_of(day) gives what was public on a day",
        )

    def with_judgements(self, judgements: pd.DataFrame) -> Panel:
        """Replace the panel's judgements by others.

        Parameters
        ----------
        judgements : DataFrame
            As returned by `load_judgements`.

        Returns
        -------
        Panel
            A new panel; this one is unchanged.

        Raises
        ------
        OutcomeError
            If columns are missing, a date is not valid or a grade is not a full word.

        Warns
        -----
        DataQualityWarning
            If authorities lose their last judgement as a result: to add some, use `add_judgements`.
        """
        checked = check_judgements(judgements)
        if lost := without_last_judgement(self.judgements, checked):
            warnings.warn(
                f"{len(lost)} authorities have no last judgement any more, since with_judgements "
                f"replaces all: {named(lost, self.register)}. Use add_judgements to add some.",
                DataQualityWarning,
                stacklevel=2,
            )
        return replace(self, judgements=checked)

    def add_judgements(self, judgements: pd.DataFrame) -> Panel:
        """Add new judgements to the panel's.

        Parameters
        ----------
        judgements : DataFrame
            As returned by `load_judgements(path, alone=False)`; `la_code` may also contain names.

        Returns
        -------
        Panel
            A new panel; this one is unchanged. An inspection that is already there counts once.

        Raises
        ------
        OutcomeError
            If a row is not a judgement, or contradicts one that the panel has.
        AuthorityError
            If an authority is unknown.

        Examples
        --------
        >>> panel = load_panel()
        >>> new = pd.DataFrame([{
        ...     "la_code": "Leeds", "framework": "ILACS", "inspection_start": "2027-02-01",
        ...     "published_on": "2027-03-22", "overall": None, "leadership": "Good",
        ...     "help_and_protection": "Good", "in_care": "Outstanding", "care_leavers": "Good"}])
        >>> len(panel.add_judgements(new).judgements) - len(panel.judgements)
        1
        """
        together = added_judgements(self.judgements, judgements, self.register)
        return replace(self, judgements=together)

    def as_of(self, day: date | str) -> Snapshot:
        """Take a snapshot of what was public on a date.

        Parameters
        ----------
        day : date, datetime or ISO text
            From 2014 on. A date after the latest publication gives everything there is.

        Returns
        -------
        Snapshot

        Raises
        ------
        PanelError
            If it is not a date, or is before the panel begins.

        Notes
        -----
        A figure is public from the first publication of its period. Each release restates earlier
        periods, so the latest release by that date is used; where only later ones are available,
        the oldest of them is used and the row is marked in `restated`.
        """
        on = as_date(day, "as_of", PanelError)
        if on < FIRST_DAY:
            raise self._before_panel(on)
        neighbours, model = _neighbours_on(self.neighbours, on)
        public = self.judgements["published_on"] <= on
        observations, england = self._figures_on(on)
        return Snapshot(
            as_of=on,
            observations=observations,
            england=england,
            neighbours=neighbours,
            judgements=self.judgements[public].reset_index(drop=True),
            authorities=self.register.existing(on),
            register=self.register,
            neighbour_model=model,
        )

    def _figures_on(self, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
        """One row per public figure: its latest vintage by that date, or else its oldest.

        The authorities' figures, and England's.
        """
        index, on = self._days, day.toordinal()
        restated = index.vintage > on
        # The highest is used: vintages by the date ascend above zero, later ones descend below it.
        preference = np.where(restated, -index.vintage, index.vintage)
        preference[index.published > on] = _NOT_PUBLIC
        best = np.full(index.figure.max(initial=0) + 1, _NOT_PUBLIC)
        np.maximum.at(best, index.figure, preference)
        chosen = (preference > _NOT_PUBLIC) & (preference == best[index.figure])
        own, england = (
            self._rows(chosen & (index.is_england == of_england), restated)
            for of_england in (False, True)
        )
        return own, england

    def _rows(self, chosen: npt.NDArray[np.bool_], restated: npt.NDArray[np.bool_]) -> pd.DataFrame:
        rows = np.flatnonzero(chosen)
        figures = self.observations.take(rows).reset_index(drop=True)
        return figures.assign(restated=restated[rows])

    @cached_property
    def _days(self) -> _Days:
        figures = self.observations
        (area, codes), *others = (figures[column].factorize() for column in KEY)
        # A number for each key, then for each present key: quicker than grouping rows.
        number = area.astype(np.int64)
        for place, distinct in others:
            number = number * len(distinct) + place
        return _Days(
            published=ordinals_of(figures["published_on"]),
            vintage=ordinals_of(figures["vintage"]),
            figure=pd.factorize(number)[0],
            is_england=np.asarray(codes == ENGLAND)[area],
        )

    def _before_panel(self, day: date) -> PanelError:
        return PanelError(
            "the panel does not reach back so far",
            where="as_of",
            found=day.isoformat(),
            expected=f"a date from {FIRST_DAY} on; the latest publication in the panel is of "
            f"{self.newest_publication}",
            remedy="Give a later date.",
        )


def _neighbours_on(neighbours: pd.DataFrame, day: date) -> tuple[pd.DataFrame, int | None]:
    """The neighbours of the latest public model, and its year; none before the first."""
    public = neighbours[neighbours["published_on"] <= day]
    if public.empty:
        return public.reset_index(drop=True), None
    model = public["model"].max()
    return public[public["model"] == model].reset_index(drop=True), int(model)


def write_panel(panel: Panel, folder: str | Path, *, overwrite: bool = False) -> None:
    """Write a panel as a folder of CSV files and a manifest, completely or not at all.

    Parameters
    ----------
    panel : Panel
        The panel.
    folder : str or Path
        The folder to write: new, or empty.
    overwrite : bool
        Whether to replace the folder if it contains a panel and nothing else.

    Raises
    ------
    PanelError
        If the folder is not empty and may not be replaced, or can't be written.

    Notes
    -----
    The same panel gives the same bytes: UTF-8, LF line ends, no time of writing.
    """
    sources = checked_panel(panel).manifest.get("sources", [])
    write_folder(as_path(folder, "folder", PanelError), _texts(panel), sources, overwrite=overwrite)


def checked_panel(panel: object, what: str = "panel") -> Panel:
    """Return the given panel, or refuse anything else.

    Raises
    ------
    PanelError
        If it is not a Panel.
    """
    made_by = "what load_panel or read_published gives"
    return of_kind(panel, Panel, what, expected=made_by, fault=PanelError)


def panel_or_shipped(panel: Panel | None, what: str = "panel") -> Panel:
    """The given panel, or the one that ships with the package."""
    return load_panel() if panel is None else checked_panel(panel, what)


def _texts(panel: Panel) -> dict[str, str]:
    texts = {
        "observations.csv": observations_text(panel.observations, panel.releases),
        "releases.csv": releases_text(panel.releases),
        "neighbours.csv": plain_text(panel.neighbours, NEIGHBOUR_COLUMNS),
        "judgements.csv": judgements_text(panel.judgements),
        "findings.csv": plain_text(panel.findings, FINDING_COLUMNS),
    }
    shipped = Register.load()
    for name, columns in REGISTER_COLUMNS.items():
        text = plain_text(getattr(panel.register, name), columns)
        if text != plain_text(getattr(shipped, name), columns):
            texts[f"{name}.csv"] = text
    return texts


def read_panel(folder: str | Path) -> Panel:
    """Read a panel folder written by `write_panel`.

    Parameters
    ----------
    folder : str or Path
        The folder.

    Returns
    -------
    Panel

    Raises
    ------
    PanelError
        If it is not a panel, is in a newer format, or a file is missing or was changed.
    """
    place = as_path(folder, "folder", PanelError)
    manifest, tables = read_tables(place)
    releases = releases_from(tables["releases.csv"], str(place / "releases.csv"))
    register = Register.load(place)
    return Panel(
        observations=observations_from(
            tables["observations.csv"], releases, str(place / "observations.csv")
        ),
        neighbours=neighbours_from(tables["neighbours.csv"], str(place / "neighbours.csv")),
        judgements=judgements_from(tables["judgements.csv"], str(place / "judgements.csv")),
        releases=releases,
        findings=findings_from(tables["findings.csv"], str(place / "findings.csv")),
        register=register,
        manifest=manifest,
    )


def load_panel(path: str | Path | None = None) -> Panel:
    """Load the national panel that ships with the package, or a panel folder.

    Parameters
    ----------
    path : str or Path, optional
        A panel folder written by `build`. Default: the national panel.

    Returns
    -------
    Panel

    Raises
    ------
    PanelError
        As for `read_panel`.
    """
    return read_panel(_national() if path is None else path)


def load_judgements(path: str | Path | None = None, *, alone: bool = True) -> pd.DataFrame:
    """Load the judgements that ship with the package, or those in a file or folder.

    Parameters
    ----------
    path : str or Path, optional
        Any form that `read_judgements` reads. Default: the history that ships with the package.
    alone : bool
        False if they are added to others, as with `Panel.add_judgements`: then known inspections
        that are missing from these cause no warning.

    Returns
    -------
    DataFrame
        As returned by `read_judgements`.

    Raises
    ------
    OutcomeError
        As for `read_judgements`.

    Warns
    -----
    DataQualityWarning
        As for `read_judgements`, and where the same inspections differ from what is known.
    """
    known = read_judgements(_national() / "judgements.csv")
    if path is None:
        return known
    read = read_judgements(path)
    files = {file.name for file in (Path(path), *files_below(Path(path)))}
    found = check_judgements_known(read, known, Register.load(), files)
    # Here only warnings reach the caller.
    heard = [finding for finding in found if alone or finding.code != GONE]
    loud = [
        replace(each, severity="warning", message=each.message + _BESIDE.get(each.code, ""))
        for each in heard
    ]
    warn_of_doubts(loud, stacklevel=3)
    return read


def _national() -> Path:
    """The folder of the shipped national panel."""
    return Path(str(resources.files("earlywarn") / "data" / "national"))
