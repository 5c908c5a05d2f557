"""A model as inert JSON: the trust boundary, where anything not exactly right is refused.

The file contains numbers and names, no code. Nothing is built from it before all of it has been
checked: its size, its form, its digest, the catalogue it was learnt under, every shape and every
number. Before the model is returned, the golden rows in the file are scored again.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from earlywarn._version import __version__
from earlywarn.errors import StoreError
from earlywarn.indicators.catalogue import digest as catalogue_digest
from earlywarn.model.checked import ARRAYS, check_info, check_model, refuse
from earlywarn.model.golden import check_golden, golden_rows
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.signing import check_signature
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.files import (
    check_outputs,
    folder_for,
    package_path,
    write_whole,
    written_to,
)
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 3
"""2: separate weights at each threshold (``shifts``), and levels carried forward to a date. 3: the
doubt about the form (``form_sd``), correlated missing values, golden rows for every kind of
answer."""
KIND = "earlywarn risk model"
FILE_NAME = "model.json"
LARGEST = 5_000_000  # bytes; the model that ships is a fiftieth of it
_KEYS = frozenset({"format", "kind", "library", "catalogue", "model", "info", "golden", "digest"})


def save_model(model: RiskModel, path: str | Path, *, overwrite: bool = False) -> Path:
    """Save a model to a folder or a file, completely or not at all.

    Parameters
    ----------
    model : RiskModel
        As returned by ``earlywarn.train``.
    path : path
        A folder, in which ``model.json`` is written, or a file whose name ends in ``.json``.
    overwrite : bool
        Whether an existing model may be replaced.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    StoreError
        If the file exists and may not be replaced, it can't be written, or the model could not be
        loaded again.

    Examples
    --------
    >>> import earlywarn as ew, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ew.save_model(ew.load_model(), pathlib.Path(folder) / "mine").name
    'model.json'
    """
    file = _file_of(as_path(path, "path", StoreError))
    check_outputs(file, overwrite=overwrite, make_folders=True, what="a model", fault=StoreError)
    text = _readable_text(model, str(file))
    with written_to(file, StoreError), folder_for(file.parent):
        write_whole(file, text, overwrite=overwrite)
    return file


def load_model(
    path: str | Path | None = None, *, public_key: str | Path | None = None
) -> RiskModel:
    """Load a model, and refuse a file that is not exactly one.

    Parameters
    ----------
    path : path, optional
        A file, or the folder that contains ``model.json``. Default: the model that ships with the
        package.
    public_key : path, optional
        The public key (Ed25519, in PEM form) of whoever must have signed the file: see ``python -m
        earlywarn sign``. Without it only the file's digest is checked, which detects accidents but
        not tampering. Needs the extra ``sign``.

    Returns
    -------
    RiskModel

    Raises
    ------
    StoreError
        If it is missing, too large, not JSON, altered, truncated, in a newer format, learnt under
        another catalogue, or does not score its own golden rows as recorded; with a public key,
        also if it is not signed, or signed with another key.

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
        refuse(
            str(file),
            "the file is too large for a model",
            f"{size:,} bytes",
            f"at most {LARGEST:,}",
        )
    content = file.read_bytes()
    if public_key is not None:
        check_signature(content, file, public_key)
    return from_text(content, where=str(file))


def model_file(path: str | Path | None = None) -> Path:
    """The file that ``load_model`` reads for the same path."""
    return (
        package_path("models/default") / FILE_NAME
        if path is None
        else _file_of(as_path(path, "path", StoreError))
    )


def to_text(model: RiskModel) -> str:
    """The model as canonical JSON: the same model gives the same bytes."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "kind": KIND,
        "library": __version__,
        "catalogue": catalogue_digest(),
        "model": _as_plain(model),
        "info": dict(model.info),
        "golden": golden_rows(model),
    }
    document["digest"] = _digest(document)
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def from_text(text: bytes | str, *, where: str = "model") -> RiskModel:
    """The model in a JSON text, after every check."""
    document = _parsed(text, where)
    _check_envelope(document, where)
    check_model(document["model"], where)
    check_info(document["info"], where)
    plain = document["model"]
    model = RiskModel(
        columns=tuple(plain["columns"]),
        groups=tuple(plain["groups"]),
        classes=tuple(plain["classes"]),
        **{name: np.array(plain[name], dtype=float) for name in ARRAYS},
        shifts=None if plain["shifts"] is None else np.array(plain["shifts"], dtype=float),
        form_sd=float(plain["form_sd"]),
        info=document["info"],
    )
    check_golden(model, document["golden"], where)
    return model


def fingerprint(model: RiskModel) -> str:
    """A short digest of what was learnt, for the model's name."""
    return _digest(_as_plain(model))[:8]


