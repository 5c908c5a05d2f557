"""``score_batch``, for other systems: takes rows from anywhere and returns them scored."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.authorities import Register
from earlywarn.errors import RowsWarning, ScoreError, require
from earlywarn.model.kernels import in_threads
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.scoring.doubts import Seen
from earlywarn.scoring.hand_changed import changed_by_hand
from earlywarn.scoring.predictions import Predictions
from earlywarn.scoring.preprocessing import known_columns, model_indicators, read_rows
from earlywarn.scoring.reference import Reference
from earlywarn.scoring.row_files import (
    READ_LINES,
    check_parquet,
    check_text,
    json_records,
    no_utf8,
    unknown_kind,
)
from earlywarn.utils.csv_text import check_rows
from earlywarn.utils.dates import is_longer_than_a_day
from earlywarn.utils.paths import as_path, check_file

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.snapshot import Snapshot
    from earlywarn.scoring.published import Extent

NOTHING_KNOWN = "no figure is known"
AT_ONCE = 1 << 17
"""Rows that ``score_batch`` converts to numbers at a time, in each thread."""

_TO_READ = ("compute", "toPandas", "read_all", "collect")
"""Methods that make a table of rows still to be read: dask's, Spark's, Arrow's, polars'."""
BATCH_COLUMNS = (
    "risk",
    "risk_lower",
    "risk_upper",
    "below_good",
    "band",
    "missing_indicators",
    "known",
    "model_id",
    "prior",
    "compared_with",
    "status",
)


def score_batch(
    rows: Any,
    model: RiskModel | None = None,
    *,
    explain: bool = False,
    errors: Literal["report", "raise"] = "report",
    snapshot: Snapshot | None = None,
    missing: Literal["codes", "names"] = "codes",
) -> pd.DataFrame:
    """Score rows from any system, each by itself, in the order given.

    Parameters
    ----------
    rows : DataFrame, Arrow table, iterable of dicts, or path to CSV, Parquet or JSON lines
        Columns by the catalogue's names; ``la_code`` and ``as_of`` are optional. ``la_code``, or
        ``la_name`` where a row's ``la_code`` is empty, accepts codes of all forms, names and
        beginnings of names. Other columns are passed through untouched.
    model : RiskModel, optional
        Default: the model that ships with the package.
    explain : bool
        Whether to add the contributions (``contribution_baseline``, ``contribution_...``) and the
        drivers as text.
    errors : {"report", "raise"}
        What to do with a row that can't be scored: report it in ``status``, or stop.
    snapshot : Snapshot, optional
        Compare plain figures within the latest year of this snapshot, instead of the year before
        the model's cut. Rows with an ``la_code`` get what they lack (deprivation, cases) from the
        snapshot, so that the published figures give the risks of ``score``; a row without an
        ``as_of`` has the snapshot's date.
    missing : {"codes", "names"}
        ``missing_indicators`` as a count and the catalogue's names of the indicators, or their
        titles in full.

    Returns
    -------
    DataFrame
        The given rows with the columns ``risk, risk_lower, risk_upper, below_good, band,
        missing_indicators, known, model_id, prior, compared_with, status``. ``known`` counts the
        known indicators, ``prior`` is the share of Inadequate judgements that the model was set to,
        ``compared_with`` names the figures that plain values were compared with, and ``status`` is
        ``scored`` or the reason why not: a row without any known figure has no risk. The index is
        that of the given frame, so that a column of the result can be added to it; index levels
        ``la_code`` and ``as_of``, as from ``build_indicators``, become columns.

    Raises
    ------
    ScoreError
        If none of the columns can be scored, a column would be overwritten, or the rows can't be
        read; with ``errors="raise"``, also at the first row that can't be scored.

    Warns
    -----
    RowsWarning
        If an unknown column's name is almost that of a known one; percentages look like shares of
        1; figures are beyond all that authorities have published so far; a value of
        ``build_indicators`` was changed by hand but its level (``_z``) was not, or does not agree
        with its counts; levels are far out of range; figures are in a ratio that no authority has
        had; figures were not yet published on the row's date or were long out of date; or two
        columns are the same. The rows are scored unchanged; one whose value and level are far apart
        is refused.

    Notes
    -----
    A row's result depends only on the row and the model: it is the same to the last bit for the row
    by itself, among a million, and in any order.

    Examples
    --------
    >>> import earlywarn as ew
    >>> rows = [{"la_code": "383", "rereferrals": 31.0, "agency_workers": 140.0}]
    >>> ew.score_batch(rows)["status"].item()
    'refused: agency_workers is above 100'
    """
    model = model_or_shipped(model)
    answer, seen = score_rows(
        rows, model, explain=explain, errors=errors, snapshot=snapshot, missing=missing
    )
    for doubt in seen.said(Reference.of_model(model)):
        warnings.warn(doubt, RowsWarning, stacklevel=2)
    return answer.set_axis(rows.index) if _has_own_index(rows) else answer


def _has_own_index(rows: object) -> bool:
    """Whether results are matched by the rows' index; otherwise it is plain, or becomes columns."""
    return isinstance(rows, pd.DataFrame) and not {"la_code", "as_of"} & {*rows.index.names}


