"""Check everything that goes out of date, for a scheduler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlywarn.errors import RegisterError, UsageError
from earlywarn.evaluation.drift import drift
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import load_model
from earlywarn.panel.panel import FIRST_DAY, Panel, load_panel
from earlywarn.scoring.freshness import JUDGEMENTS, MODEL, freshness, overdue_sentence, records_of
from earlywarn.sources.calendar import shipped_calendar
from earlywarn.sources.layouts import LAYOUTS
from earlywarn.upkeep.chain import PUBLISHED, broken, read_register
from earlywarn.upkeep.refreshing import PANEL, build_panel, is_behind, refresh
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.dates import as_date
from earlywarn.utils.files import check_folder, folder_for, write_together, written_to
from earlywarn.utils.formatting import counted
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earlywarn.panel.snapshot import Snapshot
    from earlywarn.upkeep.refreshing import Refreshed

JSON, PAGE = "monitor.json", "monitor.md"
LATE = timedelta(days=31)
"""How late a table without a calendar may be before it counts as overdue."""
QUARTER = timedelta(days=92)
"""How long after a forecast another is due, if nothing new was published."""
SOON = timedelta(days=90)
"""How long before the end of a model's life its successor should be made."""
OK, ATTENTION = "ok", "attention"
_SERIES = {layout.table: layout.series for layout in LAYOUTS} | {"ONS": "pop"}


@dataclass(frozen=True)
class Item:
    """One thing that was checked: ``what``, ``status`` (ok or attention), and a sentence."""

    what: str
    status: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Monitored:
    """The result of a check.

    Attributes
    ----------
    day : date
        The date as of which everything is checked.
    items : tuple of Item
        What was checked, in order.
    days_to_sunset : int
        Days until the end of the model's life; negative after it.
    refreshed : Refreshed or None
        What was fetched or built, if anything.
    """

    day: date
    items: tuple[Item, ...]
    days_to_sunset: int
    refreshed: Refreshed | None = None

    @property
    def needs_attention(self) -> bool:
        """Whether anything needs attention."""
        return any(item.status == ATTENTION for item in self.items)


