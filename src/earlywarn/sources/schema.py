"""The result of reading published files: observations, neighbours, calendar, findings, files."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from earlywarn.authorities import Register

PUBLISHED = "published"
SUPPRESSED = "suppressed"
NOT_APPLICABLE = "not applicable"
UNAVAILABLE = "unavailable"
UNRELIABLE = "unreliable"
ROUNDS_TO_ZERO = "rounds to zero"
STATUSES = (PUBLISHED, SUPPRESSED, NOT_APPLICABLE, UNAVAILABLE, UNRELIABLE, ROUNDS_TO_ZERO)
"""Why a value is present or not: "rounds to zero" is 0.0, all others but the first are gaps."""

OBSERVATION_COLUMNS = (
    "la_code",
    "measure",
    "period",
    "numerator",
    "denominator",
    "value",
    "status",
    "joint",
    "published_on",
    "date_assumed",
    "vintage",
    "source",
)
NEIGHBOUR_COLUMNS = ("model", "la_code", "rank", "neighbour_code", "published_on")
KEY = ["la_code", "measure", "period"]
"""The columns that identify a figure of a release."""


@dataclass(frozen=True)
class Finding:
    """Something short of an error that a user of the data should know.

    `severity` is "note" or "warning"; `code` a short slug; `line` counts from 1, including the
    header; `line` and `period` are NaN where they don't apply.
    """

    severity: str
    code: str
    message: str
    file: str = ""
    line: float = math.nan
    la_code: str = ""
    period: float = math.nan
    column: str = ""
    found: str = ""


FINDING_COLUMNS = (
    "severity",
    "code",
    "file",
    "line",
    "la_code",
    "period",
    "column",
    "found",
    "message",
)


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Turn findings into a frame of `FINDING_COLUMNS`, warnings first.

    Examples
    --------
    >>> findings_frame([Finding("note", "empty-folder", "nothing here")]).loc[0, "code"]
    'empty-folder'
    """
    rows = sorted(findings, key=lambda finding: finding.severity != "warning")
    frame = pd.DataFrame([asdict(row) for row in rows], columns=[f.name for f in fields(Finding)])
    text = {name: "str" for name in FINDING_COLUMNS if name not in {"line", "period"}}
    return frame[list(FINDING_COLUMNS)].astype({**text, "line": "float64", "period": "float64"})


@dataclass(frozen=True)
class FileRecord:
    """A file that was read or skipped: where it is below the folder, and what it was."""

    path: str
    sha256: str
    recognised_as: str
    rows: int


@dataclass(frozen=True, eq=False)
class Published:
    """The content of a folder of published files.

    Attributes
    ----------
    observations : pandas.DataFrame
        `OBSERVATION_COLUMNS`, one row per (la_code, measure, period, vintage).
    neighbours : pandas.DataFrame
        `NEIGHBOUR_COLUMNS`: statistical neighbours, `model` 2021 or 2025, `rank` 1 the nearest.
    releases : pandas.DataFrame
        The release calendar used: `series, period, period_end, published_on, precision, evidence`.
    findings : pandas.DataFrame
        `FINDING_COLUMNS`.
    register : Register
        The authorities, extended by the folder's tables.
    files : tuple of FileRecord
        Every table file below the folder, sorted by path.
    """

    observations: pd.DataFrame
    neighbours: pd.DataFrame
    releases: pd.DataFrame
    findings: pd.DataFrame
    register: Register
    files: tuple[FileRecord, ...]
