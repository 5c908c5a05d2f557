"""Targets, cohorts and labels: yes, no, and unknown where it can't be told."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlywarn.errors import OutcomeError
from earlywarn.indicators.build import history_of
from earlywarn.judgements.reading import read_judgements
from earlywarn.judgements.targets import (
    AREAS,
    CORE,
    GRADES,
    TARGETS,
    Target,
    cohort,
    derived_grade,
    get_target,
    previous_judgement,
)
from earlywarn.panel.panel import load_judgements

ANY, OVERALL, HELP = "any_inadequate", "overall_inadequate", "help_and_protection_inadequate"
O, G, R, I = GRADES  # noqa: E741 - the grades by their first letters, worst last


def inspections(*rows: dict[str, Any]) -> pd.DataFrame:
    """Judgements of one authority each a year, all Good unless told otherwise."""
    usual = {"la_code": "301", "framework": "ILACS", "overall": G, **dict.fromkeys(AREAS, G)}
    full = [
        {
            **usual,
            "inspection_start": date(2019 + n, 3, 4),
            "published_on": date(2019 + n, 4, 29),
            **row,
        }
        for n, row in enumerate(rows)
    ]
    return pd.DataFrame(full, dtype=object)


def label(name: str, **row: Any) -> float:
    return float(get_target(name).label(inspections(row)).iloc[0])


def grade(name: str, **row: Any) -> float:
    return float(get_target(name).grade(inspections(row)).iloc[0])


NO_AREAS = dict.fromkeys(AREAS)


class TestLabels:
    @pytest.mark.parametrize("area", AREAS)
    def test_one_area_is_enough(self, area: str) -> None:
        assert label(ANY, **{area: I}) == 1.0
        assert label(ANY, **{area: R}) == 0.0

    def test_overall_inadequate_is_always_one(self) -> None:
        assert label(ANY, overall=I, **NO_AREAS) == 1.0
        assert label(ANY, overall=I) == 1.0

    @pytest.mark.parametrize("missing", AREAS)
    def test_the_areas_that_are_known_decide(self, missing: str) -> None:
        assert label(ANY, framework="SIF", **{missing: None}) == 0.0
        other = next(area for area in AREAS if area != missing)
        assert label(ANY, framework="SIF", **{missing: None, other: I}) == 1.0

    def test_without_overall_the_areas_decide(self) -> None:
        late = {"overall": None, "published_on": date(2026, 6, 1)}
        assert label(ANY, **late) == 0.0
        assert label(ANY, **late, leadership=I) == 1.0

    @pytest.mark.parametrize("overall", [O, G, R, None])
    def test_without_areas_it_can_not_be_told(self, overall: str | None) -> None:
        assert pd.isna(label(ANY, overall=overall, **NO_AREAS))
        assert pd.isna(grade(ANY, overall=overall, **NO_AREAS))

    def test_targets_of_one_grade(self) -> None:
        assert label(OVERALL, overall=I) == 1.0
        assert label(OVERALL, leadership=I) == 0.0
        assert pd.isna(label(OVERALL, overall=None))
        assert label(HELP, help_and_protection=I) == 1.0
        assert label(HELP, overall=I) == 0.0
        assert pd.isna(label(HELP, help_and_protection=None))

    def test_the_index_is_kept(self) -> None:
        rows = inspections({}, {"in_care": I}).set_axis([7, 3])
        assert get_target(ANY).label(rows).to_dict() == {7: 0.0, 3: 1.0}
        assert get_target(ANY).label(rows).name == ANY

    def test_no_inspections(self) -> None:
        none = inspections({}).iloc[:0]
        for target in TARGETS.values():
            assert target.label(none).dtype == target.grade(none).dtype == "float64"


class TestGrades:
    @pytest.mark.parametrize(("word", "number"), list(zip(GRADES, range(4), strict=True)))
    def test_of_one_column(self, word: str, number: int) -> None:
        assert grade(OVERALL, overall=word) == number
        assert grade(HELP, help_and_protection=word) == number

    def test_of_any_inadequate(self) -> None:
        assert grade(ANY, overall=R, care_leavers=I) == 3.0
        assert grade(ANY, overall=G, care_leavers=R) == 1.0
        late = {"published_on": date(2026, 6, 1), "overall": None}
        assert grade(ANY, **late, in_care=R, leadership=O) == 2.0
        assert grade(ANY, **late, **dict.fromkeys(AREAS, O)) == 0.0

    grades = st.sampled_from([*GRADES, None])

    @settings(deadline=None)
    @given(st.fixed_dictionaries(dict.fromkeys(("overall", *AREAS), grades)))
    def test_grade_and_label_agree(self, row: dict[str, Any]) -> None:
        for name in TARGETS:
            told, rank = label(name, **row), grade(name, **row)
            assert pd.isna(told) == pd.isna(rank)
            assert pd.isna(told) or (told == 1.0) == (rank == 3.0)

    @settings(deadline=None)
    @given(st.fixed_dictionaries(dict.fromkeys(("overall", *AREAS), grades)))
    def test_any_contains_the_others(self, row: dict[str, Any]) -> None:
        if 1.0 in (label(OVERALL, **row), label(HELP, **row)):
            assert label(ANY, **row) == 1.0


class TestTargets:
    def test_names(self) -> None:
        assert list(TARGETS) == [ANY, OVERALL, HELP]
        assert all(name == target.name for name, target in TARGETS.items())
        assert get_target(ANY).columns == AREAS
        assert [t.needs_overall for t in TARGETS.values()] == [False, True, False]

    def test_frozen(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            get_target(ANY).version = 2  # type: ignore[misc]
        with pytest.raises(TypeError):
            TARGETS["mine"] = get_target(ANY)  # type: ignore[index]

    def test_a_target_is_given_back(self) -> None:
        mine = Target("leadership", 1, "Leadership judged Inadequate", ("leadership",), False)
        assert get_target(mine) is mine
        assert mine.label(inspections({"leadership": I})).tolist() == [1.0]

    def test_unknown_name(self) -> None:
        with pytest.raises(OutcomeError) as caught:
            get_target("overall")
        for part in ("'overall'", ANY, OVERALL, HELP):
            assert part in str(caught.value)

    @pytest.mark.parametrize("method", ["label", "grade"])
    def test_overall_is_refused_where_none_is_given_any_more(self, method: str) -> None:
        began = {"inspection_start": date(2026, 4, 1), "published_on": date(2026, 5, 1)}
        rows = inspections({}, {"overall": None, **began})
        with pytest.raises(OutcomeError) as caught:
            getattr(get_target(OVERALL), method)(rows)
        for part in (OVERALL, "1 inspections", "2026-04-01", "301", "Use any_inadequate"):
            assert part in str(caught.value)

    def test_overall_missing_before_that_day_is_unknown(self) -> None:
        assert pd.isna(label(OVERALL, overall=None, published_on=date(2026, 5, 31)))

    def test_short_words_are_refused(self) -> None:
        with pytest.raises(OutcomeError, match=r"'in_care', row 0: not a grade: found 'RI'"):
            label(ANY, in_care="RI")

    def test_missing_columns_are_refused(self) -> None:
        rows = inspections({}).drop(columns=["in_care", "framework"])
        with pytest.raises(OutcomeError, match="no framework, in_care"):
            get_target(ANY).label(rows)


class TestCohort:
    rows = inspections({"la_code": "302"}, {}, {"published_on": date(2021, 9, 1)})

    def test_until_counts_publication_not_start(self) -> None:
        assert cohort(self.rows, until="2021-08-31")["la_code"].tolist() == ["302", "301"]
        assert len(cohort(self.rows, until=date(2021, 9, 1))) == 3

    def test_since_and_until_are_included(self) -> None:
        some = cohort(self.rows, since="2020-04-29", until="2020-04-29")
        assert some["inspection_start"].tolist() == [date(2020, 3, 4)]

    def test_sorted_with_a_fresh_index(self) -> None:
        some = cohort(self.rows.iloc[::-1])
        assert some["inspection_start"].is_monotonic_increasing
        assert some.index.tolist() == [0, 1, 2]

    def test_dates_as_text_and_times(self) -> None:
        text = self.rows.assign(published_on=self.rows["published_on"].astype(str))
        assert cohort(text, until=datetime.fromisoformat("2021-08-31T12:00")).equals(
            cohort(self.rows, until="2021-08-31")
        )

    @pytest.mark.parametrize("bad", ["2021", "2021-08", "2021-W34", "31/13/2021", 2021, pd.NaT])
    def test_what_is_no_date(self, bad: Any) -> None:
        with pytest.raises(OutcomeError, match="until: not a date"):
            cohort(self.rows, until=bad)

    def test_a_bad_date_in_the_frame(self) -> None:
        with pytest.raises(OutcomeError, match="judgements, column 'published_on'"):
            cohort(self.rows.assign(published_on="soon"))


class TestPreviousJudgement:
    rows = inspections(
        {"overall": R},
        {"overall": None, "in_care": I},
        {"la_code": "302", "overall": O},
        {"la_code": "302", "published_on": date(2025, 1, 1)},
    )

    def test_the_last_one_published(self) -> None:
        held = previous_judgement(self.rows, "2022-12-31", ["302", "301", "303"])
        assert held.index.tolist() == ["302", "301", "303"]
        assert held.loc["302", "previous_judgement"] == G  # the areas, under an overall O
        assert held.loc["302", "previous_overall"] == O
        assert held.loc["302", "previous_inspection"] == date(2021, 3, 4)
        assert held.loc["302", "previous_published_on"] == date(2021, 4, 29)
        assert held.loc["303"].isna().all()

    def test_worst_area_where_there_is_no_overall(self) -> None:
        held = previous_judgement(self.rows, "2022-12-31", ["301"]).iloc[0]
        assert (held["previous_judgement"], held["in_care"], held["leadership"]) == (I, I, G)

    def test_a_report_counts_from_its_day(self) -> None:
        def held(day: str) -> object:
            return previous_judgement(self.rows, day, ["301"])["previous_judgement"].iloc[0]

        assert pd.isna(held("2019-04-28"))
        assert [held(day) for day in ("2019-04-29", "2020-04-28", "2020-04-29")] == [G, G, I]

    def test_the_last_published_is_held_though_another_started_later(self) -> None:
        long = {
            "inspection_start": date(2019, 1, 7),
            "published_on": date(2021, 2, 1),
            "leadership": R,
        }
        held = previous_judgement(inspections(long, {}), "2021-12-31", ["301"])
        assert held["previous_judgement"].tolist() == [R]

    def test_nothing_published(self) -> None:
        held = previous_judgement(self.rows.iloc[:0], "2020-01-01", ["301"])
        assert held.index.tolist() == ["301"]
        assert held.isna().all(axis=None)


class TestOneScale:
    """The derived grade is the same whether or not a report gives an overall grade."""

    @settings(deadline=None)
    @given(
        st.fixed_dictionaries(dict.fromkeys(AREAS, st.sampled_from(GRADES))),
        st.sampled_from([O, G, R]),
    )
    def test_an_overall_grade_changes_nothing(self, row: dict[str, Any], overall: str) -> None:
        with_it, without = (inspections({**row, "overall": given}) for given in (overall, None))
        assert derived_grade(with_it).equals(derived_grade(without))

    def test_no_past_report_changes_its_last_grade_without_an_overall_grade(self) -> None:
        rows = load_judgements()
        assert rows["overall"].notna().sum() > 400
        # One report of 2016 is known from the press alone: its overall grade and one area.
        part = rows[list(CORE)].isna().any(axis=1) & (rows["overall"] == "Inadequate")
        assert rows.loc[part, "source"].tolist() == ["press reports"]
        bare = rows.assign(overall=rows["overall"].where(part))
        codes = sorted(set(rows["la_code"]))
        for day in ("2018-06-30", "2021-06-30", "2024-06-30", "2026-08-31"):
            both = [previous_judgement(frame, day, codes) for frame in (rows, bare)]
            assert history_of(both[0]).equals(history_of(both[1]))

    def test_care_leavers_count_when_inadequate_only(self) -> None:
        assert derived_grade(inspections({"care_leavers": R})).tolist() == [1.0]
        assert derived_grade(inspections({"care_leavers": I})).tolist() == [3.0]
        assert derived_grade(inspections({"in_care": R, "overall": G})).tolist() == [2.0]


class TestRealJudgements:
    """Counts checked against the reports and Ofsted's table of 31 March 2025."""

    def test_events(self, real_data: Path) -> None:
        rows = read_judgements(real_data)
        events = rows.assign(
            any=get_target(ANY).label(rows), overall_only=get_target(OVERALL).label(rows)
        ).groupby("framework")[["any", "overall_only"]]
        assert events.sum().loc["SIF"].tolist() == [45, 40]
        assert events.sum().loc["ILACS"].tolist() == [39, 35]
        assert events.count().loc["SIF"].tolist() == [168, 168]
        assert events.count().loc["ILACS"].tolist() == [271, 271]

    def test_any_contains_every_overall(self, real_data: Path) -> None:
        rows = read_judgements(real_data)
        overall = rows[rows["overall"] == I]
        assert get_target(ANY).label(overall).tolist() == [1.0] * 75

    def test_the_four_ilacs_reports_that_an_area_alone_makes(self, real_data: Path) -> None:
        rows = cohort(read_judgements(real_data / "published"))
        beyond = rows[(get_target(ANY).label(rows) == 1.0) & (rows["overall"] != I)]
        told = [(row.la_code, row.inspection_start.year) for row in beyond.itertuples()]
        assert told == [("884", 2018), ("837", 2018), ("371", 2022), ("871", 2023)]

    def test_previous_judgement_is_of_its_day(self, real_data: Path) -> None:
        rows = read_judgements(real_data)
        held = previous_judgement(rows, "2018-06-30", sorted(set(rows["la_code"])))
        dates = held["previous_published_on"].dropna()
        public = rows[[day <= date(2018, 6, 30) for day in rows["published_on"]]]
        assert sorted(dates.index) == sorted(set(public["la_code"]))
        assert len(dates) == 148
        assert max(dates) <= date(2018, 6, 30)
