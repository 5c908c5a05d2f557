"""Rows from anywhere: one route, one number, and a reason for each row that can't be scored."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlywarn.errors import EarlyWarnError, ModelError, RowsWarning, ScoreError
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.indicators.standardise import REACH, Distribution, compare, stabilise
from earlywarn.model.serialisation import load_model
from earlywarn.panel.panel import Panel, Snapshot
from earlywarn.scoring.batch import BATCH_COLUMNS, score_batch
from earlywarn.scoring.national import score
from earlywarn.scoring.preprocessing import known_columns, model_indicators, read_rows
from earlywarn.serving.batch_file import score_file

pa = pytest.importorskip("pyarrow", reason="Arrow tables and Parquet files need pyarrow")

# The figures here are chosen to be far out, and `test_doubts` sees that this is said.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* so far. is the unit right"),
    pytest.mark.filterwarnings("ignore:.* is not what the counts beside it give"),
    pytest.mark.filterwarnings("ignore:.* lies beyond 4 either way"),
    pytest.mark.filterwarnings("ignore:.* is above 1, in"),
    pytest.mark.filterwarnings("ignore:.* is neither 0 nor 1"),
    pytest.mark.filterwarnings("ignore:.* are they swapped, or in different units"),
]
NUMBERS = ["risk", "risk_lower", "risk_upper", "below_good"]
MODEL = load_model()


def batch(rows, **options) -> pd.DataFrame:
    return score_batch(rows, MODEL, **options)


def one(**row) -> pd.Series:
    """The answer to one row by itself."""
    answer = batch([row])
    assert len(answer) == 1
    return answer.iloc[0]


@pytest.fixture(scope="module")
def rows(snapshot: Snapshot) -> pd.DataFrame:
    return build_indicators(snapshot).reset_index()


@pytest.fixture(scope="module")
def some(rows: pd.DataFrame) -> pd.DataFrame:
    """A dozen rows of figures as another system would send them."""
    names = ["rereferrals", "repeat_plans", "agency_workers", "caseload", "previously_good"]
    return rows[["la_code", "as_of", *names]].head(12)


def assert_same_scores(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """To the last bit."""
    for name in (*NUMBERS, "band", "missing_indicators", "status"):
        assert left[name].tolist() == right[name].tolist(), name


class TestOneRoute:
    @pytest.mark.parametrize("day", ["2016-01-01", "2019-06-30", "2022-12-31", "2026-03-19"])
    def test_the_national_table_gives_the_very_risks(self, national: Panel, day: str) -> None:
        snapshot = national.as_of(day)
        scores = score(MODEL, snapshot).set_index("la_code")
        rows = build_indicators(snapshot).reset_index()
        answer = batch(rows, missing="names").set_index("la_code")
        assert set(answer["status"]) == {"scored"}
        shared = [*NUMBERS, "band", "missing_indicators", "model_id"]
        pd.testing.assert_frame_equal(
            answer[shared], scores.loc[answer.index, shared], check_exact=True
        )

    def test_the_model_that_ships_is_the_default(self, some: pd.DataFrame) -> None:
        pd.testing.assert_frame_equal(score_batch(some), batch(some), check_exact=True)

    def test_a_plain_value_by_hand(self) -> None:
        against = Distribution(**MODEL.info["reference"]["rereferrals"])
        record = next(record for record in INDICATORS if record.id == "rereferrals")
        y, sd = stabilise(record, [30.0], [1000.0])
        z, se = compare(y, sd, np.nan, against)
        found = read_rows(MODEL, pd.DataFrame({"rereferrals": [30.0], "referrals": [1000]}))
        values = found.values  # noqa: PD011 - no frame
        column = MODEL.columns.index("rereferrals_z")
        assert values[0, column] == z.item()
        assert found.noise[0, column] == se.item()
        assert np.isnan(np.delete(values[0], column)).all()
        assert found.refusal == {}

    def test_counts_are_the_value_they_make(self) -> None:
        counts = one(rereferral_count=250, referrals=1000)
        assert counts["risk"] == one(rereferrals=25.0, referrals=1000)["risk"]
        rate = one(referrals=1000, population_0_17=20_000)
        assert rate["risk"] == one(referral_rate=500.0, population_0_17=20_000)["risk"]
        load = one(cases=1600, case_holders_fte=100)
        assert load["risk"] == one(caseload=16.0, case_holders_fte=100)["risk"]

    def test_a_value_goes_before_its_counts(self) -> None:
        both = one(rereferrals=25.0, rereferral_count=900, referrals=1000)
        assert both["risk"] == one(rereferrals=25.0, referrals=1000)["risk"]

    def test_few_cases_say_less(self) -> None:
        few, many = (one(rereferrals=40.0, referrals=size)["risk"] for size in (10, 10_000))
        none = MODEL.risk(np.full((1, len(MODEL.columns)), np.nan))[0]
        assert none < few < many

    def test_a_standardised_level_is_held_within_reach(self) -> None:
        assert one(rereferrals_z=9.0)["risk"] == one(rereferrals_z=REACH)["risk"]

    def test_deprivation_makes_it_like_for_like(self) -> None:
        rich, poor = (
            one(looked_after_rate=90.0, free_school_meals=share)["risk"] for share in (10, 40)
        )
        assert rich > poor

    @pytest.mark.parametrize("record", model_indicators(MODEL), ids=lambda record: record.id)
    def test_the_direction_is_the_catalogues(self, record) -> None:
        low, high = (
            (0, 1) if record.kind == "history" else (1, 2000 if record.kind == "rate" else 95)
        )
        change = one(**{record.id: high})["risk"] - one(**{record.id: low})["risk"]
        if record.direction == "context":  # None is declared, and the weight is what was learnt.
            assert change != 0
        else:
            assert np.sign(change) == record.sign

    def test_the_last_inspection_has_one_grade(self) -> None:
        rows = [{"previously_good": good, "previously_inadequate": 1} for good in (0, 1)]
        said = batch(rows)["status"].tolist()
        refused = "refused: previously_good and previously_inadequate can't both be so"
        assert said == ["scored", refused]

    def test_a_model_of_other_columns(self) -> None:
        columns = ("shoe_size", *MODEL.columns[1:])
        model = replace(MODEL, columns=columns)
        with pytest.raises(ModelError, match="shoe_size"):
            model_indicators(model)

    def test_known_columns(self) -> None:
        names = {"rereferrals", "rereferrals_z", "rereferrals_se", "rereferral_count", "referrals"}
        assert names < known_columns()
        assert "" not in known_columns()


class TestForms:
    def test_many_forms_of_the_same_rows(self, some: pd.DataFrame, tmp_path: Path) -> None:
        expected = batch(some)
        records = some.astype(object).where(some.notna(), None).to_dict("records")
        assert set(expected["status"]) == {"scored"}
        some.to_csv(tmp_path / "plain.csv", index=False)
        some.to_csv(tmp_path / "mark.csv", index=False, encoding="utf-8-sig")
        some.to_parquet(tmp_path / "rows.parquet")
        lines = "\n".join(json.dumps(record) for record in records)
        (tmp_path / "rows.jsonl").write_text(lines + "\n\n", encoding="utf-8")
        (tmp_path / "mark.ndjson").write_text(lines, encoding="utf-8-sig")
        forms = [
            pa.Table.from_pandas(some),
            records,
            iter(records),
            (record for record in records),
            tuple(records),
            some.astype(object),
            some.astype({"la_code": "category", "rereferrals": "category"}),
            some.astype("str").replace("nan", ""),
            some.set_index(pd.Index([7] * len(some))),
            *tmp_path.iterdir(),
            str(tmp_path / "plain.csv"),
        ]
        assert len(forms) == 15
        for form in forms:
            assert_same_scores(batch(form), expected)

    @pytest.mark.parametrize("index", [[9, 5, 5, 7], list("dcba"), pd.RangeIndex(8, 0, -2)])
    def test_an_answer_is_found_again_by_the_index(self, index) -> None:
        rows = pd.DataFrame({"caseload": [12.0, 14.0, 16.0, 18.0]}, index=index)
        answer = batch(rows)
        pd.testing.assert_index_equal(answer.index, rows.index)
        rows["risk"] = answer["risk"].to_numpy()
        pd.testing.assert_frame_equal(
            batch(rows[["caseload"]].iloc[[2, 0]])[["risk"]], rows[["risk"]].iloc[[2, 0]]
        )

    def test_levels_of_an_index_that_rows_are_about_become_columns(self, some, tmp_path) -> None:
        expected = batch(some)
        indexed = some.set_index(["la_code", "as_of"])
        indexed.to_parquet(tmp_path / "rows.parquet")
        for form in (indexed, pa.Table.from_pandas(indexed), tmp_path / "rows.parquet"):
            answer = batch(form)
            assert_same_scores(answer, expected)
            assert answer["la_code"].tolist() == expected["la_code"].tolist()

    def test_arrow_categories(self) -> None:
        cells = pa.array(["20", None, "30"]).dictionary_encode()
        table = pa.table({"rereferrals": cells, "caseload": [16.0] * 3})
        expected = batch([{"rereferrals": cell, "caseload": 16.0} for cell in (20, None, 30)])
        assert_same_scores(batch(table), expected)

    @pytest.mark.parametrize(
        "cell",
        [25, 25.0, "25", " 25.0 ", "2.5e1", Decimal(25), np.float32(25), np.int8(25)],
        ids=repr,
    )
    def test_forms_of_a_number(self, cell) -> None:
        assert one(rereferrals=cell)["risk"] == one(rereferrals=25.0)["risk"]
        beside = batch([{"rereferrals": cell}, {"rereferrals": "n/a"}])
        assert beside["risk"].iloc[0] == one(rereferrals=25.0)["risk"]

    @pytest.mark.parametrize("cell", [None, "", "  ", float("nan"), "NaN", "NA", pd.NA, pd.NaT])
    def test_forms_of_nothing(self, cell) -> None:
        answer = batch([{"rereferrals": cell, "caseload": 16.0}])
        assert answer["status"].item() == "scored"
        assert answer["risk"].item() == one(caseload=16.0)["risk"]

    def test_yes_and_no_beside_nothing(self) -> None:
        cells = (True, None, False, 1, 0)
        answer = batch([{"previously_good": cell, "caseload": 16.0} for cell in cells])
        assert set(answer["status"]) == {"scored"}
        risk = answer["risk"].tolist()
        assert risk[0] == risk[3] < risk[1] < risk[2] == risk[4]

    def test_unknown_columns_pass_untouched(self) -> None:
        rows = pd.DataFrame(
            {"note": ["a", None], 7: [1, 2], "rereferrals": ["30", "x"], "when": [date.min] * 2}
        )
        answer = batch(rows)
        pd.testing.assert_frame_equal(answer[list(rows.columns)], rows)
        assert list(answer.columns) == [*rows.columns, *BATCH_COLUMNS]

    def test_text_of_a_csv_passes_untouched(self, tmp_path: Path) -> None:
        text = 'ref,rereferrals,note\n007,30,"a, ""b"""\n1e3,NA,\n'
        (tmp_path / "in.csv").write_text(text, encoding="utf-8")
        answer = batch(tmp_path / "in.csv")
        assert answer["ref"].tolist() == ["007", "1e3"]
        assert answer["note"].tolist() == ['a, "b"', ""]
        assert answer[["ref", "rereferrals", "note"]].to_csv(index=False) == text

    def test_the_input_is_not_changed(self, some: pd.DataFrame) -> None:
        for given_rows in (some.copy(), some.astype(object)):
            kept = given_rows.copy(deep=True)
            batch(given_rows, explain=True)
            pd.testing.assert_frame_equal(given_rows, kept)
        records = [{"rereferrals": "x", "la_code": 383}]
        batch(records)
        assert records == [{"rereferrals": "x", "la_code": 383}]

    @pytest.mark.parametrize("explain", [False, True])
    def test_no_rows(self, explain: bool) -> None:
        for empty in (pd.DataFrame({"rereferrals": []}), [], pd.DataFrame()):
            answer = batch(empty, explain=explain)
            assert len(answer) == 0
            assert set(BATCH_COLUMNS) <= set(answer.columns)


