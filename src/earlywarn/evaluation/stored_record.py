"""The part of a record that the report and a card use: from a backtest's folder, or shipped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import CardError
from earlywarn.panel.storage import panel_digest
from earlywarn.utils.file_sets import settle
from earlywarn.utils.files import package_path
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel

SHIPPED = "data/record.json"
OURS = "earlywarn"
DIGITS = 6
"""Significant figures kept: more than are shown, and the same from a folder as in the package."""

_KEYS = ["window", "lead_months", "model"]
_LIMITED = (
    "auc",
    "auc_within_year",
    "auc_below_good",
    "ap_over_prevalence",
    "brier_skill",
    "log_skill",
    "observed_expected",
    "calibration_slope",
    "recall_at_26",
)
COLUMNS: dict[str, list[str]] = {
    "records": [
        *_KEYS,
        *("n", "events", "authorities", "below_good_events"),
        *(name + end for name in _LIMITED for end in ("", "_lower", "_upper")),
        *("inspected_at_26", "events_at_26", "precision_at_26", "lift_at_26", "p_value_at_26"),
    ],
    "paired": [*_KEYS, "against", "measure", "difference", "lower", "upper"],
    "reliability": [
        *("window", "model", "bin", "n", "events", "expected", "observed", "lower", "upper"),
    ],
    "decision_curve": [*_KEYS, "threshold", "n", "flagged", "net_benefit", "treat_all"],
    "groups": [
        *("window", "kind", "group", "n", "events", "expected"),
        *("observed_expected", "lower", "upper"),
    ],
    "populations": [
        *("window", "population", "n", "events", "expected"),
        *("observed_expected", "lower", "upper", "as_few", "as_many", "auc"),
    ],
    "list_record": ["window", "model", "true_alarms", "false_alarms", "unknown_authorities"],
    "lead_time": [
        *("window", "model", "la_code", "inspection_start", "last_list", "on_last_list"),
        *("warning_months", "at_least", "on_list_6", "on_list_12", "on_list_24"),
    ],
    "checks": ["number", "title", "status", "sentence"],
}
"""The tables of a record that the report or a card shows, and their columns."""
_OF_EVERY_MODEL = ("records", "list_record")
_CODES = {"la_code": "str"}
ABOUT = ("earlywarn", "model_id", "panel", "as_of", "resamples", "seed", "level")


@dataclass(frozen=True, eq=False)
class Recorded:
    """The part of a record that the report and a card show.

    Attributes
    ----------
    target : str
        What was predicted.
    about : dict
        What the record was made from, as in ``earlywarn.evaluation.record.Record``.
    tables : dict of DataFrame
        The tables named in ``COLUMNS``: the records of every model at the start of the inspection
        and of ours at each lead, our comparisons with baselines, our curves, groups, new failures
        and re-inspections, every model's quarterly lists, our lead times, and the checks.
    """

    target: str
    about: dict[str, Any]
    tables: dict[str, pd.DataFrame]


def read_recorded(folder: str | Path | None = None) -> Recorded:
    """Read the part of a record that the report and a card use.

    Parameters
    ----------
    folder : path, optional
        A folder written by ``python -m earlywarn backtest --out``. Default: the record that ships
        with the package.

    Raises
    ------
    CardError
        If it is not a record, incomplete, or written by an older version of earlywarn.

    Examples
    --------
    >>> sorted(read_recorded().tables)[:3]
    ['checks', 'decision_curve', 'groups']
    """
    if folder is None:
        return _from_text(package_path(SHIPPED))
    place = as_path(folder, "folder")
    settle(place)
    document = _document(place / "backtest.json")
    tables = {name: _read_table(place / f"{name}.csv", name) for name in COLUMNS}
    return _checked(document, tables, str(place))


def to_text(recorded: Recorded) -> str:
    """The shipped part of a record, as JSON: the same record gives the same bytes."""
    parts = ",\n".join(f"  {json.dumps(name)}: {_rows(t)}" for name, t in recorded.tables.items())
    head = json.dumps({"target": recorded.target, "about": recorded.about}, indent=1)
    return f'{head[:-2]},\n "tables": {{\n{parts}\n }}\n}}\n'


def _rows(table: pd.DataFrame) -> str:
    """A table with one line per row, so that a change is easy to read."""
    cells = [[_plain(cell) for cell in row] for row in table.astype(object).to_numpy()]
    lines = ",\n".join(f"   {json.dumps(row, allow_nan=False)}" for row in cells)
    return f'{{"columns": {json.dumps(list(table.columns))}, "rows": [\n{lines}\n  ]}}'


def check_belongs(recorded: Recorded, model: RiskModel, panel: Panel) -> None:
    """Refuse a record that was made for another model, question or panel.

    Raises
    ------
    CardError
        Naming what differs.
    """
    info, about = model.info, recorded.about
    for what, found, expected in (
        ("the record answers another question", recorded.target, info["target"]["name"]),
        ("the record was made with another model", about["model_id"], info["model_id"]),
        (
            "the record was made from another panel",
            f"panel {about['panel']}",
            f"panel {panel_digest(panel.manifest)}",
        ),
    ):
        if found != expected:
            raise CardError(
                what,
                where="record",
                found=str(found)[:80],
                expected=str(expected)[:80],
                remedy="Make it again: python -m earlywarn backtest --out DIR, with the same "
                "--model and --panel; then say --record DIR.",
            )


def _document(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise CardError(
            "there is no record here",
            where=str(file.parent),
            expected="a folder that python -m earlywarn backtest --out wrote",
            remedy="Run the backtest, or leave --record out for the record that ships.",
        )
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _broken(str(file), str(error)[:80]) from error
    if not isinstance(document, dict) or not isinstance(document.get("target"), str):
        raise _broken(str(file), "no target")
    about = document.get("about")
    if not isinstance(about, dict) or not set(ABOUT) <= set(about):
        raise _broken(str(file), "nothing of the model and panel that it was made from")
    return document


def _broken(where: str, found: str) -> CardError:
    return CardError(
        "the record can't be read",
        where=where,
        found=found,
        expected="a record as this version of earlywarn writes it",
        remedy="Run python -m earlywarn backtest --out DIR again, into a new folder.",
    )


def _from_text(file: Path) -> Recorded:
    document = _document(file)
    tables = {
        name: pd.DataFrame(table["rows"], columns=table["columns"]).astype(
            {column: kind for column, kind in _CODES.items() if column in table["columns"]}
        )
        for name, table in document["tables"].items()
    }
    return _checked(document, tables, str(file))


def _read_table(file: Path, name: str) -> pd.DataFrame:
    try:
        frame = pd.read_csv(file, dtype=_CODES, keep_default_na=False, na_values=[""])
        return _kept(frame, name)
    except (OSError, ValueError, KeyError) as error:
        raise _broken(str(file), str(error)[:120]) from error


def _kept(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows and columns that are shown."""
    rows = frame[COLUMNS[name]]
    if "model" in rows:
        ours, start = rows["model"] == OURS, rows.get("lead_months", pd.Series(0, rows.index)) == 0
        rows = rows[ours | start] if name in _OF_EVERY_MODEL else rows[ours & start]
    return rows.reset_index(drop=True)


def _checked(document: dict[str, Any], tables: dict[str, pd.DataFrame], where: str) -> Recorded:
    if set(tables) != set(COLUMNS):
        raise _broken(where, f"the tables {', '.join(sorted(tables))}")
    rounded = {name: _rounded(tables[name]) for name in COLUMNS}
    records = rounded["records"]
    ours = records[(records["model"] == OURS) & records["auc"].notna()]
    if not {"development", "confirmation"} <= set(ours["window"]):
        raise _broken(where, "no measures of the development and the confirmation years")
    about = {name: document["about"][name] for name in ABOUT}
    return Recorded(document["target"], about, rounded)


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: [_plain(cell) for cell in column] for name, column in frame.items()})


def _plain(cell: Any) -> Any:
    """A cell as JSON, to the significant figures that are kept."""
    if isinstance(cell, bool | str) or cell is None:
        return cell
    if pd.isna(cell):
        return None
    return int(cell) if float(cell).is_integer() else float(f"{cell:.{DIGITS}g}")