def identity(model: RiskModel) -> str:
    """A digest of a model's text except the golden rows, which follow from it and are slow."""
    account = {"catalogue": catalogue_digest(), "info": dict(model.info)}
    return _digest({**account, "model": _as_plain(model)})


def _readable_text(model: RiskModel, where: str) -> str:
    """The text to write, checked now rather than only when it is read."""
    try:
        # The golden rows need a complete model with a complete account.
        of_kind(model, RiskModel, "model", expected="what train gives", fault=StoreError)
        check_model(_as_plain(model), where)
        check_info(dict(model.info), where)
        text = to_text(model)
    except (TypeError, ValueError) as error:
        refuse(where, "the model holds what JSON can't", str(error)[:80], "finite numbers, names")
    from_text(text, where=where)
    return text


def _file_of(path: Path) -> Path:
    return path if path.suffix.lower() == ".json" else path / FILE_NAME


def _as_plain(model: RiskModel) -> dict[str, Any]:
    return {
        "columns": list(model.columns),
        "groups": list(model.groups),
        "classes": list(model.classes),
        "shifts": None if model.shifts is None else np.asarray(model.shifts).tolist(),
        "form_sd": float(model.form_sd),
        **{name: np.asarray(getattr(model, name)).tolist() for name in ARRAYS},
    }


def _digest(document: Mapping[str, Any]) -> str:
    body = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(text: bytes | str, where: str) -> dict[str, Any]:
    def no_constant(name: str) -> NoReturn:
        refuse(where, "a number is not finite", name, "finite numbers only")

    def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            refuse(where, "a name stands twice in one object")
        return dict(pairs)

    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        document = json.loads(decoded, parse_constant=no_constant, object_pairs_hook=no_repeats)
    except UnicodeDecodeError:
        refuse(where, "the file is not text", "bytes that are not UTF-8", "JSON in UTF-8")
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        refuse(where, "the file is not whole JSON", str(error)[:80], "JSON that save_model wrote")
    if not isinstance(document, dict):
        refuse(
            where, "the file is not a model", f"a JSON {type(document).__name__}", "a JSON object"
        )
    return document


def _check_envelope(document: dict[str, Any], where: str) -> None:
    if document.get("kind") != KIND:
        refuse(where, "the file is not a model", repr(document.get("kind"))[:80], f"kind {KIND!r}")
    _check_format(document, where)
    if set(document) != _KEYS:
        refuse(
            where,
            "the parts are not those of a model",
            ", ".join(sorted(document))[:200],
            ", ".join(sorted(_KEYS)),
        )
    try:
        digest = _digest(document)
    except ValueError:
        refuse(where, "a number is not finite", "an overflow", "finite numbers only")
    except RecursionError:
        refuse(where, "the file is not a model", "lists within lists, too deep")
    if document["digest"] != digest:
        refuse(where, "the content is not what was written", "another digest", "an unchanged file")
    if document["catalogue"] != catalogue_digest():
        raise StoreError(
            "the model was trained with another catalogue of indicators",
            where=where,
            found=f"catalogue {str(document['catalogue'])[:16]}, "
            f"earlywarn {str(document['library'])[:20]}",
            expected=f"catalogue {catalogue_digest()}",
            remedy="Retrain it with this version: python -m earlywarn train --out FOLDER.",
        )


def _check_format(document: dict[str, Any], where: str) -> None:
    """Refuse a format that this version does not read."""
    number = document.get("format")
    if type(number) is not int or number < 1:
        refuse(where, "the format number is none", repr(number)[:80], f"1 to {FORMAT}")
    if number > FORMAT:
        raise StoreError(
            "the model is of a newer format",
            where=where,
            found=f"format {number}, written by earlywarn {str(document.get('library'))[:20]}",
            expected=f"format {FORMAT} or older",
            remedy="Update earlywarn.",
        )
    if number < FORMAT:
        raise StoreError(
            "the model is of an older format, in which the interval of a risk leaves out "
            "uncertainty about the model's form",
            where=where,
            found=f"format {number}, written by earlywarn {str(document.get('library'))[:20]}",
            expected=f"format {FORMAT}",
            remedy="Retrain it with this version: python -m earlywarn train --out FOLDER.",
        )
