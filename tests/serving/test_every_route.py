"""One row, every route, one answer: each case of one table is sent by all of them."""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.helpers.extras import needed
from tests.helpers.row_cases import CASES, assert_case
from tests.serving.engines import asked, dask_frames, service

from earlywarn.model.serialisation import load_model
from earlywarn.scoring.batch import score_batch
from earlywarn.serving.batch_file import score_file
from earlywarn.serving.distributed import dask_score

pytestmark = pytest.mark.filterwarnings("ignore")
MODEL = load_model()
Frame = pd.DataFrame


def records_of(rows: Frame) -> list[dict[str, Any]]:
    """Plain Python's values; a row that lacks a figure has None."""
    return rows.astype(object).where(rows.notna(), None).to_dict("records")


def as_frame(rows: Frame, _: Path) -> Frame:
    return score_batch(rows, MODEL)


def as_dicts(rows: Frame, _: Path) -> Frame:
    return score_batch(records_of(rows), MODEL)


def as_arrow(rows: Frame, _: Path) -> Frame:
    pa = needed("pyarrow", "Arrow is not installed")
    return score_batch(pa.Table.from_pandas(rows, preserve_index=False), MODEL)


def write_csv(rows: Frame, file: Path, truths: tuple[str, str], nothing: str) -> Path:
    words = {True: truths[0], False: truths[1], None: nothing}
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(rows.columns)
        for record in records_of(rows):
            cells = record.values()
            writer.writerow([words[c] if c is None or type(c) is bool else c for c in cells])
    return file


def as_csv_of_pandas(rows: Frame, folder: Path) -> Frame:
    rows.to_csv(folder / "rows.csv", index=False)
    return score_batch(folder / "rows.csv", MODEL)


def as_csv_of_r(rows: Frame, folder: Path) -> Frame:
    return score_batch(write_csv(rows, folder / "r.csv", ("TRUE", "FALSE"), "NA"), MODEL)


def as_csv_of_excel(rows: Frame, folder: Path) -> Frame:
    return score_batch(write_csv(rows, folder / "excel.csv", ("TRUE", "FALSE"), ""), MODEL)


def as_csv_by_hand(rows: Frame, folder: Path) -> Frame:
    file = write_csv(rows, folder / "hand.csv", ("yes", "no"), "")
    score_file(file, folder / "out.csv", MODEL, jobs=1)
    return pd.read_csv(folder / "out.csv", float_precision="round_trip")


def as_parquet(rows: Frame, folder: Path) -> Frame:
    needed("pyarrow", "Parquet files need pyarrow")
    rows.to_parquet(folder / "rows.parquet", index=False)
    return score_batch(folder / "rows.parquet", MODEL)


def as_parquet_in_batch(rows: Frame, folder: Path) -> Frame:
    needed("pyarrow", "Parquet files need pyarrow")
    rows.to_parquet(folder / "rows.parquet", index=False)
    score_file(folder / "rows.parquet", folder / "out.parquet", MODEL, jobs=1)
    return pd.read_parquet(folder / "out.parquet")


def as_json_lines(rows: Frame, folder: Path) -> Frame:
    file = folder / "rows.jsonl"
    lines = [json.dumps(record, default=str) for record in records_of(rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return score_batch(file, MODEL)


def as_dask(rows: Frame, _: Path) -> Frame:
    scored = dask_score(dask_frames().from_pandas(rows, npartitions=2), MODEL)
    return Frame(scored.compute(scheduler="threads"))


def as_http(rows: Frame, _: Path) -> Frame:
    records = [
        {name: float(cell) if isinstance(cell, Decimal) else cell for name, cell in record.items()}
        for record in records_of(rows)
    ]
    return Frame(asked(service(), records))


@functools.cache
def saved(folder: str) -> Any:
    pyfunc = needed("mlflow.pyfunc", "MLflow is not installed")
    from earlywarn.mlflow_flavour import save_pyfunc  # noqa: PLC0415 - needs nothing else

    save_pyfunc(folder, MODEL)
    return pyfunc.load_model(folder)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("mlflow") / "saved")


ROUTES: tuple[Callable[[Frame, Path], Frame], ...] = (
    as_frame, as_dicts, as_arrow, as_csv_of_pandas, as_csv_of_r, as_csv_of_excel, as_csv_by_hand,
    as_parquet, as_parquet_in_batch, as_json_lines, as_dask, as_http,
)  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
def test_a_case_by_every_route(route, name: str, tmp_path: Path) -> None:
    assert_case(route(CASES[name].rows, tmp_path), CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_a_case_by_mlflow(kept: str, name: str) -> None:
    assert_case(saved(kept).predict(CASES[name].rows), CASES[name])
