"""Check a stored model: every part, shape and number, before any of it is used."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from earlywarn.errors import StoreError
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.model.base_rate import LevelState

if TYPE_CHECKING:
    from collections.abc import Callable

ARRAYS = ("coefficients", "thresholds", "centre", "orientation", "agreement", "covariance")
_MODEL_KEYS = frozenset({"columns", "groups", "classes", "shifts", "form_sd", *ARRAYS})
_INFO_KEYS = frozenset(
    {
        "model_id",
        "target",
        "training",
        "prior",
        "vintages",
        "reference",
        "reference_date",
        "first_date",
        "sunset",
        "levels",
    }
)


_LONGEST = 120
_IDENTITY = re.compile(rf"\w[\w .+-]{{0,{_LONGEST - 1}}}")


def refuse(where: str, problem: str, found: str = "", expected: str = "") -> NoReturn:
    """Refuse a file, with what is wrong with it."""
    raise StoreError(
        problem,
        where=where,
        found=found,
        expected=expected,
        remedy="The file is not loaded. Get it again from where it came from, or retrain.",
    )


def check_model(plain: Any, where: str) -> None:
    """Refuse a model whose arrays are incomplete, or are not what their names say."""
    if not isinstance(plain, dict) or set(plain) != _MODEL_KEYS:
        refuse(where, "the model's parts are not complete", expected=", ".join(sorted(_MODEL_KEYS)))
    for name in ("columns", "groups"):
        _check_names(plain[name], name, where)
    width, grades = len(plain["columns"]), plain["classes"]
    if len(set(plain["columns"])) != width or len(plain["groups"]) != width:
        refuse(
            where,
            "columns and groups do not match",
            f"{width} and {len(plain['groups'])}",
            "one group a column, no column twice",
        )
    if (
        not isinstance(grades, list)
        or len(grades) < 2
        or not all(type(grade) is int for grade in grades)
        or grades != sorted(set(grades))
    ):
        refuse(where, "the grades are none", repr(grades)[:80], "two rising whole numbers or more")
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("coefficients", "centre", "orientation", "agreement"), (width,)),
        "thresholds": (len(grades) - 1,),
        "covariance": (width + 1, width + 1),
    }
    if not is_number(plain["form_sd"]) or plain["form_sd"] < 0:
        refuse(where, "form_sd is none", repr(plain["form_sd"])[:60], "a number of 0 or more")
    arrays = {name: _array(plain[name], name, shape, where) for name, shape in shapes.items()}
    _check_values(arrays, where)
    if plain["shifts"] is not None:
        shifts = _array(plain["shifts"], "shifts", (len(grades) - 1, width), where)
        _check_shifts(shifts, arrays["thresholds"], arrays["centre"], where)


def _check_values(arrays: dict[str, np.ndarray[Any, Any]], where: str) -> None:
    if (np.diff(arrays["thresholds"]) <= 0).any():
        refuse(where, "the thresholds do not rise", str(arrays["thresholds"].tolist()))
    if not (np.abs(arrays["orientation"]) == 1).all():
        refuse(where, "an orientation is neither 1 nor -1")
    if ((arrays["agreement"] < 0) | (arrays["agreement"] >= 1)).any():
        refuse(where, "an agreement is out of range", expected="0 or more and below 1")
    covariance = arrays["covariance"]
    scale = max(float(np.abs(covariance).max()), 1e-300)
    if np.abs(covariance - covariance.T).max() > 1e-9 * scale:
        refuse(where, "the covariance is not symmetric")
    if np.linalg.eigvalsh(covariance).min() < -1e-5 * scale:
        refuse(where, "the covariance is none: it has a negative direction")


def _check_shifts(
    shifts: np.ndarray[Any, Any],
    thresholds: np.ndarray[Any, Any],
    centre: np.ndarray[Any, Any],
    where: str,
) -> None:
    """Refuse weights under which the probabilities of the grades could be out of order."""
    if shifts[-1].any():
        refuse(where, "the worst grade's weights are shifted from themselves")
    apart = shifts[:-1] - shifts[1:]
    closest = np.minimum(-centre * apart, (1 - centre) * apart).sum(axis=1)
    if (np.diff(thresholds) + closest < 0).any():
        refuse(where, "the grades' probabilities could cross", expected="risks in their order")


def _check_levels(levels: Any, where: str) -> None:
    """Refuse levels that are not the state of two thresholds on a date."""
    if levels is None:
        return
    names = set(LevelState.__dataclass_fields__)
    if (
        not isinstance(levels, dict)
        or set(levels) != {"cut", "worst", "better"}
        or not _is_day(levels["cut"])
        or not all(
            isinstance(levels[side], dict)
            and set(levels[side]) == names
            and all(is_number(value) for value in levels[side].values())
            for side in ("worst", "better")
        )
    ):
        refuse(where, "the levels are no account", repr(levels)[:60], ", ".join(sorted(names)))
    for side in ("worst", "better"):
        state = levels[side]
        if min(state[name] for name in names if name.endswith("_variance")) < 0:
            refuse(where, "a level has a negative variance")


def _check_names(names: Any, what: str, where: str) -> None:
    if not isinstance(names, list) or not names or not all(_is_title(name) for name in names):
        refuse(where, f"{what} are not a list of names", repr(names)[:80])


def _array(values: Any, name: str, shape: tuple[int, ...], where: str) -> np.ndarray[Any, Any]:
    flat = [cell for row in values for cell in row] if _is_table(values) else values
    if not isinstance(flat, list) or not all(is_number(cell) for cell in flat):
        refuse(
            where, f"{name} are not finite numbers", repr(values)[:60], f"numbers of shape {shape}"
        )
    try:
        array = np.array(values, dtype=float)
    except ValueError:
        array = np.empty(0)
    if array.shape != shape:
        refuse(where, f"{name} have the wrong shape", str(array.shape), str(shape))
    return array


def _is_table(values: Any) -> bool:
    return (
        isinstance(values, list) and bool(values) and all(isinstance(row, list) for row in values)
    )


def is_number(cell: Any) -> bool:
    """Whether a cell is a finite number."""
    return type(cell) in (int, float) and abs(cell) < 1e300 and math.isfinite(cell)


def check_info(info: Any, where: str) -> None:
    """Refuse an incomplete account of where a model comes from."""
    if not isinstance(info, dict) or set(info) - {"line"} != _INFO_KEYS:
        refuse(
            where,
            "the account of where the model comes from is not complete",
            expected=", ".join(sorted(_INFO_KEYS)),
        )
    reference = info["reference"]
    needed = {"centre", "gradient", "deprivation", "tau2", "typical_sd"}
    if not isinstance(reference, dict) or not all(
        isinstance(entry, dict)
        and set(entry) == needed
        and all(is_number(cell) for cell in entry.values())
        for entry in reference.values()
    ):
        refuse(
            where,
            "the reference distributions are not complete",
            expected=", ".join(sorted(needed)),
        )
    if any(entry["tau2"] < 0 or entry["typical_sd"] < 0 for entry in reference.values()):
        refuse(where, "a reference distribution has a negative variance")
    if strange := sorted(set(reference) - {record.id for record in INDICATORS}):
        refuse(where, "a reference distribution of no indicator", ", ".join(strange)[:80])
    for name in ("first_date", "sunset", "reference_date"):
        if not _is_day(info[name]):
            refuse(where, f"{name} is no date", repr(info[name])[:60], "a date such as 2025-03-31")
    if not isinstance(info["model_id"], str) or not _IDENTITY.fullmatch(info["model_id"]):
        refuse(
            where,
            "model_id is none",
            repr(info["model_id"])[:60],
            f"{_LONGEST} letters, digits and - . _ + at most, since files are named after it",
        )
    for name, parts in _ACCOUNTS.items():
        _check_account(info[name], name, parts, where)
    if not isinstance(info["vintages"], dict) or not all(
        _is_title(source) and _is_count(year) for source, year in info["vintages"].items()
    ):
        refuse(where, "vintages are no account", repr(info["vintages"])[:60], "names with years")
    _check_order(info, where)
    _check_line(info.get("line", []), where)
    _check_levels(info["levels"], where)


def _check_account(
    account: Any, name: str, parts: dict[str, Callable[[Any], bool]], where: str
) -> None:
    """Refuse an account with a part that is missing, unknown or of the wrong type."""
    if not isinstance(account, dict) or set(account) != set(parts):
        refuse(where, f"{name} is no account", repr(account)[:60], ", ".join(parts))
    for part, test in parts.items():
        if not test(account[part]):
            refuse(where, f"{name} {part} is not as it should be", repr(account[part])[:60])


def _check_order(info: dict[str, Any], where: str) -> None:
    """Refuse dates that are out of order: the training cases, the cut, and the end of use."""
    learnt, levels = info["training"], info["levels"]
    days = [learnt["first_start"], learnt["last_start"], learnt["until"], info["sunset"]]
    if days != sorted(days) or info["first_date"] > info["sunset"]:
        refuse(where, "the model's days are out of order", ", ".join(days))
    if levels and isinstance(levels, dict) and levels.get("cut") != learnt["until"]:
        refuse(where, "the levels are not of the day until which was learnt", str(levels)[:60])


def _check_line(line: Any, where: str) -> None:
    """Check where a retrained model comes from, parents first: names with texts."""
    if not isinstance(line, list) or not all(
        isinstance(one, dict) and all(_is_line(word) for pair in one.items() for word in pair)
        for one in line
    ):
        refuse(where, "the line of the model is no list of names with words", repr(line)[:60])


def _is_day(text: Any) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _is_title(text: Any) -> bool:
    """Whether a text can be shown: neither empty nor too long, with no invisible characters."""
    return isinstance(text, str) and 0 < len(text) <= 300 and text.isprintable()


def _is_line(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= 3000 and text.isprintable()


def _is_count(cell: Any) -> bool:
    return type(cell) is int and 0 <= cell < 10**9


def _is_some(cell: Any) -> bool:
    return _is_count(cell) and cell > 0


def _is_share(cell: Any) -> bool:
    return is_number(cell) and 0 < cell < 1


_ACCOUNTS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "target": {"name": _is_title, "title": _is_title, "version": _is_count},
    "training": {
        **dict.fromkeys(("until", "first_start", "last_start"), _is_day),
        **dict.fromkeys(("inspections", "events", "authorities"), _is_some),
    },
    "prior": {
        "risk": _is_share,
        "below_good": lambda cell: cell is None or _is_share(cell),
        "recent_share": is_number,
        "half_life_years": is_number,
        "pseudo_cases": is_number,
        "scenario": lambda cell: isinstance(cell, bool),
    },
}
"""What each account contains, and what each part of it must be."""
