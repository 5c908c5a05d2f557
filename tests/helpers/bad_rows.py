"""Bad and odd rows by the hundred, each with the rule that holds for it: refused, or scored as."""

from __future__ import annotations

import enum
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.preprocessing import MAY_PASS_100, known_columns

NO_NUMBER, INFINITE, BELOW, ABOVE = "is no number", "is infinite", "is below 0", "is above"
NO_DATE, OUTSIDE = "as_of is no date", "as_of is outside the model's life"
NO_AUTHORITY = "la_code is no authority's"

Kind = tuple[dict[Any, Any], str | dict[str, Any]]
"""A row, and why it is refused, or the plain row whose answer it has."""


class Sixteen(enum.IntEnum):
    """A number with a name."""

    CASES = 16


class Silent:
    """An object that can't be told as text, nor compared, nor hashed."""

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")


def nested(depth: int) -> list[Any]:
    """A list in a list in a list."""
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def endless() -> list[Any]:
    """A list that holds itself."""
    found: list[Any] = []
    found.append(found)
    return found


NOTHING = {
    "None": None, "NaN": float("nan"), "numpy NaN": np.float32("nan"), "pandas NA": pd.NA,
    "no time": pd.NaT, "decimal NaN": Decimal("NaN"), "no datetime64": np.datetime64("NaT"),
    "no timedelta64": np.timedelta64("NaT"), "empty text": "", "spaces": "  ", "tab": "\t",
    "no-break space": "\u00a0", "text NaN": "NaN", "text nan": "nan", "text NA": "NA",
    "text None": "None",
}  # fmt: skip

SIXTEEN = {
    "integer": 16, "text": "16", "spaced text": " 16 ", "tabbed text": "\t16\n", "plus": "+16",
    "point": "16.", "zeros": "0016.000", "exponent": "1.6e1", "capital exponent": "160E-1",
    "decimal": Decimal(16), "long decimal": Decimal("16.000000000000000000000000000000"),
    "numpy int8": np.int8(16), "numpy uint64": np.uint64(16), "numpy float16": np.float16(16),
    "numpy float32": np.float32(16), "numpy long double": np.longdouble(16), "enum": Sixteen.CASES,
    "numpy text": np.str_("16"), "complex without a second part": 16 + 0j,
}  # fmt: skip

NO_NUMBERS = {
    "word": "abc", "suppressed c": "c", "not applicable z": "z", "not available x": "x",
    "low": "low", "two points": "..", "point alone": ".", "dash": "-", "slash": "n/a",
    "null": "null", "hash": "#N/A", "formula": "=1+1", "decimal comma": "31,5", "thousands": "1,000",
    "underscore": "1_000", "inner space": "1 2", "per cent": "16%", "pound": "£16",
    "unit": "16 cases", "two points in it": "1.2.3", "two signs": "--5", "sign behind": "5-",
    "exponent alone": "e5", "no exponent": "5e", "hexadecimal": "0x10", "binary": "0b11",
    "full-width digits": "\uff11\uff16", "Arabic digits": "\u0661\u0666", "Roman number": "\u2167",
    "half": "½", "superscript": "²", "minus sign": "\u22125", "emoji": "\U0001f600",
    "zero-width": "1\u200b6", "byte order mark": "\ufeff16", "NUL": "\x00", "NUL behind": "16\x00",
    "NUL between": "1\x006", "half a surrogate pair": "\ud800", "HTML": "<b>16</b>",
    "SQL": "16; DROP TABLE", "long text": "9" * 40 + "x", "very long text": "x" * 100_000,
    "bytes": b"16", "byte array": bytearray(b"16"), "memory view": memoryview(b"16"), "list": [16],
    "empty list": [], "tuple": (16,), "set": {16}, "dict": {"value": 16}, "empty dict": {},
    "deep list": nested(5_000), "endless list": endless(), "numpy array": np.array([16, 17]),
    "numpy scalar array": np.array(16), "series": pd.Series([16]), "frame": pd.DataFrame([16]),
    "complex": 16 + 1j, "fraction": Fraction(33, 2), "date": date(2024, 6, 30),
    "datetime": datetime(2024, 6, 30, tzinfo=UTC), "time": time(12), "timedelta": timedelta(16),
    "timestamp": pd.Timestamp("2024-06-30"), "pandas timedelta": pd.Timedelta(16, "D"),
    "period": pd.Period("2024-06"), "interval": pd.Interval(1, 16), "datetime64":
    np.datetime64("2024-06-30"), "timedelta64": np.timedelta64(16, "D"), "path": Path("16"),
    "uuid": uuid.UUID(int=16), "range": range(16), "type": int, "function": len, "ellipsis": ...,
    "object": object(), "not implemented": NotImplemented, "error": ValueError("16"),
    "silent object": Silent(), "true as text": "True", "yes": "yes",
}  # fmt: skip

