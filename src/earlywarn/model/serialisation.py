"""A model as inert JSON: the trust boundary. What is not exactly as it should be is refused.

The file holds numbers and names, no code. Nothing is built from it before all of it has been
checked: its size, its form, its digest, the catalogue it was learnt under, every shape and every
number; and before the model is handed out, the golden rows in the file are scored again.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from earlywarn._version import __version__
from earlywarn.errors import StoreError
from earlywarn.indicators.catalogue import digest as catalogue_digest
from earlywarn.model.risk_model import RiskModel
from earlywarn.utils.files import (
    check_outputs,
    folder_for,
    package_path,
    write_whole,
    written_to,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
KIND = "earlywarn risk model"
FILE_NAME = "model.json"
LARGEST = 5_000_000  # bytes; the model that ships has a fiftieth of it
TOLERANCE = 1e-9

_SCORES = ("risk", "lower", "upper", "below_good")
_KEYS = frozenset({"format", "kind", "library", "catalogue", "model", "info", "golden", "digest"})
_ARRAYS = ("coefficients", "thresholds", "centre", "orientation", "agreement", "covariance")
_MODEL_KEYS = frozenset({"columns", "groups", "classes", *_ARRAYS})
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
    }
)


def save_model(model: RiskModel, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a model to a folder or a file, whole or not at all.

    Parameters
    ----------
    model : RiskModel
        As ``earlywarn.train`` gives it.
    path : path
        A folder, which then holds ``model.json``, or a file whose name ends in ``.json``.
    overwrite : bool
        Whether a model that is already there may be replaced.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    StoreError
        If a file is there already and may not be replaced, it can't be written, or the model is
        not one that could be loaded again.

    Examples
    --------
    >>> import earlywarn as ew, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ew.save_model(ew.load_model(), pathlib.Path(folder) / "mine").name
    'model.json'
    """
    file = _file_of(Path(path))
    check_outputs(file, overwrite=overwrite, make_folders=True, what="a model", fault=StoreError)
    text = _readable_text(model, str(file))
    with written_to(file, StoreError), folder_for(file.parent):
        write_whole(file, text)
    return file


def load_model(path: str | Path | None = None) -> RiskModel:
    """Read a model, refusing whatever is not exactly one.

    Parameters
    ----------
    path : path, optional
        A file or the folder that holds ``model.json``; if not given, the model that ships with the
        package.

    Returns
    -------
    RiskModel

    Raises
    ------
    StoreError
        If it is missing, too large, not JSON, doctored, truncated, of a newer format, learnt under
        another catalogue, or does not score its own golden rows as recorded.

    Examples
    --------
    >>> load_model().info["target"]["name"]
    'any_inadequate'
    """
    file = model_file(path)
    if not file.is_file():
        raise StoreError(
            "there is no model here",
            where=str(file),
            expected="a file that save_model wrote",
            remedy="python -m earlywarn train --out FOLDER writes one.",
        )
    if (size := file.stat().st_size) > LARGEST:
        _refuse(
            str(file),
            "the file is too large for a model",
            f"{size:,} bytes",
            f"at most {LARGEST:,}",
        )
    return from_text(file.read_bytes(), where=str(file))


def model_file(path: str | Path | None = None) -> Path:
    """The file that ``load_model`` reads, given the same path."""
    return package_path("models/default") / FILE_NAME if path is None else _file_of(Path(path))


def to_text(model: RiskModel) -> str:
    """The model as canonical JSON: the same model gives the same bytes."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "kind": KIND,
        "library": __version__,
        "catalogue": catalogue_digest(),
        "model": _as_plain(model),
        "info": dict(model.info),
        "golden": _golden(model),
    }
    document["digest"] = _digest(document)
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def from_text(text: bytes | str, *, where: str = "model") -> RiskModel:
    """The model in a JSON text, after every check."""
    document = _parsed(text, where)
    _check_envelope(document, where)
    _check_model(document["model"], where)
    _check_info(document["info"], where)
    plain = document["model"]
    model = RiskModel(
        columns=tuple(plain["columns"]),
        groups=tuple(plain["groups"]),
        classes=tuple(plain["classes"]),
        **{name: np.array(plain[name], dtype=float) for name in _ARRAYS},
        info=document["info"],
    )
    _check_golden(model, document["golden"], where)
    return model


def fingerprint(model: RiskModel) -> str:
    """A short digest of what was learnt, for the model's name."""
    return _digest(_as_plain(model))[:8]


def _readable_text(model: RiskModel, where: str) -> str:
    """The text to write, refused now rather than when it is read."""
    try:
        text = to_text(model)
    except (TypeError, ValueError) as error:
        _refuse(where, "the model holds what JSON can't", str(error)[:80], "finite numbers, names")
    from_text(text, where=where)
    return text


