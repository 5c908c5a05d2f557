"""Every door gives the plain call's answers to twenty thousand rows, thousands of them odd."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import bad_rows  # type: ignore[attr-defined]
from tests.helpers.extras import needed
from tests.helpers.row_cases import CASES, COMPARED, assert_case
from tests.serving.engines import asked, dask_frames, service

from earlywarn.cli.parser import main
from earlywarn.indicators.build import build_indicators
from earlywarn.model.serialisation import load_model
from earlywarn.scoring.batch import score_batch
from earlywarn.serving import building
from earlywarn.serving.distributed import dask_score, spark_score
from earlywarn.serving.http_app import MOST_ROWS

pytestmark = pytest.mark.filterwarnings("ignore")

MODEL = load_model()
ROWS = 20_000
ODD = 0.15
"""The share of odd cells in a column: each kind of cell comes some twenty times."""
Frame = pd.DataFrame


def texts(*kinds: dict[str, object]) -> list[str]:
    """The odd cells that every kind of file can hold: short text without NUL and half pairs."""
    found = [cell for kind in kinds for cell in kind.values() if type(cell) is str]
    return [cell for cell in found if len(cell) < 1000 and not {"\x00", "\ud800"} & set(cell)]


NUMBERS = texts(
    bad_rows.NOTHING, bad_rows.SIXTEEN, bad_rows.NO_NUMBERS, bad_rows.INFINITIES,
    bad_rows.TOO_LARGE, bad_rows.NEGATIVE,
)  # fmt: skip
DAYS = texts(bad_rows.DATES, bad_rows.NO_DATES, bad_rows.OTHER_DAYS)
CODES = texts(bad_rows.AUTHORITIES, bad_rows.NO_AUTHORITIES)


@pytest.fixture(scope="module")
def rows() -> Frame:
    """A column of text with odd cells, dates and codes of all kinds, and columns of numbers."""
    rng = np.random.default_rng(3)
    odd = {}
    for name, usual, strange in (
        ("la_code", ["383", "301", "202", ""], CODES),
        ("as_of", ["2024-06-30", "2025-01-15", ""], DAYS),
        ("rereferrals", [f"{x:.17g}" for x in rng.uniform(0, 60, 5_000)], NUMBERS),
    ):
        cells = rng.choice(np.array(usual, dtype=object), ROWS)
        places = rng.random(ROWS) < ODD
        cells[places] = rng.choice(np.array(strange, dtype=object), places.sum())
        odd[name] = pd.Series(cells, dtype="str")
    agency = np.where(rng.random(ROWS) < 0.05, np.inf, rng.uniform(0, 105, ROWS))
    return Frame(
        {
            "id": np.arange(ROWS),
            **odd,
            "agency_workers": agency,
            "caseload_z": np.where(rng.random(ROWS) < 0.3, np.nan, rng.normal(size=ROWS)),
            "previously_good": rng.choice([0.0, 1.0, np.nan], ROWS),
        }
    )


@pytest.fixture(scope="module")
def expected(rows: Frame) -> Frame:
    answer = score_batch(rows, MODEL, explain=True)
    told = answer["status"].str.removeprefix("refused: ")
    assert 5_000 < (told != "scored").sum() < ROWS / 2
    for reason in (
        "rereferrals is no number", "rereferrals is infinite", "agency_workers is infinite",
        "rereferrals is below", "rereferrals is above", "agency_workers is above",
        "as_of is no date", "as_of is outside", "la_code is no",
    ):  # fmt: skip
        assert told.str.contains(reason, regex=False).sum() > 10, reason
    return answer


def assert_same(found: Frame, expected: Frame) -> None:
    """To the last bit, but for how nothing is told in a column of text."""
    found = found.sort_values("id", ignore_index=True)
    added = [name for name in expected.columns[7:] if name in found.columns]
    assert list(found.columns[-len(added) :]) == added
    for name in added:
        if pd.api.types.is_numeric_dtype(expected[name].dtype):
            cells = found[name].astype(float).to_numpy()
            assert cells.tobytes() == expected[name].to_numpy(dtype=float).tobytes(), name
        else:
            assert found[name].fillna("").tolist() == expected[name].fillna("").tolist(), name
    assert {"risk", "risk_lower", "status", "drivers_up", "contribution_baseline"} <= set(added)


def test_without_explanations(rows: Frame, expected: Frame) -> None:
    plain = score_batch(rows, MODEL)
    pd.testing.assert_frame_equal(plain, expected[list(plain.columns)], check_exact=True)


def test_shuffled_split_and_joined_again(rows: Frame, expected: Frame) -> None:
    order = np.random.default_rng(5).permutation(ROWS)
    cuts = [1, 2, 70, 5_000, 5_001, 14_000, ROWS - 1]
    parts = [
        score_batch(rows.iloc[places], MODEL, explain=True) for places in np.split(order, cuts)
    ]
    joined = pd.concat(parts, ignore_index=True)
    assert_same(joined, expected)
    told = [name for name in expected.columns if not name.startswith("contribution_")]
    files = [frame.sort_values("id")[told].to_csv(index=False) for frame in (joined, expected)]
    assert files[0].encode() == files[1].encode()


def by_dask(rows: Frame, folder: Path) -> Frame:
    scored = dask_score(dask_frames().from_pandas(rows, npartitions=7), MODEL, explain=True)
    return Frame(scored.compute(scheduler="threads"))


def read_by_spark(spark, rows: Frame, folder: Path):
    rows.to_parquet(folder / "rows.parquet", index=False)
    return spark.read.parquet(str(folder / "rows.parquet")).repartition(5)


def by_spark(spark, rows: Frame, folder: Path) -> Frame:
    scored = spark_score(read_by_spark(spark, rows, folder), MODEL, explain=True)
    scored.write.parquet(str(folder / "scored"))
    return pd.read_parquet(folder / "scored")


def by_http(rows: Frame, folder: Path) -> Frame:
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    parts = [records[start : start + MOST_ROWS] for start in range(0, ROWS, MOST_ROWS)]
    return Frame(asked(service(), *parts, path="/explain"))


def by_command(rows: Frame, folder: Path, ending: str) -> Frame:
    needed("pyarrow", "Parquet files need pyarrow")
    source, out = folder / f"in{ending}", folder / f"out{ending}"
    write = rows.to_csv if ending == ".csv" else rows.to_parquet
    write(source, index=False)
    command = ["batch", str(source), "--out", str(out), "--chunk", "6000", "--quiet"]
    assert main([*command, "--explain", "--jobs", "2"]) == 0
    if ending == ".parquet":
        return pd.read_parquet(out)
    return pd.read_csv(out, dtype={"model_id": "str"}, float_precision="round_trip")


def by_csv(rows: Frame, folder: Path) -> Frame:
    return by_command(rows, folder, ".csv")


def by_parquet(rows: Frame, folder: Path) -> Frame:
    return by_command(rows, folder, ".parquet")


@pytest.mark.parametrize("door", [by_dask, by_http, by_csv, by_parquet])
def test_the_same_rows_through(
    door: Callable[[Frame, Path], Frame], rows: Frame, expected: Frame, tmp_path: Path
) -> None:
    assert_same(door(rows, tmp_path), expected)


@pytest.mark.parametrize("records", [3, len(building.PUBLISHED)])
def test_spark_builds_the_same_indicators(
    spark, snapshot, records: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PUBLISHED", building.PUBLISHED[:records])
    snapshot.observations.to_parquet(tmp_path / "figures.parquet")
    building.spark_build(spark, snapshot, tmp_path / "figures.parquet", tmp_path / "built")
    found = building.read_built(tmp_path / "built", snapshot)
    assert len(found.columns) > records * 5
    plain = build_indicators(snapshot)[list(found.columns)]
    pd.testing.assert_frame_equal(found, plain, check_exact=True)


def test_the_same_rows_through_spark(spark, rows, expected, tmp_path: Path) -> None:
    assert_same(by_spark(spark, rows, tmp_path), expected)


def test_all_cases_by_spark(spark, tmp_path: Path) -> None:
    """All in one job: starting its workers takes longer than any case."""
    parts = []
    for number, case in enumerate(CASES.values()):
        file = tmp_path / f"{number}.parquet"
        marks = {"case": number, "place": range(len(case.rows))}
        case.rows.assign(**marks).to_parquet(file, index=False)
        scored = spark_score(spark.read.parquet(str(file)), MODEL)
        parts.append(scored.select("case", "place", "status", *COMPARED))
    rows = functools.reduce(lambda one, other: one.union(other), parts).coalesce(2).collect()
    found = Frame([row.asDict() for row in rows]).sort_values(["case", "place"])
    for number, case in enumerate(CASES.values()):
        assert_case(found[found["case"] == number], case)


class TestMlflow:
    """MLflow takes no text in a column of numbers: it is given the numbers."""

    @pytest.fixture(scope="class")
    def numbers(self, rows: Frame) -> Frame:
        readable = pd.to_numeric(rows["rereferrals"], errors="coerce")
        return rows.assign(rereferrals=readable)

    @pytest.fixture(scope="class")
    def saved(self, tmp_path_factory: pytest.TempPathFactory) -> str:
        needed("mlflow.pyfunc", "MLflow is not installed")
        from earlywarn.mlflow_flavour import save_pyfunc  # noqa: PLC0415 - needs nothing else

        place = tmp_path_factory.mktemp("mlflow") / "saved"
        save_pyfunc(place, MODEL, explain=True)
        return str(place)

    def test_the_same_rows_through_pyfunc(self, saved, numbers: Frame) -> None:
        pyfunc = needed("mlflow.pyfunc", "MLflow is not installed")
        given = numbers.drop(columns="id")
        found = pd.concat([numbers, pyfunc.load_model(saved).predict(given)], axis=1)
        assert_same(found, score_batch(numbers, MODEL, explain=True))

    def test_the_same_rows_through_spark_udf(self, spark, saved, numbers, tmp_path) -> None:
        pyfunc = needed("mlflow.pyfunc", "MLflow is not installed")
        functions = needed("pyspark.sql.functions", "Spark is not installed")
        call = pyfunc.spark_udf(spark, saved, env_manager="local")
        sdf = read_by_spark(spark, numbers, tmp_path)
        names = [name for name in numbers.columns if name != "id"]
        scored = sdf.withColumn("answer", call(functions.struct(*names)))
        scored = scored.select(*numbers.columns, "answer.*")
        scored.write.parquet(str(tmp_path / "scored"))
        expected = score_batch(numbers, MODEL, explain=True)
        assert_same(pd.read_parquet(tmp_path / "scored"), expected)
        # One by one they would be taken by their position. One task is refused at a time: to stop
        # others beside it, Spark ends the process that starts its workers, which takes seconds.
        few = sdf.limit(10)
        for given in (["la_code"], ["la_code", "as_of"], ["la_code", "as_of", "rereferrals"]):
            with pytest.raises(Exception, match=r"by their position|Incompatible input types"):
                few.select(call(*given)).collect()