INFINITIES = {
    "infinity": float("inf"), "minus infinity": float("-inf"), "numpy infinity": np.float32("inf"),
    "text inf": "inf", "text -inf": "-inf", "text Infinity": "Infinity", "too large": "1e400",
    "too small": "-1e400", "400 digits": "1" + "0" * 400, "decimal infinity": Decimal("Infinity"),
    "integer of 400 digits": 10**400, "integer of 5,000 digits": 10**5_000,
}  # fmt: skip

TOO_LARGE = {
    "1e13": 1e13, "text 1e13": "1e13", "integer 10^30": 10**30, "largest float": 1.7e308,
    "uint64": np.uint64(2**64 - 1), "decimal": Decimal(10**20), "just above": 1e12 + 1,
}  # fmt: skip

NEGATIVE = {
    "negative": -5, "just below": -1e-300, "text": "-5", "numpy": np.int8(-5), "huge": -(10**30),
    "decimal": Decimal("-0.1"),
}  # fmt: skip

TODAY = {"as_of": "2024-06-30", "caseload": 16.0}
PLAIN = {"caseload": 16.0}
DATES = {
    "text": "2024-06-30", "spaced": " 2024-06-30 ", "compact": "20240630", "whole number": 20240630,
    "whole fraction": 20240630.0, "date": date(2024, 6, 30), "datetime": datetime(2024, 6, 30, 9),
    "in UTC": datetime(2024, 6, 30, 9, tzinfo=UTC), "in a zone": datetime(2024, 6, 30, 9,
    tzinfo=timezone(timedelta(hours=-5))), "timestamp": pd.Timestamp("2024-06-30"), "timestamp in London":
    pd.Timestamp("2024-06-30", tz="Europe/London"), "datetime64": np.datetime64("2024-06-30"),
    "datetime64 to the nanosecond": np.datetime64("2024-06-30T12", "ns"), "T": "2024-06-30T12:00:00",
    "Z": "2024-06-30T12:00:00Z", "offset": "2024-06-30T12:00:00+01:00", "minutes": "2024-06-30 12:00",
    "nanoseconds": "2024-06-30T12:00:00.123456789",
    "numpy text": np.str_("2024-06-30"), "British": "30/06/2024", "German": "30.06.2024",
    "month as word": "30 June 2024", "one digit": "2024-6-30", "Excel's day": 45473,
    "Excel's moment": 45473.5, "compact as a fraction": "20240630.0",
}  # fmt: skip
NO_DATES = {
    "year and month": "2024-06", "year": "2024",
    "word": "soon", "today": "today", "now": "now", "yesterday": "yesterday",
    "American": "06/30/2024", "no such day": "2024-02-30", "no such month": "2024-13-01", "zeros": "0000-00-00",
    "no such hour": "2024-06-30T25:00", "week": "2024-W26-7", "day of year": "2024-182x",
    "year of five digits": "99999-01-01", "year before Christ": "-2024-01-01", "quarter": "2024Q2",
    "school year": "2023-24", "text behind": "2024-06-30x", "two dates": "2024-06-30 2024-07-01",
    "text nan": "nan", "text None": "None", "text NaT": "NaT", "zero": 0, "minus": -1, "fraction": 1.5,
    "true": True, "infinity": float("inf"), "integer 10^30": 10**30, "thirty digits": "9" * 30, "bytes": b"2024-06-30",
    "list": ["2024-06-30"], "dict": {"year": 2024}, "tuple": (2024, 6, 30), "timedelta": timedelta(5),
    "time": time(12), "NUL": "\x00", "NUL behind": "2024-06-30\x00", "half a surrogate pair": "\ud800",
    "Arabic digits": "\u0662\u0660\u0662\u0664-\u0660\u0666-\u0663\u0660",
    "full-width digits": "\uff12\uff10\uff12\uff14-06-30",
    "typographic hyphens": "2024\u201006\u201030", "formula": "=TODAY()", "object": object(),
    "silent object": Silent(), "deep list": nested(5_000), "decimal": Decimal("2024.5"),
    "complex": 1 + 2j, "period": pd.Period("2024Q2"), "interval": pd.Interval(1, 2),
}  # fmt: skip
OTHER_DAYS = {
    "day before": "2015-12-31", "long ago": "1900-01-01", "date.min": date.min, "date.max": date.max,
    "datetime.max": datetime.max, "next century": "2199-01-01", "last year of all": "9999-12-31",
    "datetime64 far": np.datetime64("2262-01-01"), "timestamp.min": pd.Timestamp.min,
    "compact": "19991231",
}  # fmt: skip