def score_rows(
    rows: Any,
    model: RiskModel | None = None,
    *,
    explain: bool = False,
    errors: Literal["report", "raise"] = "report",
    snapshot: Snapshot | None = None,
    missing: Literal["codes", "names"] = "codes",
) -> tuple[pd.DataFrame, Seen]:
    """Return the result of ``score_batch`` and the basis of its warnings, for parts of a whole.

    Examples
    --------
    >>> answer, seen = score_rows([{"rereferals": 31.0, "caseload": 16.0}])
    >>> len(answer), seen.names
    (1, ['rereferals', 'caseload'])
    """
    _check_choice("errors", errors, ("report", "raise"))
    _check_choice("missing", missing, ("codes", "names"))
    frame, model = as_frame(rows), model_or_shipped(model)
    answer, parts, refusal = _answered(
        frame, model, explain=explain, snapshot=snapshot, names=missing == "names"
    )
    if errors == "raise" and refusal:
        raise _refused(refusal)
    labels = Seen(frame.columns.tolist(), changed=changed_by_hand(frame))
    seen = [Seen(extents=part.extents, doubted=_counts(part.doubted)) for part in parts]
    return answer, Seen.together([labels, *seen])


def score_apart(
    frame: pd.DataFrame, lengths: Sequence[int], model: RiskModel, *, explain: bool
) -> tuple[pd.DataFrame, list[Seen]]:
    """Score the rows of several requests together, and return what was seen in each.

    The range of their figures is left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"rereferrals_z": [0.3, 30.0]})
    >>> _, seen = score_apart(frame, [1, 1], model_or_shipped(None), explain=False)
    >>> [len(each.doubted) for each in seen]
    [0, 1]
    """
    answer, parts, _ = _answered(frame, model, explain=explain)
    seen, start = [], 0
    levels = any(str(name).endswith("_gap") for name in frame.columns)
    for length in lengths:
        own = slice(start, start + length)
        doubted = [_counts(part.doubted, _within(own, part.start)) for part in parts]
        changed = changed_by_hand(frame.iloc[own]) if levels else {}
        seen.append(Seen.together([Seen(changed=changed), *[Seen(doubted=d) for d in doubted]]))
        start += length
    return answer, seen


@dataclass(frozen=True)
class _Part:
    """What was seen in a share of the rows."""

    start: int
    extents: Mapping[str, Extent]
    doubted: Mapping[str, npt.NDArray[np.bool_]]


def _counts(
    doubted: Mapping[str, npt.NDArray[np.bool_]], rows: slice = slice(None)
) -> dict[str, int]:
    counts = {what: int(np.count_nonzero(bad[rows])) for what, bad in doubted.items()}
    return {what: count for what, count in counts.items() if count}


