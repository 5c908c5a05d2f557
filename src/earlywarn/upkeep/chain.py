"""A register of forecasts as text: one file per entry, each with the digest of the one before.

``0001.csv`` begins with lines of facts (``# name: value``), followed by the table. ``chain.csv``
lists every entry with its digest, so that a change in the last entry is detected too. Whoever keeps
a copy of the last digest elsewhere can show that nothing before it was rewritten.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import RegisterError
from earlywarn.utils.file_sets import settle
from earlywarn.utils.files import check_folder, folder_for, write_together, written_to
from earlywarn.utils.locks import owned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CHAIN = "chain.csv"
FIRST = "none"
PUBLISHED, REPLAY = "published", "replay, computed afterwards"
"""The kinds of entries."""
BELOW = ", below Good"
"""The suffix of the name of a simple rule's second column."""
_CUT_SHORT = ", as a publish that was cut short leaves it"
_COLUMNS = ["entry", "as_of", "sha256"]


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry: its facts, and the table of forecasts."""

    number: int
    facts: dict[str, str]
    forecasts: pd.DataFrame


def append_entry(folder: Path, facts: Mapping[str, str], forecasts: pd.DataFrame) -> Path:
    """Append an entry; refused if the register has been changed.

    Raises
    ------
    RegisterError
        If the register has been changed, or its latest entry is for the same date or a later one.
    """
    check_folder(folder, make=True, fault=RegisterError)
    with (
        written_to(folder, RegisterError),
        folder_for(folder),
        owned(folder / ".register.lock"),
    ):
        settle(folder)
        entries, faults = read_register(folder) if (folder / CHAIN).exists() else ([], [])
        if faults and not _only_cut_short(faults):
            raise broken(folder, faults)
        newest = entries[-1].facts["as_of"] if entries else ""
        if newest >= facts["as_of"]:
            raise RegisterError(
                "there is already an entry for this date or a later one",
                where=str(folder),
                found=f"{facts['as_of']}, where the newest entry is of {newest}",
                expected=f"a day after {newest}",
                remedy="A forecast that was published can't be published again.",
            )
        listed = _listed(folder) if entries else []
        number = len(entries) + 1
        before = listed[-1]["sha256"] if listed else FIRST
        text = _text({"entry": str(number), "before": before, **facts}, forecasts)
        listed.append({"entry": str(number), "as_of": facts["as_of"], "sha256": _digest(text)})
        place = folder / _name(number)
        chain = pd.DataFrame(listed, columns=_COLUMNS).to_csv(index=False, lineterminator="\n")
        write_together({place: text, folder / CHAIN: chain})
    return place


def read_register(folder: Path) -> tuple[list[Entry], list[str]]:
    """Read every entry, and each error in the chain by the name of its entry.

    Raises
    ------
    RegisterError
        If there is no register.
    """
    settle(folder)
    if not (folder / CHAIN).is_file():
        raise RegisterError("no register of forecasts", where=str(folder), expected=CHAIN)
    listed = _listed(folder)
    names = {path.name for path in folder.glob("*.csv")} - {CHAIN}
    faults = [] if listed else [f"{CHAIN} lists no entry"]
    for position, row in enumerate(listed, 1):
        if row["entry"] != str(position):
            faults.append(
                f"{CHAIN}: place {position} holds entry {row['entry']}: reordered or gone"
            )
    entries: list[Entry] = []
    before = FIRST
    for position, row in enumerate(listed, 1):
        name = _name(position)
        if name not in names:
            faults.append(f"entry {name} was removed")
            before = row["sha256"]
            continue
        names.discard(name)
        entry, own = _read(folder / name, position)
        faults += _faults(entry, own, name, row, before)
        entries.append(entry)
        before = row["sha256"]
    after = _name(len(listed) + 1)
    faults += [
        f"entry {name} follows the last, and {CHAIN} does not list it{_CUT_SHORT}"
        if name == after and _read(folder / name, len(listed) + 1)[0].facts.get("before") == before
        else f"entry {name} was inserted: {CHAIN} does not list it"
        for name in sorted(names)
    ]
    return entries, faults


def _only_cut_short(faults: list[str]) -> bool:
    """Whether the only error is an unfinished entry left behind by a killed run.

    It was never published, and the next one takes its place. One that does not follow the last
    listed entry was put there by somebody else, and remains an error.
    """
    return len(faults) == 1 and faults[0].endswith(_CUT_SHORT)


def _faults(entry: Entry, own: str, name: str, row: dict[str, str], before: str) -> list[str]:
    found = []
    if entry.facts.get("entry") != str(entry.number):
        found.append(
            f"{name} holds entry {entry.facts.get('entry', 'unknown')}: the entries were reordered"
        )
    elif own != row["sha256"]:
        found.append(f"entry {name} was changed: its digest is not the one in {CHAIN}")
    if entry.facts.get("before") != before:
        found.append(f"entry {name} does not follow the one before it: that one was rewritten")
    if entry.facts.get("as_of") != row["as_of"]:
        found.append(f"entry {name} has another date than {CHAIN} gives")
    return found


def broken(folder: Path, faults: list[str]) -> RegisterError:
    """The error for a register that has been changed."""
    cut_short = _only_cut_short(faults)
    return RegisterError(
        "its last publish was cut short" if cut_short else "the register is not as it was written",
        where=str(folder),
        found="; ".join(faults),
        remedy="Publish again to overwrite that entry, or remove its file: it was never "
        "published, and the earlier entries are unchanged."
        if cut_short
        else "Restore the entries from a copy: the register can't be relied on until then.",
    )


def _listed(folder: Path) -> list[dict[str, str]]:
    with (folder / CHAIN).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if any(list(row) != _COLUMNS or None in row.values() for row in rows):
        raise RegisterError(
            "not the list of entries", where=str(folder / CHAIN), expected=", ".join(_COLUMNS)
        )
    return rows


def _name(number: int) -> str:
    return f"{number:04d}.csv"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(facts: Mapping[str, str], forecasts: pd.DataFrame) -> str:
    head = "".join(f"# {name}: {' '.join(value.split())}\n" for name, value in facts.items())
    return head + forecasts.to_csv(index=False, lineterminator="\n")


def _read(file: Path, number: int) -> tuple[Entry, str]:
    # A checkout on Windows may have changed line endings: they are not part of the forecast.
    text = file.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    lines = text.splitlines(keepends=True)
    head = [line for line in lines if line.startswith("# ")]
    facts = dict(line[2:].rstrip("\n").partition(": ")[::2] for line in head)
    body = "".join(line for line in lines if not line.startswith("# "))
    try:
        table = pd.read_csv(io.StringIO(body), dtype={"la_code": str})
    except (ValueError, pd.errors.ParserError):
        table = pd.DataFrame()
    return Entry(number, facts, table), _digest(text)
