"""The assumptions, read from the document that tells them, each with a colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.utils.files import package_path

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = "docs/assumptions.md"
EVIDENCE = {"strong": 0, "some": 1, "weak": 2}
IMPACT = {"low": 0, "medium": 1, "high": 2}
NOT_RATED = "not rated"
COLUMNS = ("id", "assumption", "evidence", "effect if wrong", "owner", "reviewed")

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def colour(evidence: str, impact: str) -> str:
    """Red, amber or green, from how firm an assumption is and what it would do if wrong.

    Examples
    --------
    >>> colour("weak", "medium"), colour("some", "medium"), colour("strong", "medium")
    ('red', 'amber', 'green')
    """
    if evidence not in EVIDENCE or impact not in IMPACT:
        return NOT_RATED
    return ("green", "green", "amber", "red", "red")[EVIDENCE[evidence] + IMPACT[impact]]


def assumptions(text: str | None = None) -> pd.DataFrame:
    """Every assumption with its rating.

    Parameters
    ----------
    text : str, optional
        The document; the one that ships if not given.

    Returns
    -------
    DataFrame
        One row an assumption: the columns of ``COLUMNS``, ``strength`` of the evidence,
        ``impact`` and ``rating``.

    Examples
    --------
    >>> assumptions().set_index("id").loc["M7", ["strength", "impact", "rating"]].tolist()
    ['some', 'low', 'green']
    """
    if text is None:
        text = package_path(DOCUMENT).read_text(encoding="utf-8")
    told, rated = [], {}
    for row in _rows(text):
        if "assumption" in row:
            told.append({name: row[name] for name in COLUMNS})
        elif "impact" in row:
            rated[row["id"]] = (row["evidence"], row["impact"])
    frame = pd.DataFrame(told, columns=list(COLUMNS))
    pairs = [rated.get(name, (NOT_RATED, NOT_RATED)) for name in frame["id"]]
    return frame.assign(
        strength=[evidence for evidence, _ in pairs],
        impact=[impact for _, impact in pairs],
        rating=[colour(*pair) for pair in pairs],
    )


def _rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of the tables of a Markdown page, by column; links are left as their words."""
    head: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            head = []
            continue
        cells = [_LINK.sub(r"\1", cell.strip()) for cell in line.strip("|").split("|")]
        if not head:
            head = cells
        elif set("".join(cells)) != {"-"}:
            yield dict(zip(head, cells, strict=True))