cells = st.one_of(
    st.none(),
    st.floats(0, 100),
    st.integers(0, 100),
    st.booleans(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(0, 100).map(repr),
    st.sampled_from(["", "c", "31,5", "-1", "inf"]),
)
names = st.sampled_from(
    ["rereferrals", "rereferral_count", "referrals", "agency_workers", "turnover", "absence",
     "previously_good", "free_school_meals", "looked_after_rate", "caseload_z", "caseload_se",
     "population_0_17"]
)  # fmt: skip
days = st.sampled_from(
    [None, "", "2024-06-30", "2011-01-01", "soon", date(2024, 6, 30), datetime(2024, 6, 30, 9),  # noqa: DTZ001
     "2024-06-30T00:00:00Z", 20240630]
)  # fmt: skip
codes = st.sampled_from([None, "", "383", 383, 383.0, "999", "Leeds"])
drawn_rows = st.lists(
    st.builds(
        lambda figures, day, code: {**figures, "as_of": day, "la_code": code},
        st.dictionaries(names, cells, min_size=1, max_size=6),
        days,
        codes,
    ),
    min_size=1,
    max_size=6,
)


class TestAlone:
    @settings(max_examples=25, deadline=None)
    @given(drawn_rows, st.randoms(use_true_random=False))
    def test_a_row_alone_or_among_others(self, rows, random) -> None:
        whole = batch(rows, explain=True)
        alone = pd.concat([batch([row], explain=True) for row in rows], ignore_index=True)
        assert list(whole["status"]) == list(alone["status"])
        added = [name for name in whole if name in alone and "contribution_" in str(name)]
        for name in [*NUMBERS, "band", "drivers_up", "drivers_down", *added]:
            assert _bits(whole[name]) == _bits(alone[name]), name
        order = random.sample(range(len(rows)), len(rows))
        shuffled = batch([rows[place] for place in order])
        for name in (*NUMBERS, "status"):
            assert _bits(shuffled[name]) == _bits(whole[name].iloc[order])

    def test_chunks_and_repeats(self, rows: pd.DataFrame) -> None:
        whole = batch(rows)
        for size in (1, 7, 64):
            parts = [batch(rows.iloc[at : at + size]) for at in range(0, len(rows), size)][:8]
            joined = pd.concat(parts, ignore_index=True)
            assert_same_scores(joined, whole.head(len(joined)))
        many = batch(pd.concat([rows] * 20))
        assert_same_scores(many.tail(len(rows)), whole)


def _bits(column: pd.Series) -> list[object]:
    return [None if cell is None or cell != cell else cell for cell in column]  # noqa: PLR0124


def _polars() -> Any:
    return pytest.importorskip("polars", reason="lazy frames need polars")


REFUSED = [
    ({"rereferrals": "c"}, "rereferrals is no number"),
    ({"rereferrals": "31,5"}, "rereferrals is no number"),
    ({"rereferrals": "1,23"}, "rereferrals is no number"),
    ({"referral_rate": "0,125"}, "referral_rate is no number"),
    ({"rereferrals_z": "1,234", "rereferrals_se": 0.5}, "rereferrals_z is no number"),
    ({"rereferrals_z": 1.0, "rereferrals_se": "1,234"}, "rereferrals_se is no number"),
    ({"referrals": "31%"}, "referrals is no number"),
    ({"referral_rate": "31%"}, "referral_rate is no number"),
    ({"agency_workers": "131%"}, "agency_workers is above 100"),
    ({"rereferrals": [1, 2]}, "rereferrals is no number"),
    ({"caseload": float("inf")}, "caseload is infinite"),
    ({"caseload": "-inf"}, "caseload is infinite"),
    ({"agency_workers": 100.1}, "agency_workers is above 100"),
    ({"free_school_meals": 101}, "free_school_meals is above 100"),
    ({"referrals": -1}, "referrals is below 0"),
    ({"rereferrals": -0.1}, "rereferrals is below 0"),
    ({"rereferrals_z": 1.0, "rereferrals_se": -1.0}, "rereferrals_se is below 0"),
    ({"rereferral_count": 5, "referrals": 4}, "rereferral_count is more than referrals"),
    ({"caseload": 1e13}, "caseload is above 1e+12"),
    ({"la_code": "999"}, "la_code is no authority's"),
    ({"la_code": "Atlantis"}, "la_code is no authority's"),
    ({"as_of": "2015-12-31"}, "as_of is outside the model's life, 2016-01-01 to "),
    ({"as_of": date(2199, 1, 1)}, "as_of is outside the model's life"),
    ({"as_of": "31/06/2024"}, "as_of is no date"),
    ({"as_of": 1.5}, "as_of is no date"),
    ({"previously_good": 2}, "previously_good is above 1"),
]


class TestRefusals:
    @pytest.mark.parametrize(("row", "reason"), REFUSED, ids=str)
    def test_says_why_and_scores_the_others(self, row: dict, reason: str) -> None:
        good = {"rereferrals": 30.0}
        answer = batch([good, row, good])
        assert answer["status"].iloc[1].startswith(f"refused: {reason}")
        assert answer[[*NUMBERS, "band", "model_id"]].iloc[1].isna().all()
        assert answer["status"].iloc[[0, 2]].tolist() == ["scored"] * 2
        assert answer["risk"].iloc[[0, 2]].tolist() == [one(**good)["risk"]] * 2

    def test_every_reason_is_told(self) -> None:
        status = one(rereferrals="x", agency_workers=140, la_code="999")["status"]
        for part in ("rereferrals is no number", "agency_workers is above 100", "la_code is no"):
            assert part in status

    def test_turnover_may_pass_100(self) -> None:
        assert one(turnover=130.0)["status"] == "scored"
        assert one(leavers_fte=13, inpost_fte=10)["status"] == "scored"

    @pytest.mark.parametrize("name", ["rereferrals", "la_code", "as_of"])
    def test_a_column_that_stands_twice(self, name: str, tmp_path: Path) -> None:
        cell = {"rereferrals": "30", "la_code": "383", "as_of": "2024-06-30"}[name]
        rows = pd.DataFrame([[cell, cell, "16"]], columns=[name, name, "caseload"])
        assert batch(rows)["status"].tolist() == [f"refused: {name} stands twice"]
        rows.to_csv(tmp_path / "in.csv", index=False)
        file = batch(tmp_path / "in.csv")
        assert file["status"].tolist() == [f"refused: {name} stands twice"]

    def test_raise_stops_at_the_first(self) -> None:
        rows = [{"rereferrals": 30.0}, {"rereferrals": "x"}, {"rereferrals": -1}]
        with pytest.raises(ScoreError) as caught:
            batch(rows, errors="raise")
        for part in ("row 1", "rereferrals is no number", 'errors="report"'):
            assert part in str(caught.value)
        assert batch(rows[:1], errors="raise")["status"].item() == "scored"

    def test_no_other_way_to_treat_errors(self) -> None:
        with pytest.raises(ScoreError, match=r"'ignore'.*'report' or 'raise'"):
            batch([], errors="ignore")

    @pytest.mark.parametrize("rows", [None, 7, b"x", {"rereferrals": 1}, [[1, 2]], ["a"]])
    def test_no_rows_at_all(self, rows) -> None:
        with pytest.raises(EarlyWarnError, match="rows can't be read from this"):
            batch(rows)

    @pytest.mark.parametrize(
        ("make", "call"),
        [
            (lambda table: _polars().from_arrow(table).lazy(), "collect"),
            (lambda table: table.to_reader(), "read_all"),
        ],
    )
    def test_rows_that_are_still_to_be_read(self, make, call: str) -> None:
        rows = make(pa.table({"rereferrals": [30.0]}))
        with pytest.raises(ScoreError, match=rf"found a .*read first: give rows.{call}\(\)"):
            batch(rows)
        assert batch(getattr(rows, call)())["status"].item() == "scored"

    def test_nothing_of_the_catalogue(self) -> None:
        with pytest.raises(ScoreError, match=r"found shoe_size.*earlywarn catalogue"):
            batch([{"shoe_size": 43}])

    @pytest.mark.parametrize("name", BATCH_COLUMNS)
    def test_a_column_that_would_be_overwritten(self, name: str) -> None:
        with pytest.raises(ScoreError, match=rf"would overwrite: found {name}.*Rename"):
            batch([{"rereferrals": 1, name: "mine"}])

    @pytest.mark.parametrize("name", ["contribution_baseline", "drivers_up", "drivers_down"])
    def test_a_column_that_an_explanation_would_overwrite(self, name: str) -> None:
        rows = [{"rereferrals": 1, name: "mine"}]
        assert batch(rows)[name].tolist() == ["mine"]
        with pytest.raises(ScoreError, match="would overwrite"):
            batch(rows, explain=True)

    @pytest.mark.parametrize(
        ("name", "content", "problem"),
        [
            ("in.txt", b"a", "not a kind of file"),
            ("in.csv", b"", "can't be read"),
            (
                "in.csv",
                b"note,rereferrals\nx,30,\n",
                "line 2: a row of another length than the header",
            ),
            (
                "in.csv",
                b"rereferrals;note\n30;1,5\n",
                "in.csv: .* separated by commas: found semicolons",
            ),
            ("in.csv", b"rereferrals\tnote\n30\tx\n", "found tabs; expected commas"),
            ("in.csv", b"rereferrals,note\n30,\xff\xfe\n", "can't be read"),
            ("in.csv", "rereferrals,n\n3,Café\n".encode("cp1252"), "line 2: .*Windows-1252.*UTF-8"),
            ("in.csv", "rereferrals,n\n3,é\n".encode("utf-16"), "UTF-16; .* as .CSV UTF-8."),
            ("in.csv", "rereferrals,n\n3,é\n".encode("utf-16-le"), "found text in UTF-16"),
            ("in.csv", b"PK\x03\x04 and so on", "found a workbook.*Save its sheet as .CSV UTF-8"),
            ("in.csv", b"<!DOCTYPE html>", "found a web page"),
            ("in.csv", b"rereferrals\n\x00\x01", "found binary data"),
            ("in.csv", b"\x1f\x8b\x08", "found a compressed file; .*Unpack it"),
            ("in.parquet", b"PK\x03\x04", "found a workbook; expected a Parquet file"),
            ("in.parquet", b"", "found an empty file; expected a Parquet file"),
            ("in.xlsx", b"PK", "found .xlsx; .* Save its sheet as .CSV UTF-8"),
            ("in.csv.gz", b"", "found .gz; .*Unpack it"),
            ("in.jsonl", '{"caseload": 3}\n{"n": "é"}'.encode("cp1252"), "line 2: .*Windows-1252"),
            ("in.jsonl", '{"caseload": 3}'.encode("utf-16"), "found text in UTF-16"),
            ("in.parquet", b"nonsense", "can't be read"),
            ("in.jsonl", b'{"rereferrals": 3', "line 1: a line is not JSON"),
        ],
    )
    def test_files_that_are_not(self, name, content: bytes, problem: str, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ScoreError, match=problem):
            batch(tmp_path / name)
        with pytest.raises(ScoreError, match=problem):
            score_file(tmp_path / name, tmp_path / "out.csv")
        assert [file.name for file in tmp_path.iterdir()] == [name]

    def test_a_line_of_json_ends_where_it_ends(self, tmp_path: Path) -> None:
        (tmp_path / "in.jsonl").write_text('{"caseload": 16, "note": "a\u2028b"}\n', "utf-8")
        assert batch(tmp_path / "in.jsonl")["note"].tolist() == ["a\u2028b"]

    @pytest.mark.parametrize("name", ["IN.CSV", "IN.Parquet", "IN.JSONL"])
    def test_an_ending_in_capitals(self, name: str, tmp_path: Path) -> None:
        rows, path = pd.DataFrame({"rereferrals": [30.0]}), tmp_path / name
        written = {
            "IN.CSV": rows.to_csv(index=False).encode(),
            "IN.Parquet": rows.to_parquet(index=False),
            "IN.JSONL": rows.to_json(orient="records", lines=True).encode(),
        }
        path.write_bytes(written[name])
        assert batch(path)["risk"].tolist() == batch(rows)["risk"].tolist()

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(ScoreError, match="there is no such file"):
            batch(tmp_path / "none.csv")


class TestWhatIsKnown:
    def test_nothing_known_is_said_and_has_no_risk(self) -> None:
        answer = batch([{"rereferrals": None, "note": "a"}, {"rereferrals": 25.0}])
        assert answer["status"].tolist() == ["refused: no figure is known", "scored"]
        assert answer["risk"].isna().tolist() == [True, False]
        assert answer["known"].tolist() == [0, 1]

    def test_what_plain_values_were_compared_with(self, snapshot: Snapshot) -> None:
        rows = [{"rereferrals": 25.0}, {"rereferrals_z": 1.0}]
        name = f"model {MODEL.info['model_id']}"
        assert batch(rows)["compared_with"].tolist() == [name, ""]
        answer = batch(rows, snapshot=snapshot)
        assert answer["compared_with"].tolist() == ["figures public on 2025-12-31", ""]

    def test_missing_is_a_count_and_names_of_columns(self) -> None:
        row = {record.id: 0.5 for record in model_indicators(MODEL)}
        less = {**row, "caseload": None, "rereferrals": None}
        assert batch([row, less])["missing_indicators"].tolist() == ["", "2: rereferrals; caseload"]
        with pytest.raises(ScoreError, match="missing: no such choice"):
            batch([row], missing="all")

    def test_the_index_of_build_indicators_is_kept(self, snapshot: Snapshot) -> None:
        X = build_indicators(snapshot)
        answer = batch(X)
        assert answer[["la_code", "as_of"]].equals(X.reset_index()[["la_code", "as_of"]])
        with pytest.warns(RowsWarning, match="of a year that had not ended"):
            late = batch(X.head(2).rename(index={"2025-12-31": "2015-12-31"}, level="as_of"))
        assert late["status"].str.startswith("refused: as_of is outside").all()


class TestCells:
    @pytest.mark.parametrize("cell", ["c", "z", "x", "low", "~", ":", ".."])
    def test_a_publishers_sign_says_what_to_do(self, cell: str) -> None:
        reason = "refused: rereferrals is no number: leave it empty where it was not published"
        assert one(rereferrals=cell, caseload=16.0)["status"] == reason

    def test_a_figure_as_people_write_it_is_the_figure(self) -> None:
        given = {"rereferrals": " 31.0 % ", "referrals": "1,234", "rereferral_count": "382.5"}
        plain = {"rereferrals": 31.0, "referrals": 1234, "rereferral_count": 382.5}
        assert one(**given)["risk"] == one(**plain)["risk"]
        column = [*["31%"] * 3, None, "c", 31.0]
        answer = batch(pd.DataFrame({"rereferrals": column, "caseload": [16.0] * 6}))
        assert answer["risk"].iloc[[0, 1, 2]].tolist() == [answer["risk"].iloc[5]] * 3
        assert answer["status"].iloc[4] == (
            "refused: rereferrals is no number: leave it empty where it was not published"
        )

    @pytest.mark.parametrize("cells", [[True, False], pd.array([True, None], dtype="boolean")])
    def test_yes_is_no_percentage(self, cells) -> None:
        answer = batch(pd.DataFrame({"rereferrals": cells, "caseload": [16.0, 16.0]}))
        assert answer["status"].iloc[0] == "refused: rereferrals is no number"

    @pytest.mark.parametrize("cell", [True, "True", "TRUE", "yes", "Yes", 1, "1"])
    def test_forms_of_yes(self, cell) -> None:
        assert one(previously_good=cell)["risk"] == one(previously_good=1.0)["risk"]

    def test_a_complex_cell_refuses_its_own_row(self) -> None:
        answer = batch([{"rereferrals": cell} for cell in (25 + 1j, 25.0)])
        assert answer["status"].tolist() == ["refused: rereferrals is no number", "scored"]
        assert answer["risk"].iloc[1] == one(rereferrals=25.0)["risk"]


class TestExplained:
    def test_contributions_sum_to_the_log_odds(self, rows: pd.DataFrame) -> None:
        holes = rows.copy()
        lost = np.random.default_rng(3).random(holes.shape) < 0.5
        holes = holes.mask(lost & ~holes.columns.isin(["la_code", "as_of"]))
        for table in (rows, holes):
            answer = batch(table, explain=True)
            parts = answer.filter(regex="^contribution_")
            assert len(parts.columns) == 1 + len(MODEL.columns)
            expected = np.log(answer["risk"] / (1 - answer["risk"]))
            np.testing.assert_allclose(parts.sum(axis=1), expected, rtol=0, atol=1e-9)

    def test_a_refused_row_has_none(self) -> None:
        answer = batch([{"rereferrals": "x"}], explain=True)
        assert answer.filter(regex="^(contribution|drivers)_").isna().all(axis=None)

    def test_only_what_is_given_is_a_driver(self) -> None:
        answer = batch([{"rereferrals": 40.0, "caseload": 9.0}], explain=True)
        assert answer["drivers_up"].item() == "re-referrals within 12 months 40.0%"
        assert answer["drivers_down"].item() == "cases per social worker 9.0"
        assert answer["contribution_repeat_plans"].item() > 0

    def test_missing_widens_the_interval_and_is_named(self, rows: pd.DataFrame) -> None:
        full = rows[rows.filter(regex="_z$").notna().all(axis=1)].head(20)
        assert len(full) == 20
        less = full.assign(rereferrals_z=np.nan, rereferrals=np.nan)
        width = [_width(batch(table)) for table in (full, less)]
        assert (width[1] > width[0]).all()
        named = batch(less)["missing_indicators"]
        assert set(named) == {"1: rereferrals"}
        assert set(batch(less, missing="names")["missing_indicators"]) == {
            "Re-referrals within 12 months"
        }


def _width(answer: pd.DataFrame) -> np.ndarray:
    lower, upper = (np.log(p / (1 - p)) for p in (answer["risk_lower"], answer["risk_upper"]))
    return (upper - lower).to_numpy()


def test_csv_out_and_in_gives_the_very_risks(rows: pd.DataFrame, tmp_path: Path) -> None:
    """Through text and back, as another system would send the national table."""
    buffer = io.StringIO()
    rows.to_csv(buffer, index=False)
    (tmp_path / "in.csv").write_text(buffer.getvalue(), encoding="utf-8")
    assert_same_scores(batch(tmp_path / "in.csv"), batch(rows))