AUTHORITIES = {
    "text": "383", "number": 383, "fraction": 383.0, "spaced": " 383 ", "numpy int16": np.int16(383),
    "numpy text": np.str_("383"), "abolished": "928", "decimal": Decimal(383), "name": "Leeds", "name of a city": "city of leeds", "ONS code": "E08000035",
    "beginning of a name": "Newcastle", "apostrophe": "St Helen's", "text of a fraction": "383.0",
}  # fmt: skip
NO_AUTHORITIES = {
    "unknown": "999", "unknown number": 999, "England": "ENG", "England by name": "England", "no name":
    "Atlantis", "ONS code of England": "E92000001", "minus": -383, "fraction": 383.5, "leading zero": "0383", "two": "383;301",
    "true": True, "false": False, "zero": 0, "infinity": float("inf"),
    "integer 10^30": 10**30, "bytes": b"383", "list": ["383"], "dict": {"code": "383"}, "tuple": ("383",),
    "full-width digits": "\uff13\uff18\uff13", "NUL behind": "383\x00", "half a surrogate pair":
    "\ud800", "zero-width": "3\u200b83", "word nan": "nan", "word None": "None", "very long": "3" * 100_000,
    "date": date(2024, 6, 30), "object": object(), "silent object": Silent(), "deep list": nested(5_000),
    "formula": "=383", "integer of 5,000 digits": 10**5_000,
}  # fmt: skip


def of_cells() -> dict[str, Kind]:
    """Every odd cell, in a column of numbers, of dates and of authorities."""
    made: dict[str, Kind] = {}
    for name, cell in NOTHING.items():
        made[f"number, nothing: {name}"] = {"caseload": 16.0, "rereferrals": cell}, PLAIN
        if not name.startswith("text "):
            made[f"date, nothing: {name}"] = {"as_of": cell, **PLAIN}, PLAIN
            made[f"authority, nothing: {name}"] = {"la_code": cell, **PLAIN}, PLAIN
    for name, cell in SIXTEEN.items():
        made[f"number, sixteen: {name}"] = {"caseload": cell}, PLAIN
    for reason, cells in (
        (NO_NUMBER, NO_NUMBERS), (INFINITE, INFINITIES), (ABOVE, TOO_LARGE), (BELOW, NEGATIVE),
    ):  # fmt: skip
        for name, cell in cells.items():
            made[f"number, {reason}: {name}"] = {"caseload": cell}, f"caseload {reason}"
    for reason, cells in ((NO_DATE, NO_DATES), (OUTSIDE, OTHER_DAYS)):
        made |= {f"date, {k}, {reason}": ({"as_of": v, **PLAIN}, reason) for k, v in cells.items()}
    made |= {f"date: {name}": ({**PLAIN, "as_of": cell}, TODAY) for name, cell in DATES.items()}
    for name, cell in AUTHORITIES.items():
        made[f"authority: {name}"] = {"la_code": cell, **PLAIN}, PLAIN
    for name, cell in NO_AUTHORITIES.items():
        made[f"no authority: {name}"] = {"la_code": cell, **PLAIN}, NO_AUTHORITY
    return made


def highest(name: str) -> float:
    """The largest number that a column may hold."""
    for record in INDICATORS:
        if name == record.id and record.kind == "history":
            return 1.0
        if name == record.id and record.unit.startswith("%") and name not in MAY_PASS_100:
            return 100.0
    return 1e12


def of_columns() -> dict[str, Kind]:
    """Each column that means something: with text in it, infinite, too large, negative."""
    made: dict[str, Kind] = {}
    for name in sorted(known_columns()):
        over = highest(name) * 1.001
        made[f"{name}: text"] = {name: "c"}, f"{name} is no number"
        made[f"{name}: infinite"] = {name: float("inf")}, f"{name} is infinite"
        made[f"{name}: too large"] = {name: over}, f"{name} is above"
        made[f"{name}: negative"] = (
            {name: -1e13} if name.endswith("_z") else {name: -0.5}, f"{name} is below"
        )  # fmt: skip
    return made


def of_rows() -> dict[str, Kind]:
    """Rows in which no cell is odd by itself, and keys that are odd."""
    made: dict[str, Kind] = {}
    for record in INDICATORS:
        if record.kind == "proportion" and record.numerator and record.id not in MAY_PASS_100:
            part, whole = record.numerator, record.denominator
            made[f"more {part} than {whole}"] = {part: 5, whole: 4}, f"{part} is more than {whole}"
            made[f"{part} of nothing"] = {part: 0, whole: 0, **PLAIN}, {whole: 0, **PLAIN}
    for name, key in {
        "number": 7, "nothing": None, "empty text": "", "tuple": ("a", "b"), "space": " caseload",
        "capital": "Caseload", "half a surrogate pair": "\ud800", "NUL": "case\x00load", "date":
        date(2024, 6, 30), "NaN": float("nan"), "bytes": b"caseload", "true": True,
    }.items():  # fmt: skip
        made[f"unknown column named by {name}"] = {key: "x", **PLAIN}, PLAIN
    for name in ("word", "half a surrogate pair", "list", "deep list", "silent object", "bytes"):
        made[f"unknown column with {name}"] = {"note": NO_NUMBERS[name], **PLAIN}, PLAIN
    made["everything is wrong"] = (
        {"caseload": "c", "as_of": "soon", "la_code": "999", "rereferrals": 140},
        "rereferrals is above 100",
    )
    return made


KINDS = of_cells() | of_rows()
COLUMN_KINDS = of_columns()