def monitor(  # noqa: PLR0913 - everything that goes out of date, by name
    out: str | Path | None = None,
    *,
    files: str | Path | None = None,
    fetch: bool = False,
    panel: Panel | str | Path | None = None,
    model: RiskModel | str | Path | None = None,
    register: str | Path | None = None,
    day: date | str | None = None,
    services: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Monitored:
    """Check figures, drift, forecasts and the model's life, as of a date.

    Parameters
    ----------
    out : str or Path, optional
        A folder for ``monitor.json`` and ``monitor.md``, which replace those of the last check. By
        default nothing is written.
    files : str or Path, optional
        The folder in which ``refresh`` keeps the published files. Its panel is built if there is
        none, or if it was not built from all the files.
    fetch : bool
        Whether to download new figures into ``files`` first. Otherwise no service is contacted.
    panel : Panel or path, optional
        The panel to check. Default: that of ``files``, or the one that ships with the package.
    model : RiskModel or path, optional
        Default: the one that ships with the package.
    register : str or Path, optional
        The register of forecasts, to check that it is intact and whether another forecast is due.
    day : date or text, optional
        Default: today.
    services : mapping, optional
        Other arguments of ``refresh``, such as the addresses of a mirror.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    Monitored

    Raises
    ------
    FetchError
        If something could not be downloaded.
    RegisterError
        If there is no register.

    Examples
    --------
    >>> import earlywarn as ew
    >>> found = ew.monitor(day="2026-08-31")
    >>> [(item.what, item.status) for item in found.items if item.what == "life of the model"]
    [('life of the model', 'ok')]
    """
    today = date.today() if day is None else as_date(day, "day", UsageError)  # noqa: DTZ011 - the user's day
    if today < FIRST_DAY:
        since = f"{FIRST_DAY}, when the figures begin, or later"
        raise UsageError(
            "nothing was known yet", where="day", found=today.isoformat(), expected=since
        )
    if fetch and files is None:
        raise UsageError("there is no folder to fetch into", where="files", expected="a folder")
    files = None if files is None else as_path(files, "files")
    out = None if out is None else as_path(out, "out")
    register = None if register is None else as_path(register, "register")
    further = {} if services is None else services
    by_name = "arguments of refresh, by name"
    of_kind(further, Mapping, "services", expected=by_name)  # type: ignore[type-abstract]
    if out is not None:
        check_folder(out, make=True, fault=UsageError)
    watched = progress_or_silent(progress)
    refreshed = None if files is None else _current(files, further, watched, fetch=fetch)
    looked_at = _panel(panel, files)
    own = model if isinstance(model, RiskModel) else load_model(model)
    left = (date.fromisoformat(own.info["sunset"]) - today).days
    items = [
        *_changed(refreshed),
        *_aging(own, looked_at, today),
        _drift(own, looked_at),
        *_forecasts(register, looked_at, today),
        _life(own, left),
    ]
    found = Monitored(today, tuple(items), left, refreshed)
    if out is not None:
        _write(found, out)
    return found


def _current(
    files: Path, services: Mapping[str, Any], progress: Progress, *, fetch: bool
) -> Refreshed | None:
    """Fetch if asked, and build the panel if it was not built from all the files."""
    done = refresh(files, progress=progress, **services) if fetch else None
    if not is_behind(files):
        return done
    return build_panel(files, done, progress=progress)


def _panel(panel: Panel | str | Path | None, files: Path | None) -> Panel:
    if isinstance(panel, Panel):
        return panel
    if panel is None and files is not None:
        return load_panel(files / PANEL)
    return load_panel(panel)


def _item(what: str, sentence: str, *, good: bool) -> Item:
    return Item(what, OK if good else ATTENTION, sentence)


def _changed(done: Refreshed | None) -> Iterator[Item]:
    """New figures are fine; figures that have disappeared need attention."""
    if done is None:
        return
    sentence = f"{len(done.new)} new, {done.kept} already there"
    if done.changes is not None:
        holes, restated = done.changes.holes, done.changes.restated
        sentence += (
            f"; the panel was built: {len(done.changes.new_years)} new years, "
            f"{int(restated['figures'].sum())} figures restated, {int(holes['figures'].sum())} "
            f"gone, {len(done.changes.judgements)} new judgements"
        )
    gone = done.changes is not None and len(done.changes.holes) > 0
    yield _item("published files", sentence, good=not gone)


def _aging(model: RiskModel, panel: Panel, today: date) -> Iterator[Item]:
    """Each published table, the judgements and the neighbours: overdue where ``freshness`` says."""
    snapshot = panel.as_of(today)
    tables = _tables(snapshot)
    for row in records_of(freshness(model, snapshot)):
        own = [name for name in tables if _SERIES.get(name) == row["source"]]
        for name in own:
            yield _table(name, tables[name], row, today)
        if not own and row["through"] is not None and row["kind"] != MODEL:
            figures = row["kind"] == "figures"
            what = f"source {row['source']}" if figures else str(row["source"])
            yield _item(what, _sentence(row), good=not row["overdue"])
    if snapshot.judgements.empty:
        yield _item(JUDGEMENTS, "there are none", good=False)


def _tables(snapshot: Snapshot) -> dict[str, tuple[int, date]]:
    """The latest year of each published table, by its name without the year, and its date."""
    rows = snapshot.observations
    by_table = rows.groupby(rows["source"].str.partition(" ")[0])
    newest = by_table[["period", "published_on"]].max()
    return {str(name): (int(row["period"]), row["published_on"]) for name, row in newest.iterrows()}


def _table(name: str, newest: tuple[int, date], series: Mapping[Any, Any], today: date) -> Item:
    """A table follows its series, unless other tables of it are a year ahead."""
    period, last = newest
    if series["period"] is None or period < series["period"]:
        usual = shipped_calendar().expected(str(series["source"]), period + 1, today)
        due = _a_year_after(last) + LATE if usual is None else usual.due
        sentence = f"the latest year is {period}, published {last}; the next is due by {due}"
        return _item(f"source {name}", sentence, good=today <= due)
    return _item(f"source {name}", _sentence(series), good=not series["overdue"])


def _sentence(row: Mapping[Any, Any]) -> str:
    if row["overdue"]:
        return overdue_sentence(row)
    last = "" if row["period"] is None else f" ({row['period']})"
    due = f"the next is due by {row['due']}"
    return f"{row['title']}: the latest is from {row['through']}{last}, {due}"


def _a_year_after(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap else day.day)


def _drift(model: RiskModel, panel: Panel) -> Item:
    day = panel.newest_publication
    found = drift(model, panel.as_of(day))
    sentence = "; ".join(found.reasons) or "the figures are like those that the model learnt from"
    return _item("drift", f"as of {day}: {sentence}", good=found.usable and not found.reasons)


def _forecasts(register: str | Path | None, panel: Panel, today: date) -> Iterator[Item]:
    if register is None:
        return
    entries, faults = read_register(Path(register))
    if faults:
        yield _item("register of forecasts", str(broken(Path(register), faults)), good=False)
        return
    count = counted(len(entries), "entry", "entries")
    yield _item("register of forecasts", f"{count}, none changed", good=True)
    said = [entry.facts for entry in entries if entry.facts.get("kind") == PUBLISHED]
    if not said:
        yield _item("forecast", "none has been published: one is due", good=False)
        return
    last, newest = said[-1]["as_of"], panel.newest_publication
    written = as_date(said[-1].get("written", last), "written", RegisterError)
    if last < newest.isoformat():
        since = f"figures or reports were published on {newest}"
        sentence = f"the last is as of {last}, and {since}: one is due"
    elif today > written + QUARTER:
        sentence = f"the last was published {written}, more than a quarter ago: one is due"
    else:
        sentence = f"the last is as of {last}, published {written}"
    yield _item("forecast", sentence, good=not sentence.endswith("one is due"))


def _life(model: RiskModel, left: int) -> Item:
    last = f"{model.info['model_id']} is meant for dates up to {model.info['sunset']}"
    sentence = f"{last}: {left} days left" if left >= 0 else f"{last}, which has passed: retrain it"
    return _item("life of the model", sentence, good=left >= SOON.days)


def _write(found: Monitored, out: Path) -> None:
    document = {
        "day": found.day.isoformat(),
        "needs_attention": found.needs_attention,
        "days_to_sunset": found.days_to_sunset,
        "items": [asdict(item) for item in found.items],
    }
    with written_to(out), folder_for(out):
        write_together({out / JSON: json.dumps(document, indent=1) + "\n", out / PAGE: page(found)})


def page(found: Monitored) -> str:
    """The result as a Markdown page, with what needs attention first."""
    waiting = [item for item in found.items if item.status == ATTENTION]
    lines = [f"# As of {found.day}", ""]
    lines += [f"**{len(waiting)} of {len(found.items)} need attention.**", ""]
    ordered = [*waiting, *(item for item in found.items if item.status != ATTENTION)]
    lines += ["| what | status | |", "|---|---|---|"]
    lines += [
        f"| {item.what} | {item.status} | {item.sentence.replace('|', '/')} |" for item in ordered
    ]
    return "\n".join(lines) + "\n"