def _within(rows: slice, start: int) -> slice:
    """The positions of some rows in a part that starts later."""
    return slice(max(rows.start - start, 0), max(rows.stop - start, 0))


def _answered(
    frame: pd.DataFrame,
    model: RiskModel,
    *,
    explain: bool,
    snapshot: Snapshot | None = None,
    names: bool = False,
) -> tuple[pd.DataFrame, list[_Part], Mapping[int, str]]:
    """The rows with their scores, what was seen in their parts, and why some are refused."""
    _check_frame(frame, explain=explain, model=model)
    predictions = Predictions(model, len(frame), explain=explain, names=names)
    register = _register()
    reference = Reference.of_model(model) if snapshot is None else Reference.of_snapshot(snapshot)
    parts: list[_Part] = []

    def work(place: slice) -> None:
        inputs = read_rows(
            model, frame.iloc[place], register=register, reference=reference, explain=explain
        )
        for row in np.flatnonzero(np.isnan(inputs.values).all(axis=1)).tolist():
            inputs.refusal.setdefault(row, NOTHING_KNOWN)
        parts.append(_Part(place.start, inputs.extents, inputs.doubted))
        predictions.add(place, inputs)

    in_threads(work, len(frame), most=AT_ONCE)
    columns = predictions.columns()
    columns["compared_with"] = predictions.compared_with(reference.name)
    columns["status"] = columns.pop("status")
    scored = beside(frame, pd.DataFrame(columns, index=frame.index, copy=False))
    return scored, sorted(parts, key=lambda part: part.start), predictions.refusal


def _check_choice(name: str, given: object, choices: tuple[str, str]) -> None:
    if not isinstance(given, str) or given not in choices:
        raise ScoreError(
            "no such choice",
            where=name,
            found=repr(given),
            expected=" or ".join(map(repr, choices)),
        )


def as_frame(rows: Any) -> pd.DataFrame:
    """Return rows as a frame with a plain index, whatever form they came in.

    Raises
    ------
    ScoreError
        If they are not rows, or a file can't be read.

    Examples
    --------
    >>> as_frame([{"caseload": 16.0}])
       caseload
    0      16.0
    """
    if isinstance(rows, pd.DataFrame):
        return _with_index(rows)
    if isinstance(rows, (str, Path)):
        return _read_file(as_path(rows, "rows", ScoreError))
    if hasattr(rows, "to_pandas"):
        return _with_index(pd.DataFrame(rows.to_pandas()))
    unread = next((call for call in _TO_READ if hasattr(rows, call)), "")
    if isinstance(rows, Iterable) and not unread and not isinstance(rows, (bytes, Mapping)):
        listed = list(rows)
        if all(isinstance(row, Mapping) for row in listed):
            return _of_records(listed)
    raise ScoreError(
        "rows can't be read from this",
        where="rows",
        found=_odd_row(rows),
        expected="a frame, an Arrow table, an iterable of dicts, "
        "or a path to CSV, Parquet or JSON lines",
        remedy=f"Have it read first: give rows.{unread}()." if unread else "",
    )


def _odd_row(rows: object) -> str:
    """A description of what was given, or of the first element that is not a row."""
    for place, row in enumerate(rows if isinstance(rows, (list, tuple)) else []):
        if not isinstance(row, Mapping):
            return f"row {place + 1} of type {type(row).__name__}"
    return f"a {type(rows).__name__}"


def _with_index(rows: pd.DataFrame) -> pd.DataFrame:
    """A frame with a plain index; index levels as in build_indicators are kept as columns."""
    about = [name for name in rows.index.names if name in ("la_code", "as_of")]
    kept = {
        name: rows.index.get_level_values(name).to_numpy()
        for name in about
        if name not in rows.columns
    }
    frame = rows.reset_index(drop=True)
    return beside(pd.DataFrame(kept, index=frame.index), frame) if kept else frame