def _file_of(path: Path) -> Path:
    return path if path.suffix == ".json" else path / FILE_NAME


def _as_plain(model: RiskModel) -> dict[str, Any]:
    return {
        "columns": list(model.columns),
        "groups": list(model.groups),
        "classes": list(model.classes),
        **{name: np.asarray(getattr(model, name)).tolist() for name in _ARRAYS},
    }


def _digest(document: Mapping[str, Any]) -> str:
    body = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _golden(model: RiskModel) -> list[dict[str, Any]]:
    """A few rows with their scores: nothing known, everything raised, and half of it known."""
    width = len(model.columns)
    rows = np.full((4, width), np.nan)
    rows[1], rows[2] = 1.0, -1.0
    rows[3, ::2] = np.linspace(-1.5, 1.5, len(rows[3, ::2]))
    lower, upper = model.interval(rows)
    values = [[None if np.isnan(value) else float(value) for value in row] for row in rows]
    below_good = model.at_least(rows, max(len(model.classes) - 2, 1))
    scores = zip(values, model.risk(rows), lower, upper, below_good, strict=True)
    return [
        {"row": row, **dict(zip(_SCORES, map(float, figures), strict=True))}
        for row, *figures in scores
    ]


def _refuse(where: str, problem: str, found: str = "", expected: str = "") -> NoReturn:
    raise StoreError(
        problem,
        where=where,
        found=found,
        expected=expected,
        remedy="The file is not loaded. Get it again from where it came from, or retrain.",
    )


def _parsed(text: bytes | str, where: str) -> dict[str, Any]:
    def no_constant(name: str) -> NoReturn:
        _refuse(where, "a number is not finite", name, "finite numbers only")

    def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            _refuse(where, "a name stands twice in one object")
        return dict(pairs)

    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        document = json.loads(decoded, parse_constant=no_constant, object_pairs_hook=no_repeats)
    except UnicodeDecodeError:
        _refuse(where, "the file is not text", "bytes that are not UTF-8", "JSON in UTF-8")
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        _refuse(where, "the file is not whole JSON", str(error)[:80], "JSON that save_model wrote")
    if not isinstance(document, dict):
        _refuse(
            where, "the file is not a model", f"a JSON {type(document).__name__}", "a JSON object"
        )
    return document


def _check_envelope(document: dict[str, Any], where: str) -> None:
    if document.get("kind") != KIND:
        _refuse(where, "the file is not a model", repr(document.get("kind"))[:80], f"kind {KIND!r}")
    number = document.get("format")
    if type(number) is not int or number < 1:
        _refuse(where, "the format number is none", repr(number)[:80], f"1 to {FORMAT}")
    if number > FORMAT:
        raise StoreError(
            "the model is of a newer format",
            where=where,
            found=f"format {number}, written by earlywarn {str(document.get('library'))[:20]}",
            expected=f"format {FORMAT} or older",
            remedy="Update earlywarn.",
        )
    if set(document) != _KEYS:
        _refuse(
            where,
            "the parts are not those of a model",
            ", ".join(sorted(document))[:200],
            ", ".join(sorted(_KEYS)),
        )
    try:
        digest = _digest(document)
    except ValueError:
        _refuse(where, "a number is not finite", "an overflow", "finite numbers only")
    except RecursionError:
        _refuse(where, "the file is not a model", "lists within lists, too deep")
    if document["digest"] != digest:
        _refuse(where, "the content is not what was written", "another digest", "an unchanged file")
    if document["catalogue"] != catalogue_digest():
        raise StoreError(
            "the model was learnt under another catalogue of indicators",
            where=where,
            found=f"catalogue {str(document['catalogue'])[:16]}, "
            f"earlywarn {str(document['library'])[:20]}",
            expected=f"catalogue {catalogue_digest()}",
            remedy="Retrain it with this version: python -m earlywarn train --out FOLDER.",
        )


def _check_model(plain: Any, where: str) -> None:
    if not isinstance(plain, dict) or set(plain) != _MODEL_KEYS:
        _refuse(
            where, "the model's parts are not complete", expected=", ".join(sorted(_MODEL_KEYS))
        )
    for name in ("columns", "groups"):
        _check_names(plain[name], name, where)
    width, grades = len(plain["columns"]), plain["classes"]
    if len(set(plain["columns"])) != width or len(plain["groups"]) != width:
        _refuse(
            where,
            "columns and groups do not match",
            f"{width} and {len(plain['groups'])}",
            "one group a column, no column twice",
        )
    if (
        not isinstance(grades, list)
        or len(grades) < 2
        or not all(type(grade) is int for grade in grades)
        or len(set(grades)) != len(grades)
    ):
        _refuse(where, "the grades are none", repr(grades)[:80], "two whole numbers or more")
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("coefficients", "centre", "orientation", "agreement"), (width,)),
        "thresholds": (len(grades) - 1,),
        "covariance": (width + 1, width + 1),
    }
    arrays = {name: _array(plain[name], name, shape, where) for name, shape in shapes.items()}
    _check_values(arrays, where)


