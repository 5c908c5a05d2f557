"""The panel and its snapshots: nothing later gets out, and what is written is read again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlywarn.authorities import Register
from earlywarn.errors import (
    AuthorityError,
    DataQualityWarning,
    EarlyWarnError,
    LeftBehindWarning,
    OutcomeError,
    PanelError,
    UsageError,
)
from earlywarn.judgements.schema import AREAS, GRADES, check_judgements, empty_judgements
from earlywarn.judgements.schema import COLUMNS as JUDGEMENT_COLUMNS
from earlywarn.panel.csv_tables import judgements_from, observations_from, observations_text
from earlywarn.panel.panel import (
    FIRST_DAY,
    Panel,
    Snapshot,
    load_judgements,
    load_panel,
    read_panel,
    write_panel,
)
from earlywarn.panel.published import read_published
from earlywarn.sources.calendar import Calendar
from earlywarn.sources.schema import (
    NEIGHBOUR_COLUMNS,
    OBSERVATION_COLUMNS,
    STATUSES,
    Finding,
    findings_frame,
)
from earlywarn.utils.locks import owned

FRAMES = ("observations", "neighbours", "judgements", "releases", "findings")
RELEASES = Calendar.load().releases
REGISTER = Register.load()
CIN_2022, CIN_2023, CIN_2024 = date(2022, 10, 27), date(2023, 10, 26), date(2024, 10, 31)


def observation(**given: Any) -> dict[str, Any]:
    usual = {
        "la_code": "301",
        "measure": "referrals",
        "period": 2022,
        "numerator": 100.0,
        "denominator": np.nan,
        "value": 100.0,
        "status": "published",
        "joint": False,
        "published_on": CIN_2022,
        "date_assumed": False,
        "vintage": CIN_2022,
        "source": "C1 2022",
    }
    return usual | given


def observations(*rows: dict[str, Any]) -> pd.DataFrame:
    texts = dict.fromkeys(("la_code", "measure", "status", "source"), "str")
    days = dict.fromkeys(("published_on", "vintage"), "object")
    numbers = dict.fromkeys(("numerator", "denominator", "value"), "float64")
    flags = dict.fromkeys(("joint", "date_assumed"), "bool")
    frame = pd.DataFrame(rows, columns=list(OBSERVATION_COLUMNS), dtype=object)
    return frame.astype(texts | days | numbers | flags | {"period": "int64"})


def neighbours(*models: tuple[int, date]) -> pd.DataFrame:
    rows = [
        (model, la_code, rank, neighbour, day)
        for model, day in models
        for la_code, rank, neighbour in (("301", 1, "302"), ("301", 2, "303"), ("302", 1, "301"))
    ]
    frame = pd.DataFrame(rows, columns=list(NEIGHBOUR_COLUMNS), dtype=object)
    kinds = {"model": "int64", "la_code": "str", "rank": "int64", "neighbour_code": "str"}
    return frame.astype(kinds)


MODELS = ((2021, date(2021, 4, 1)), (2025, date(2025, 5, 31)))


def judgement(**given: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"la_code": "301", "framework": "ILACS"}
    usual |= dict.fromkeys(("overall", *AREAS), "Good")
    usual |= {"inspection_start": date(2021, 3, 1), "published_on": date(2021, 4, 26)}
    usual |= {"inspection_type": "short", "start_precision": "day", "source": "x"}
    return usual | given


def judgements(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = empty_judgements()
    return pd.DataFrame(list(rows), columns=frame.columns, dtype=object).astype(frame.dtypes)


def make_panel(*rows: dict[str, Any], **parts: Any) -> Panel:
    usual: dict[str, Any] = {
        "neighbours": neighbours(*MODELS),
        "judgements": judgements(judgement()),
        "releases": RELEASES,
        "findings": findings_frame([Finding("note", "joint-return", 'two, "rows"', line=3.0)]),
        "register": REGISTER,
    }
    return Panel(observations=observations(*rows), **(usual | parts))


def assert_same_panel(one: Panel, other: Panel) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    for name in ("authorities", "area_codes", "reorganisations"):
        pd.testing.assert_frame_equal(getattr(one.register, name), getattr(other.register, name))


def assert_same_snapshot(one: Snapshot, other: Snapshot) -> None:
    for part in dataclasses.fields(Snapshot):
        left, right = getattr(one, part.name), getattr(other, part.name)
        if isinstance(left, pd.DataFrame):
            pd.testing.assert_frame_equal(left, right)
        elif part.name != "register":
            assert left == right
    assert one.data_through == other.data_through
    assert (one.assumed, one.restated) == (other.assumed, other.restated)


class TestDates:
    panel = make_panel(observation())

    @pytest.mark.parametrize(
        "day",
        [
            "2022-10-27",
            "27/10/2022",
            CIN_2022,
            datetime.fromisoformat("2022-10-27T09:30"),
            pd.Timestamp(CIN_2022),
        ],
    )
    def test_one_day_in_many_forms(self, day: Any) -> None:
        snapshot = self.panel.as_of(day)
        assert type(snapshot.as_of) is date
        assert snapshot.as_of == CIN_2022
        assert len(snapshot.observations) == 1

    @pytest.mark.parametrize("day", ["soon", "10/27/2022", 2022, None, pd.NaT, "2022-02-30"])
    def test_what_is_no_date(self, day: Any) -> None:
        with pytest.raises(PanelError) as caught:
            self.panel.as_of(day)
        for part in ("as_of: not a date", repr(day), "2025-03-31"):
            assert part in str(caught.value)

    def test_before_the_panel(self) -> None:
        with pytest.raises(PanelError) as caught:
            self.panel.as_of("2013-12-31")
        for part in ("2013-12-31", "from 2014-01-01 on", "latest publication", "2022-10-27"):
            assert part in str(caught.value)
        assert self.panel.as_of(FIRST_DAY).observations.empty

    def test_after_the_newest_publication(self) -> None:
        assert len(self.panel.as_of("2031-01-01").observations) == 1

    def test_newest_publication(self) -> None:
        assert self.panel.newest_publication == CIN_2022
        late = self.panel.with_judgements(judgements(judgement(published_on=date(2023, 1, 5))))
        assert late.newest_publication == date(2023, 1, 5)
        assert make_panel(judgements=empty_judgements()).newest_publication == FIRST_DAY


class TestFigures:
    def test_a_figure_is_public_from_its_day(self) -> None:
        panel = make_panel(observation(), observation(period=2023, published_on=CIN_2023))
        days = [CIN_2022 - timedelta(days=1), CIN_2022, CIN_2023 - timedelta(days=1), CIN_2023]
        assert [len(panel.as_of(day).observations) for day in days] == [0, 1, 1, 2]

    def test_of_several_releases_the_newest_of_the_day(self) -> None:
        panel = make_panel(
            observation(value=3.0, vintage=CIN_2024),
            observation(value=1.0, vintage=CIN_2022),
            observation(value=2.0, vintage=CIN_2023),
        )
        for day, value in [(CIN_2022, 1.0), (date(2024, 10, 30), 2.0), (CIN_2024, 3.0)]:
            figures = panel.as_of(day).observations
            assert figures["value"].tolist() == [value]
            assert figures["restated"].tolist() == [False]

    def test_else_the_oldest_and_it_says_so(self) -> None:
        panel = make_panel(
            observation(value=2.0, vintage=CIN_2024), observation(value=1.0, vintage=CIN_2023)
        )
        snapshot = panel.as_of(CIN_2022)
        assert snapshot.observations["value"].tolist() == [1.0]
        assert snapshot.observations["restated"].tolist() == [True]
        assert (snapshot.restated, panel.as_of(CIN_2024).restated) == (1, 0)

    def test_a_hole_in_the_newest_release_is_the_figure(self) -> None:
        hole = observation(value=np.nan, status="suppressed", vintage=CIN_2023)
        figures = make_panel(observation(), hole).as_of(CIN_2024).observations
        assert figures["status"].tolist() == ["suppressed"]

    def test_england_stands_apart(self) -> None:
        snapshot = make_panel(observation(la_code="ENG", value=9.0), observation()).as_of(CIN_2022)
        assert snapshot.observations["la_code"].tolist() == ["301"]
        assert snapshot.england["value"].tolist() == [9.0]
        assert list(snapshot.england.columns) == [*OBSERVATION_COLUMNS, "restated"]

    def test_data_through_and_assumed(self) -> None:
        panel = make_panel(
            observation(date_assumed=True),
            observation(la_code="ENG", period=2023, published_on=CIN_2023),
        )
        assert panel.as_of("2023-10-25").data_through == CIN_2022
        assert panel.as_of("2030-01-01").data_through == CIN_2023
        assert panel.as_of("2030-01-01").assumed == 1
        assert panel.as_of("2015-01-01").data_through is None

    def test_order_is_kept(self) -> None:
        vintages = (CIN_2023, CIN_2022)
        rows = [observation(la_code=la, vintage=v) for la in ("303", "301") for v in vintages]
        figures = make_panel(*rows).as_of("2030-01-01").observations
        assert figures["la_code"].tolist() == ["303", "301"]
        assert figures.index.tolist() == [0, 1]


class TestNeighbours:
    panel = make_panel(observation())

    @pytest.mark.parametrize(
        ("day", "model"), [("2021-04-01", 2021), ("2025-05-30", 2021), ("2025-05-31", 2025)]
    )
    def test_model_of_the_day(self, day: str, model: int) -> None:
        snapshot = self.panel.as_of(day)
        assert snapshot.neighbour_model == model
        assert set(snapshot.neighbours["model"]) == {model}
        assert len(snapshot.neighbours) == 3

    @pytest.mark.parametrize("day", ["2014-01-01", "2021-03-31"])
    def test_none_before_the_first_model_was_public(self, day: str) -> None:
        snapshot = self.panel.as_of(day)
        assert snapshot.neighbour_model is None
        assert snapshot.neighbours.empty

    def test_none(self) -> None:
        snapshot = make_panel(observation(), neighbours=neighbours()).as_of("2022-01-01")
        assert snapshot.neighbour_model is None
        assert list(snapshot.neighbours.columns) == list(NEIGHBOUR_COLUMNS)


class TestAuthorities:
    snapshot = make_panel(observation()).as_of("2023-04-01")

    def test_those_that_existed(self) -> None:
        def codes(day: str) -> set[str]:
            return set(make_panel().as_of(day).authorities["la_code"])

        assert codes("2023-03-31") - codes("2023-04-01") == {"909"}
        assert codes("2023-04-01") - codes("2023-03-31") == {"942", "943"}
        columns = list(self.snapshot.authorities.columns)
        assert columns == ["la_code", "la_name", "region", "la_type"]

    def test_existing_code(self) -> None:
        assert self.snapshot.existing_code("Camden") == "202"
        assert self.snapshot.existing_code("E06000063") == "942"

    def test_code_of_another_day(self) -> None:
        with pytest.raises(AuthorityError) as caught:
            self.snapshot.existing_code("Cumbria")
        for part in ("Cumbria (909)", "closed 2023-04-01", "Cumberland, Westmorland and Furness"):
            assert part in str(caught.value)
        with pytest.raises(AuthorityError, match="opened 2023-04-01"):
            make_panel().as_of("2023-03-31").existing_code("942")
        with pytest.raises(AuthorityError, match="England"):
            self.snapshot.existing_code("England")


class TestJudgements:
    def test_only_reports_that_were_public(self) -> None:
        rows = judgements(judgement(), judgement(la_code="302", published_on=date(2021, 4, 27)))
        panel = make_panel(judgements=rows)
        assert panel.as_of("2021-04-25").judgements.empty
        assert panel.as_of("2021-04-26").judgements["la_code"].tolist() == ["301"]
        assert len(panel.as_of("2021-04-27").judgements) == 2

    def test_with_judgements_leaves_the_panel_as_it_was(self) -> None:
        panel = make_panel()
        contract = judgements(judgement(la_code="303")).drop(columns=["source", "start_precision"])
        text = contract.assign(published_on=contract["published_on"].astype(str))
        with pytest.warns(DataQualityWarning, match=r"1 authorities have no last judgement.*add_"):
            other = panel.with_judgements(text)
        assert other.as_of("2022-01-01").judgements["la_code"].tolist() == ["303"]
        assert panel.judgements["la_code"].tolist() == ["301"]

    def test_with_judgements_checks_them(self) -> None:
        with pytest.raises(OutcomeError, match="no published_on"):
            make_panel().with_judgements(judgements().drop(columns="published_on"))
        with pytest.raises(OutcomeError, match="not a grade"):
            make_panel().with_judgements(judgements(judgement(in_care="RI")))


DAY = date(2023, 6, 30)
until_day = st.dates(FIRST_DAY, DAY)
later = st.dates(DAY + timedelta(days=1), date(2027, 12, 31))
any_day = until_day | later | st.just(DAY)  # often the very day that is asked for
numbers = st.floats(allow_nan=True, allow_infinity=False)


@st.composite
def drawn_observations(draw: st.DrawFn, published: st.SearchStrategy[date]) -> list[dict[str, Any]]:
    row = st.fixed_dictionaries(
        {
            "la_code": st.sampled_from(["301", "302", "ENG"]),
            "measure": st.sampled_from(["referrals", "rereferrals"]),
            "period": st.integers(2020, 2022),
            "numerator": numbers,
            "denominator": numbers,
            "value": numbers,
            "status": st.sampled_from(STATUSES),
            "joint": st.booleans(),
            "published_on": published,
            "date_assumed": st.booleans(),
            "vintage": any_day,
            "source": st.sampled_from(["C1 2022", "LAIT"]),
        }
    )

    def key(one: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(one[name] for name in ("la_code", "measure", "period", "vintage"))

    return draw(st.lists(row, max_size=12, unique_by=key))


@st.composite
def drawn_judgements(draw: st.DrawFn, published: st.SearchStrategy[date]) -> list[dict[str, Any]]:
    row = st.builds(
        judgement,
        la_code=st.sampled_from(["301", "302"]),
        overall=st.sampled_from(GRADES),
        published_on=published,
        inspection_start=until_day,
    )
    return draw(st.lists(row, max_size=4))


class TestNoLookAhead:
    @settings(deadline=None, max_examples=40)
    @given(
        drawn_observations(any_day),
        drawn_observations(later),
        drawn_judgements(any_day),
        drawn_judgements(later),
        st.lists(later, max_size=2, unique=True),
        st.randoms(use_true_random=False),
    )
    def test_what_is_published_later_changes_nothing(
        self,
        rows: list[dict[str, Any]],
        planted: list[dict[str, Any]],
        judged: list[dict[str, Any]],
        planted_judged: list[dict[str, Any]],
        models: list[date],
        random: Any,
    ) -> None:
        more, known = [*planted], {id(row) for row in planted}
        for row in rows:  # planted among the others, not only behind them
            more.insert(random.randint(0, len(more)), row)
        order = [row for row in more if id(row) not in known]
        base = make_panel(*order, judgements=judgements(*judged))
        other = make_panel(
            *more,
            judgements=judgements(*judged, *planted_judged),
            neighbours=neighbours(*MODELS, *[(2026 + n, day) for n, day in enumerate(models)]),
        )
        assert_same_snapshot(base.as_of(DAY), other.as_of(DAY))

    @settings(deadline=None, max_examples=40)
    @given(drawn_observations(any_day), drawn_judgements(any_day), any_day)
    def test_nothing_in_a_snapshot_is_later_than_its_day(
        self, rows: list[dict[str, Any]], judged: list[dict[str, Any]], day: date
    ) -> None:
        panel = make_panel(*rows, judgements=judgements(*judged))
        snapshot = panel.as_of(day)
        for frame in (snapshot.observations, snapshot.england, snapshot.judgements):
            assert all(published <= day for published in frame["published_on"])
        figures = pd.concat([snapshot.observations, snapshot.england])
        assert not figures.duplicated(["la_code", "measure", "period"]).any()
        public = [row for row in rows if row["published_on"] <= day]
        keys = {(row["la_code"], row["measure"], row["period"]) for row in public}
        assert len(figures) == len(keys)

    @settings(deadline=None, max_examples=40)
    @given(drawn_observations(any_day), any_day)
    def test_each_figure_is_the_one_that_the_rule_names(
        self, rows: list[dict[str, Any]], day: date
    ) -> None:
        figures = make_panel(*rows).as_of(day).observations
        for told in figures.itertuples():
            vintages = [
                row["vintage"]
                for row in rows
                if (row["la_code"], row["measure"], row["period"])
                == (told.la_code, told.measure, told.period)
                and row["published_on"] <= day
            ]
            of_the_day = [vintage for vintage in vintages if vintage <= day]
            assert told.vintage == (max(of_the_day) if of_the_day else min(vintages))
            assert told.restated == (not of_the_day)

    def test_a_snapshot_is_no_panel_and_holds_none(self) -> None:
        snapshot = make_panel(observation()).as_of("2024-01-01")
        assert not isinstance(snapshot, Panel)
        assert not issubclass(Snapshot, Panel)
        assert not hasattr(snapshot, "as_of_panel")
        held = list(vars(snapshot).values())
        assert len(held) == len(dataclasses.fields(Snapshot))
        assert not any(isinstance(part, Panel) for part in held)
        assert not callable(snapshot.as_of)

    def test_frozen(self) -> None:
        panel = make_panel(observation())
        with pytest.raises(dataclasses.FrozenInstanceError):
            panel.observations = observations()  # type: ignore[misc]
        with pytest.raises(dataclasses.FrozenInstanceError):
            panel.as_of("2024-01-01").as_of = date(2030, 1, 1)  # type: ignore[misc]

    def test_writing_into_a_snapshot_leaves_the_panel_as_it_was(self) -> None:
        panel = make_panel(observation())
        figures = panel.as_of("2024-01-01").observations
        figures.loc[0, "value"] = -1.0
        assert panel.as_of("2024-01-01").observations["value"].tolist() == [100.0]


class TestFolder:
    rows = (
        observation(),
        observation(value=2.9000000000000004, numerator=1e16, vintage=CIN_2024),
        observation(measure="turnover", value=np.nan, status="not applicable", joint=True),
        observation(la_code="ENG", date_assumed=True, vintage=date(2022, 1, 9)),
    )

    def test_round_trip(self, tmp_path: Path) -> None:
        panel = make_panel(*self.rows)
        write_panel(panel, tmp_path / "panel")
        back = read_panel(tmp_path / "panel")
        assert_same_panel(back, panel)
        assert_same_snapshot(back.as_of(CIN_2023), panel.as_of(CIN_2023))

    @settings(deadline=None, max_examples=40)
    @given(drawn_observations(any_day))
    def test_every_observation_is_read_as_it_was(self, rows: list[dict[str, Any]]) -> None:
        frame = observations(*rows)
        back = observations_from(observations_text(frame, RELEASES).encode(), RELEASES, "o.csv")
        pd.testing.assert_frame_equal(back, frame, check_exact=True)

    def test_lines_are_short_and_name_releases(self, tmp_path: Path) -> None:
        write_panel(make_panel(*self.rows), tmp_path / "panel")
        lines = (tmp_path / "panel" / "observations.csv").read_bytes().split(b"\n")
        assert lines == [
            b"la_code,measure,period,numerator,denominator,value,status,joint,release,vintage,source",
            b"301,referrals,2022,100,,100,published,,cin-2022,cin-2022,C1 2022",
            b"301,referrals,2022,1e+16,,2.9000000000000004,published,,cin-2022,cin-2024,C1 2022",
            b"301,turnover,2022,100,,,not applicable,1,cin-2022,cin-2022,C1 2022",
            b"ENG,referrals,2022,100,,100,published,,2022-10-27?,2022-01-09,C1 2022",
            b"",
        ]

    def test_empty_panel(self, tmp_path: Path) -> None:
        panel = make_panel(neighbours=neighbours(), judgements=empty_judgements())
        write_panel(panel, tmp_path / "panel")
        assert_same_panel(read_panel(tmp_path / "panel"), panel)

    def test_the_same_bytes_each_time(self, tmp_path: Path) -> None:
        panel = make_panel(*self.rows)
        write_panel(panel, tmp_path / "a")
        write_panel(read_panel(tmp_path / "a"), tmp_path / "b")
        files = sorted(path.name for path in (tmp_path / "a").iterdir())
        assert files == [
            "findings.csv",
            "judgements.csv",
            "manifest.json",
            "neighbours.csv",
            "observations.csv",
            "releases.csv",
        ]
        for name in files:
            content = (tmp_path / "a" / name).read_bytes()
            assert content == (tmp_path / "b" / name).read_bytes()
            assert b"\r" not in content

    def test_manifest(self, tmp_path: Path) -> None:
        sources = [{"path": "c1.csv", "sha256": "0" * 64, "recognised_as": "C1", "rows": 2}]
        write_panel(make_panel(*self.rows, manifest={"sources": sources}), tmp_path / "panel")
        manifest = json.loads((tmp_path / "panel" / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["format"] == 1
        assert manifest["sources"] == sources
        assert manifest["files"]["observations.csv"]["rows"] == 4
        assert "Open Government Licence v3.0" in manifest["attribution"]
        assert read_panel(tmp_path / "panel").manifest == manifest

    def test_an_extended_register_travels_with_the_panel(self, tmp_path: Path) -> None:
        more = {
            "authorities": pd.DataFrame(
                {
                    "la_code": ["936", "950", "951"],
                    "la_name": ["", "East Surrey", "West Surrey"],
                    "region": ["", "South East", "South East"],
                    "la_type": ["", "unitary authority", "unitary authority"],
                    "opened": ["", "2027-04-01", "2027-04-01"],
                    "closed": ["2027-04-01", "", ""],
                }
            ),
            "reorganisations": pd.DataFrame(
                {
                    "date": ["2027-04-01"] * 2,
                    "predecessor": ["936"] * 2,
                    "successor": ["950", "951"],
                    "kind": ["split"] * 2,
                }
            ),
        }
        panel = make_panel(observation(), register=REGISTER.extended(more))
        write_panel(panel, tmp_path / "panel")
        assert not (tmp_path / "panel" / "area_codes.csv").exists()
        back = read_panel(tmp_path / "panel")
        assert_same_panel(back, panel)
        assert back.as_of("2027-04-01").existing_code("East Surrey") == "950"

    def test_load_by_path(self, tmp_path: Path) -> None:
        panel = make_panel(*self.rows)
        write_panel(panel, tmp_path / "panel")
        assert_same_panel(load_panel(str(tmp_path / "panel")), panel)
        with pytest.warns(DataQualityWarning, match="is not known, although reports up to 2026"):
            read = load_judgements(tmp_path / "panel")
        pd.testing.assert_frame_equal(read, panel.judgements)


class TestOverwriting:
    panel = make_panel(observation())

    def test_an_empty_folder_is_filled(self, tmp_path: Path) -> None:
        (tmp_path / "panel").mkdir()
        write_panel(self.panel, tmp_path / "panel")
        assert len(read_panel(tmp_path / "panel").observations) == 1

    def test_a_panel_is_kept_unless_told(self, tmp_path: Path) -> None:
        write_panel(self.panel, tmp_path / "panel")
        with pytest.raises(PanelError, match=r"not empty: .*allow it to be overwritten"):
            write_panel(make_panel(), tmp_path / "panel")
        assert len(read_panel(tmp_path / "panel").observations) == 1
        write_panel(make_panel(), tmp_path / "panel", overwrite=True)
        assert read_panel(tmp_path / "panel").observations.empty
        assert [path.name for path in tmp_path.iterdir()] == ["panel"]

    def test_what_is_no_panel_is_never_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
        for target in (tmp_path, tmp_path / "notes.txt"):
            with pytest.raises(PanelError, match="Choose another folder"):
                write_panel(self.panel, target, overwrite=True)
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_a_panel_with_a_file_of_the_users_is_not_replaced(self, tmp_path: Path) -> None:
        write_panel(self.panel, tmp_path / "panel")
        (tmp_path / "panel" / "notes.txt").write_text("mine", encoding="utf-8")
        with pytest.raises(PanelError, match=r"notes\.txt"):
            write_panel(self.panel, tmp_path / "panel", overwrite=True)
        assert (tmp_path / "panel" / "notes.txt").exists()

    def test_a_failure_leaves_nothing_and_takes_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_panel(self.panel, tmp_path / "panel")
        before = (tmp_path / "panel" / "observations.csv").read_bytes()
        rename = Path.rename

        def fail(path: Path, target: Path) -> Path:
            if path.name == "new":
                raise PermissionError(13, "in use")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail)
        with pytest.raises(PanelError, match=r"can't be written.*in use"):
            write_panel(make_panel(), tmp_path / "panel", overwrite=True)
        assert [path.name for path in tmp_path.iterdir()] == ["panel"]
        assert (tmp_path / "panel" / "observations.csv").read_bytes() == before

    def test_killed_between_its_two_moves(self, tmp_path: Path) -> None:
        """The panel that was there is back for whoever looks for it, a reader or the next build."""
        for look in (self.read, self.build):
            self.cut_short(tmp_path)
            look(tmp_path / "panel")
            assert len(read_panel(tmp_path / "panel").observations) == 1
            assert [path.name for path in tmp_path.iterdir()] == ["panel"]

    def cut_short(self, folder: Path) -> None:
        write_panel(self.panel, folder / "panel", overwrite=True)
        (folder / ".panel.work" / "new").mkdir(parents=True)
        (folder / "panel").rename(folder / ".panel.work" / "old")

    def read(self, target: Path) -> None:
        assert len(read_panel(target).observations) == 1

    def build(self, target: Path) -> None:
        with pytest.raises(PanelError, match=r"not empty: .*allow it to be overwritten"):
            write_panel(make_panel(), target)

    def test_where_it_can_not_be_brought_back(self, tmp_path: Path, monkeypatch) -> None:
        self.cut_short(tmp_path)
        monkeypatch.setattr("earlywarn.panel.storage._TRIES", 1)
        monkeypatch.setattr(Path, "rename", mock.Mock(side_effect=PermissionError(13, "denied")))
        with pytest.raises(PanelError, match=r"earlier panel in .*\.panel\.work.old: move it back"):
            read_panel(tmp_path / "panel")

    def test_read_while_another_takes_its_place(self, tmp_path: Path, monkeypatch) -> None:
        target, read = tmp_path / "panel", Path.read_bytes
        write_panel(self.panel, target)

        def replaced(path: Path) -> bytes:
            monkeypatch.setattr(Path, "read_bytes", read)
            write_panel(make_panel(), target, overwrite=True)
            return read(path)

        monkeypatch.setattr(Path, "read_bytes", replaced)
        assert len(read_panel(target).observations) == len(make_panel().observations) == 0

    def test_two_at_once(self, tmp_path: Path) -> None:
        lock, said = tmp_path / ".panel.work" / "lock", "another run is at work here"
        with owned(lock), pytest.raises(UsageError, match=said):
            write_panel(self.panel, tmp_path / "panel")
        write_panel(self.panel, tmp_path / "panel")
        assert [path.name for path in tmp_path.iterdir()] == ["panel"]


class TestDamage:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_panel(make_panel(observation(), observation(period=2023)), tmp_path / "panel")
        return tmp_path / "panel"

    def test_windows_line_ends_do_no_harm(self, folder: Path) -> None:
        path = folder / "observations.csv"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert len(read_panel(folder).observations) == 2

    def test_changed_file(self, folder: Path) -> None:
        path = folder / "observations.csv"
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(PanelError, match=r"observations.csv: .* was changed") as caught:
            read_panel(folder)
        assert "expected 2 rows" in str(caught.value)

    def test_missing_file(self, folder: Path) -> None:
        (folder / "neighbours.csv").unlink()
        with pytest.raises(PanelError, match=r"neighbours.csv: a file of the panel is missing"):
            read_panel(folder)

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 2, "files": {}}'])
    def test_manifest_of_another_kind(self, folder: Path, text: str) -> None:
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        with pytest.raises(PanelError, match=r"manifest.json: .*of format 1.*update earlywarn"):
            read_panel(folder)

    def test_no_panel(self, tmp_path: Path, folder: Path) -> None:
        with pytest.raises(PanelError, match=r"not a panel folder: .*earlywarn build"):
            read_panel(tmp_path)
        shutil.rmtree(folder)
        with pytest.raises(PanelError, match="there is no such folder"):
            read_panel(folder)

    @pytest.mark.parametrize(
        ("good", "bad", "message"),
        [
            ("period", "year", "no column period"),
            ("2022,100", "then,100", "o.csv: not a table of a panel"),
            (",100,published", ",many,published", "o.csv: not a table of a panel"),
            ("cin-2022", "cin-2099", "'cin-2099'"),
            ("301,rereferrals", "301,referrals", r"o.csv, line 3: .*twice.*la_code 301"),
        ],
    )
    def test_malformed_table(self, good: str, bad: str, message: str) -> None:
        frame = observations(observation(), observation(measure="rereferrals"))
        text = observations_text(frame, RELEASES)
        assert good in text
        with pytest.raises(PanelError, match=message):
            observations_from(text.replace(good, bad).encode(), RELEASES, "o.csv")


@pytest.fixture(scope="module")
def panel(real_data: Path) -> Panel:
    return read_published(real_data)


class TestJudgementsOfAPanel:
    def test_they_are_what_the_reader_of_any_form_gives(self, national: Panel) -> None:
        pd.testing.assert_frame_equal(national.judgements, load_judgements(), check_exact=True)

    @pytest.mark.parametrize(
        ("good", "bad", "message"),
        [
            (",Good,", ",Splendid,", "not a grade.*Splendid"),
            (",2018-03-05,", ",in spring,", "j.csv: not a table of a panel"),
            (",2018-03-05,", ",,", "not a date"),
            ("la_code,", "council,", "j.csv: not a table of a panel.*la_code"),
        ],
    )
    def test_malformed(self, good: str, bad: str, message: str) -> None:
        text = (
            f"{','.join(JUDGEMENT_COLUMNS)}\n"
            "301,ILACS,2018-03-05,2018-04-20,Good,Good,Good,Good,,standard,day,report\n"
        )
        assert len(judgements_from(text.encode(), "j.csv")) == 1
        with pytest.raises(EarlyWarnError, match=message):
            judgements_from(text.replace(good, bad, 1).encode(), "j.csv")


class TestRealFiles:
    def test_round_trip(self, panel: Panel, tmp_path: Path) -> None:
        write_panel(panel, tmp_path / "panel")
        assert_same_panel(read_panel(tmp_path / "panel"), panel)

    def test_a_day_without_a_release_is_an_assumed_one(self, panel: Panel) -> None:
        lines = observations_text(panel.observations, panel.releases).splitlines()[1:]
        names = {line.split(",")[8] for line in lines}
        assert {"cin-2024", "csww-2017", "pop-2024"} <= names
        assert all(name.endswith("?") for name in names if name[0].isdigit())
        assert not [line for line in lines if line.split(",")[9][0].isdigit()]

    def test_judgements_come_along(self, panel: Panel) -> None:
        assert len(panel.judgements) == 439
        assert panel.as_of("2018-01-01").judgements["framework"].unique().tolist() == ["SIF"]

    @pytest.mark.parametrize(
        ("day", "referrals", "workforce"),
        [("2022-10-26", 2021, 2021), ("2022-10-27", 2022, 2021), ("2023-02-23", 2022, 2022)],
    )
    def test_newest_periods(self, panel: Panel, day: str, referrals: int, workforce: int) -> None:
        figures = panel.as_of(day).observations.groupby("measure")["period"].max()
        assert (figures["referrals"], figures["turnover"]) == (referrals, workforce)

    def test_the_first_release_is_used_where_it_is_to_be_had(self, panel: Panel) -> None:
        figures = panel.as_of("2023-03-01").observations
        turnover = figures[(figures["measure"] == "turnover") & (figures["period"] >= 2017)]
        assert set(turnover["source"]) == {"CSWW 2022"}
        assert not turnover["restated"].any()

    def test_without_judgements(self, real_data: Path, tmp_path: Path) -> None:
        name = "b1_children_in_need_2013_to_2025.csv"
        shutil.copy(real_data / "published" / name, tmp_path / name)
        panel = read_published(tmp_path)
        assert panel.judgements.empty
        assert panel.as_of("2024-01-01").judgements.empty


def test_check_judgements_keeps_columns_and_index() -> None:
    frame = judgements(judgement(), judgement(la_code="302")).set_axis([5, 9])
    checked = check_judgements(frame.assign(extra=1))
    assert checked.index.tolist() == [5, 9]
    assert "extra" in checked.columns


def test_an_old_panel_that_can_not_be_removed_is_said(tmp_path: Path, monkeypatch) -> None:
    target = tmp_path / "panel"
    write_panel(make_panel(), target)
    remove = shutil.rmtree

    def stuck(path, **given):
        if Path(path).name != "old":
            remove(path, **given)

    monkeypatch.setattr(shutil, "rmtree", stuck)
    with pytest.warns(LeftBehindWarning, match=r"\.panel\.work.old is left; remove it by hand"):
        write_panel(make_panel(), target, overwrite=True)
    assert len(read_panel(target).judgements) == 1