def beside(frame: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """Add columns to rows, whatever the rows' columns are called."""
    try:
        return pd.concat([frame, added], axis=1)
    except UnicodeEncodeError:  # Half of a surrogate pair in a name, which an index can't store.
        names = pd.Index([*frame.columns, *added.columns], dtype=object)
        return pd.concat([frame, added], axis=1, ignore_index=True).set_axis(names, axis=1)


def _of_records(records: list[Mapping[Any, Any]]) -> pd.DataFrame:
    """A frame of records; a whole number stays one, even if its column has gaps."""
    if any(is_longer_than_a_day(record.get("as_of")) for record in records):
        # pandas would turn it into the first day of its month or year; as text it is refused.
        records = [
            {**record, "as_of": str(record["as_of"])}
            if is_longer_than_a_day(record.get("as_of"))
            else record
            for record in records
        ]
    try:
        frame = pd.DataFrame(records)
    except UnicodeEncodeError:  # Half of a surrogate pair, which a column of text can't store.
        names = dict.fromkeys(name for record in records for name in record)
        return pd.DataFrame(records, columns=pd.Index(list(names), dtype=object), dtype=object)
    for place, name in enumerate(frame.columns):
        passed_through = name not in known_columns() and frame.dtypes.iloc[place].kind == "f"
        if passed_through and any(isinstance(record.get(name), int) for record in records):
            cells = pd.Series([record.get(name) for record in records], dtype=object)
            frame.isetitem(place, cells.array)
    return frame


def _read_file(path: Path) -> pd.DataFrame:
    check_file(path, expected="CSV, Parquet or JSON lines", fault=ScoreError)
    ending = path.suffix.lower()
    try:
        if ending == ".csv":
            return _read_csv(path)
        if ending == ".parquet":
            require("pyarrow", extra="data")
            check_parquet(path)
            return _with_index(pd.read_parquet(path))
        if ending in READ_LINES:
            return as_frame(record for _, record in json_records(path))
    except UnicodeDecodeError as error:
        raise no_utf8(path) from error
    except (ValueError, OSError, RecursionError) as error:
        raise ScoreError(
            "the file can't be read",
            where=str(path),
            found=str(error).strip()[:120],
            expected="CSV, Parquet or JSON lines",
        ) from error
    raise unknown_kind(path)


def _read_csv(path: Path) -> pd.DataFrame:
    """Read cells unchanged: duplicate names are kept, a row of another length is refused."""
    check_text(path)
    width = check_rows(path, ScoreError)
    cells = pd.read_csv(
        path,
        dtype="str",
        keep_default_na=False,
        encoding="utf-8-sig",
        header=None,
        skip_blank_lines=width > 1,  # of one column, a blank line is a row without a figure
    )
    return cells.iloc[1:].set_axis(cells.iloc[0].tolist(), axis=1).reset_index(drop=True)


@functools.cache
def _register() -> Register:
    """The shipped register, read once: reading it takes longer than scoring a row."""
    return Register.load()


def _refused(refusal: Mapping[int, str]) -> ScoreError:
    first = min(refusal)
    return ScoreError(
        "a row can't be scored",
        where=f"row {first}",
        found=refusal[first],
        expected="numbers in the catalogue's units, or nothing where a figure is not known",
        remedy='Correct the row, or use errors="report" to score the others.',
    )


def _check_frame(frame: pd.DataFrame, *, explain: bool, model: RiskModel) -> None:
    clash = [
        name
        for name in frame.columns
        if name in BATCH_COLUMNS
        or (explain and str(name).startswith(("contribution_", "drivers_")))
    ]
    if clash:
        raise ScoreError(
            "the rows have columns that scoring would overwrite",
            found=", ".join(map(str, clash)),
            expected="none of them",
            remedy="Rename or drop them.",
        )
    if len(frame) and not known_columns() & set(frame.columns):
        names = [record.id for record in model_indicators(model)[:3]]
        raise ScoreError(
            "no column of the rows is in the catalogue",
            found=", ".join(map(str, frame.columns[:8])) or "no columns",
            expected=f"names such as {', '.join(names)}",
            remedy="python -m earlywarn catalogue prints them.",
        )