def _check_values(arrays: dict[str, np.ndarray[Any, Any]], where: str) -> None:
    if (np.diff(arrays["thresholds"]) <= 0).any():
        _refuse(where, "the thresholds do not rise", str(arrays["thresholds"].tolist()))
    if not (np.abs(arrays["orientation"]) == 1).all():
        _refuse(where, "an orientation is neither 1 nor -1")
    if ((arrays["agreement"] < 0) | (arrays["agreement"] >= 1)).any():
        _refuse(where, "an agreement is out of range", expected="0 or more and below 1")
    covariance = arrays["covariance"]
    scale = max(float(np.abs(covariance).max()), 1e-300)
    if np.abs(covariance - covariance.T).max() > 1e-9 * scale:
        _refuse(where, "the covariance is not symmetric")
    if np.linalg.eigvalsh(covariance).min() < -1e-5 * scale:
        _refuse(where, "the covariance is none: it has a negative direction")


def _check_names(names: Any, what: str, where: str) -> None:
    if (
        not isinstance(names, list)
        or not names
        or not all(isinstance(name, str) and name for name in names)
    ):
        _refuse(where, f"{what} are not a list of names", repr(names)[:80])


def _array(values: Any, name: str, shape: tuple[int, ...], where: str) -> np.ndarray[Any, Any]:
    flat = [cell for row in values for cell in row] if _is_table(values) else values
    if not isinstance(flat, list) or not all(_is_number(cell) for cell in flat):
        _refuse(
            where, f"{name} are not finite numbers", repr(values)[:60], f"numbers of shape {shape}"
        )
    try:
        array = np.array(values, dtype=float)
    except ValueError:
        array = np.empty(0)
    if array.shape != shape:
        _refuse(where, f"{name} have the wrong shape", str(array.shape), str(shape))
    return array


def _is_table(values: Any) -> bool:
    return (
        isinstance(values, list) and bool(values) and all(isinstance(row, list) for row in values)
    )


def _is_number(cell: Any) -> bool:
    return type(cell) in (int, float) and abs(cell) < 1e300 and math.isfinite(cell)


def _check_info(info: Any, where: str) -> None:
    if not isinstance(info, dict) or set(info) != _INFO_KEYS:
        _refuse(
            where,
            "the account of where the model comes from is not complete",
            expected=", ".join(sorted(_INFO_KEYS)),
        )
    reference = info["reference"]
    needed = {"centre", "gradient", "deprivation", "tau2", "typical_sd"}
    if not isinstance(reference, dict) or not all(
        isinstance(entry, dict)
        and set(entry) == needed
        and all(_is_number(cell) for cell in entry.values())
        for entry in reference.values()
    ):
        _refuse(
            where,
            "the reference distributions are not complete",
            expected=", ".join(sorted(needed)),
        )
    if any(entry["tau2"] < 0 or entry["typical_sd"] < 0 for entry in reference.values()):
        _refuse(where, "a reference distribution has a negative variance")
    for name in ("first_date", "sunset", "reference_date"):
        if not _is_day(info[name]):
            _refuse(where, f"{name} is no date", repr(info[name])[:60], "a date such as 2025-03-31")
    if not isinstance(info["model_id"], str) or not info["model_id"]:
        _refuse(where, "model_id is none", repr(info["model_id"])[:60])
    for name in ("target", "training", "prior", "vintages"):
        if not isinstance(info[name], dict):
            _refuse(where, f"{name} is no account", repr(info[name])[:60], "names with values")
    risk = info["prior"].get("risk")
    if not _is_number(risk) or not 0 < risk < 1:
        _refuse(where, "prior risk is no share", repr(risk)[:60], "between 0 and 1")


def _is_day(text: Any) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _check_golden(model: RiskModel, golden: Any, where: str) -> None:
    again = _golden(model)
    if not isinstance(golden, list) or len(golden) != len(again):
        _refuse(where, "the golden rows are not complete")
    for row, expected in enumerate(again):
        found = golden[row]
        if (
            not isinstance(found, dict)
            or set(found) != set(expected)
            or found["row"] != expected["row"]
        ):
            _refuse(where, f"golden row {row} is not whole")
        for name in _SCORES:
            if not _is_number(found[name]) or abs(found[name] - expected[name]) > TOLERANCE:
                _refuse(
                    where,
                    f"golden row {row} scores differently",
                    f"{name} {expected[name]:.6f}",
                    str(found[name])[:20],
                )
