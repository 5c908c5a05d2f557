"""The items of a standard, read from Markdown templates that a model's owner can edit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from earlywarn.errors import CardError
from earlywarn.utils.files import package_path
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLANK = "[TO BE COMPLETED BY THE OWNER: {}]"
BLANK = re.compile(r"\[TO BE COMPLETED BY THE OWNER: [^\]]+\]")
"""The placeholder in a card for what only the owner can say."""
TRIPOD = "tripod_ai.md"
"""The items of TRIPOD+AI (Collins et al. 2024, doi 10.1136/bmj-2023-078378)."""
ATRS = "atrs.md"
"""The fields of the Algorithmic Transparency Recording Standard."""

_HEADING = re.compile(
    r"### (?P<number>\d+[\d.]*[a-z]?) (?P<topic>.+?)(?P<reason> \(not applicable\))?"
)


@dataclass(frozen=True)
class Item:
    """One item of a standard.

    Attributes
    ----------
    number : str
        As numbered in the standard.
    section : str
        The heading that it is under.
    topic : str
        What it asks about, in our words.
    text : str
        The answer, or why the item does not apply, with the names of facts in braces. Numbers are
        facts, so a text has none of its own.
    applies : bool
        Whether it is answered; if not, the text is the reason.
    """

    number: str
    section: str
    topic: str
    text: str
    applies: bool = True

    @property
    def status(self) -> str:
        """Answered, to be completed, or not applicable."""
        if not self.applies:
            return "not applicable"
        blanks = BLANK.findall(self.text)
        if not blanks:
            return "answered"
        return "to be completed" if BLANK.sub("", self.text).strip() == "" else "partly answered"


def blank(what: str) -> str:
    """Return a placeholder for what only the owner can say, marked so that it is easy to find.

    Examples
    --------
    >>> blank("the team")
    '[TO BE COMPLETED BY THE OWNER: the team]'
    """
    return _BLANK.format(what)


@dataclass(frozen=True)
class Standards:
    """The two templates that are filled: TRIPOD+AI, and the transparency record."""

    tripod: tuple[Item, ...]
    atrs: tuple[Item, ...]


def read_standards(folder: str | Path | None = None) -> Standards:
    """Read the templates as records.

    Parameters
    ----------
    folder : path, optional
        A folder with your own ``tripod_ai.md`` or ``atrs.md``, where you have filled in what only
        you can say. Default, also for a missing file: the one that ships with the package.

    Raises
    ------
    CardError
        If the folder contains neither, or a template can't be read.

    Examples
    --------
    >>> [len(items) for items in (read_standards().tripod, read_standards().atrs)]
    [52, 58]
    """
    place = None if folder is None else as_path(folder, "folder")
    own = [] if place is None else [name for name in (TRIPOD, ATRS) if (place / name).is_file()]
    if place is not None and not own:
        raise CardError(
            "there is no template here",
            where=place.as_posix(),
            expected=f"{TRIPOD} or {ATRS}",
            remedy="Copy the ones that ship from earlywarn/cards/templates and edit them.",
        )
    tripod, atrs = (
        _items(place / name) if place is not None and name in own else _shipped(name)
        for name in (TRIPOD, ATRS)
    )
    return Standards(tripod, atrs)


@cache
def _shipped(name: str) -> tuple[Item, ...]:
    return _items(package_path(f"cards/templates/{name}"))


def _items(path: Path) -> tuple[Item, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(
            "the template can't be read",
            where=path.as_posix(),
            found=str(error)[:100],
            expected="Markdown in UTF-8",
        ) from error
    return parse_items(text, path.name)


def parse_items(text: str, where: str) -> tuple[Item, ...]:
    r"""Parse the items in a template's text.

    Sections are headings of the second level, items headings of the third: the number, the topic,
    and ``(not applicable)`` where the text is the reason. Lines of an item's text are joined by
    spaces, so they may be wrapped at any width.

    Raises
    ------
    CardError
        If a heading of an item has no number, a number occurs twice, or an item has no text.

    Examples
    --------
    >>> parse_items("## Title\n### 1 Name\nThe model\nof {until}.", "page.md")
    (Item(number='1', section='Title', topic='Name', text='The model of {until}.', applies=True),)
    """
    parsed: list[Item] = []
    for line, section, heading, body in _parts(text):
        match = _HEADING.fullmatch(heading)
        place = f"{where}, line {line}"
        if match is None:
            raise CardError(
                "the heading of an item can't be read",
                where=place,
                found=heading,
                expected='"### NUMBER TOPIC", such as "### 12a How the data were used"',
            )
        if match["number"] in {item.number for item in parsed}:
            raise CardError("an item stands twice", where=place, found=match["number"])
        if not body:
            raise CardError(
                "an item has no text",
                where=place,
                found=heading,
                expected="an answer, or why it does not apply",
                remedy=f"Write {_BLANK.format('what is missing')} where only the owner can say it.",
            )
        applies = match["reason"] is None
        parsed.append(Item(match["number"], section, match["topic"], body, applies))
    return tuple(parsed)


def _parts(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Each item of a template: the line of its heading, its section, its heading and its text."""
    section, start, heading = "", 0, ""
    body: list[str] = []
    for number, line in enumerate([*text.splitlines(), "## "], start=1):
        if not line.startswith(("## ", "### ")):
            body.append(line.strip())
            continue
        if heading:
            yield start, section, heading, " ".join(filter(None, body))
        body, start = [], number
        heading = line if line.startswith("### ") else ""
        section = section if heading else line.removeprefix("## ").strip()
