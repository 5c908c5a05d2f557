"""Files held against what is known: the true ones say nothing, every change is named."""

from __future__ import annotations

import shutil
import warnings
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.published import write_table

from earlywarn.errors import DataQualityWarning, PanelError
from earlywarn.panel.known import (
    check_figures_known,
    check_neighbours_known,
)
from earlywarn.panel.known_judgements import check_judgements_known
from earlywarn.panel.panel import load_judgements
from earlywarn.panel.published import read_published

if TYPE_CHECKING:
    from pathlib import Path

    from earlywarn.panel.panel import Panel
    from earlywarn.sources.schema import Finding

DAY = date(2025, 10, 30)
"""On which the tables on children in need of 2025 came out."""


def one_release(national: Panel) -> pd.DataFrame:
    """What the table C1 of that day says, as if it were read alone."""
    newest = national.as_of(DAY)
    figures = pd.concat([newest.observations, newest.england])
    measures = set(national.observations.query("source == 'C1 2025'")["measure"])
    rows = figures[figures["measure"].isin(measures) & figures["source"].str.startswith("C1")]
    return rows.drop(columns="restated").assign(vintage=DAY, source="C1 2025")


@pytest.fixture(scope="module")
def table(national: Panel) -> pd.DataFrame:
    return one_release(national).reset_index(drop=True)


@pytest.fixture(scope="module")
def held(national: Panel, table: pd.DataFrame):
    known = national.observations[national.observations["measure"].isin(set(table["measure"]))]

    def check(read: pd.DataFrame) -> list[Finding]:
        return check_figures_known(read, known, national.register)

    return check


def words(findings: list[Finding]) -> str:
    return " ".join(finding.message for finding in findings)


def warned(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "warning"]


def row_of(table: pd.DataFrame, code: str, measure: str, period: int) -> int:
    key = {"la_code": code, "measure": measure, "period": period}
    return int(np.flatnonzero(np.logical_and.reduce([table[k] == v for k, v in key.items()]))[0])


# --- figures -----------------------------------------------------------------


def test_what_is_known_is_said_again(national, table, held):
    assert len(table) > 7000
    assert held(table) == []
    every = national.observations
    assert check_figures_known(every, every, national.register) == []


@settings(max_examples=30)
@given(data=st.data())
def test_any_one_change_is_named(table, held, data):
    published = np.flatnonzero(table["value"].notna())
    at = int(data.draw(st.sampled_from(list(published))))
    field = data.draw(st.sampled_from(["value", "numerator", "denominator", "status", "row"]))
    row = table.loc[at]
    if field == "row":
        found = held(table.drop(index=at))
    else:
        changed = table.copy()
        factor = data.draw(st.sampled_from([1.001, 0.9, 10.0, np.nan]))
        one_more = row[field] * factor + (row[field] == 0) if field != "status" else "suppressed"
        if field == "denominator" and np.isnan(row[field]):
            one_more = 1.0
        changed.loc[at, field] = one_more
        found = held(changed)
    assert len(found) == 1
    assert found[0].severity == "warning"
    assert (found[0].period, found[0].column) == (row["period"], row["measure"])
    assert f"({row['la_code']})" in found[0].message


def test_a_figure_is_told_with_both_values(table, held):
    at = row_of(table, "383", "rereferrals", 2024)
    value = table.loc[at, "value"]
    (found,) = held(table.assign(value=table["value"].where(table.index != at, value + 1)))
    assert found.message == (
        f"value of rereferrals of Leeds (383) for 2024 is {value + 1:g}, and the release of "
        f"2025-10-30 is known to say {value:g}: download C1 2025 again"
    )


def test_millions_are_told_to_the_last_digit(national):
    every = national.observations
    at = row_of(every, "ENG", "population_0_17", 2024)
    changed = every["value"].where(every.index != at, every["value"] + 1)
    (found,) = check_figures_known(every.assign(value=changed), every, national.register)
    count = int(every.loc[at, "value"])
    assert f"is {count + 1}, and the release" in found.message
    assert f"known to say {count}:" in found.message


def test_two_authorities_exchanged(table, held):
    """Alike in size and in one region, in one year: within the file nothing shows it."""
    swap = {"390": "391", "391": "390"}
    year = table["period"] == 2024
    found = held(
        table.assign(la_code=table["la_code"].where(~year, table["la_code"].replace(swap)))
    )
    assert {finding.period for finding in found} == {2024}
    assert "Gateshead (390)" in words(found)
    assert len(found) > 5
    assert "more figures of" in words(found[5:])


def test_two_years_exchanged(table, held):
    other = table["period"].replace({2023: 2024, 2024: 2023})
    found = held(table.assign(period=other))
    assert {finding.period for finding in found} == {2023, 2024}


def test_all_years_moved_by_one(table, held):
    found = held(table.assign(period=table["period"] - 1, vintage=date(2024, 10, 31)))
    assert "value of" in words(found) or "numerator of" in words(found)
    assert min(finding.period for finding in found if finding.period > 0) <= 2013


def test_a_copy_without_its_newest_year_is_no_older_release(table, held):
    """It would be taken for the release of the year before, of which other figures are known."""
    cut = table[table["period"] < 2025].assign(vintage=date(2024, 10, 31))
    assert "is known to say" in words(held(cut))


def test_rows_that_are_gone_are_counted(table, held):
    found = held(table[(table["period"] != 2024) | (table["la_code"] < "330")])
    assert {finding.code for finding in found} == {"known-and-gone"}
    assert len(found) == table["measure"].nunique()
    more = int((table["period"].eq(2024) & (table["la_code"] >= "330")).sum() / len(found)) - 5
    assert f"and {more} more, which these files don't hold: were rows lost?" in found[0].message


def test_years_that_are_gone_are_a_note(table, held):
    (found,) = held(table[table["period"] > 2015])
    assert found.severity == "note"
    assert found.message.startswith(
        "C1 is also known for years that these files don't contain: assessed_not_in_need of 2013, "
        "2014, 2015; no_further_action of"
    )


def test_rows_of_another_authority(table, held):
    """Cumbria ended in 2023: its heir's figures of 2025 under its code are nobody's."""
    moved = table["la_code"].where(
        ~((table["la_code"] == "942") & (table["period"] == 2025)), "909"
    )
    found = held(table.assign(la_code=moved))
    assert "2025 of Cumbria (909) is not known, although the release is" in words(found)
    assert "2025 is known for Cumberland (942), which these files don't hold" in words(found)


def test_a_release_set_back_to_the_one_before_it(national, table, held):
    """What it only repeats is left out of a panel, so nothing of it would be left to look at."""
    known = national.observations
    of_table = known["source"].str.startswith("C1")
    released = known[of_table & (known["vintage"] == DAY) & (known["period"] < 2025)]
    assert len(released)
    every = known[known["measure"].isin(set(table["measure"]))]
    assert held(every) == []
    found = held(every.drop(index=released.index[:1]))
    (row,) = released.head(1).to_dict("records")
    assert [(one.severity, one.period, one.column) for one in found] == [
        ("warning", row["period"], row["measure"])
    ]
    assert f"({row['la_code']})" in found[0].message


def test_a_value_that_another_table_has(table, held):
    """A table read alone has none where the figures known come from another."""
    at = row_of(table, "383", "rereferrals", 2024)
    plain = table.assign(source="LAIT", numerator=np.nan, denominator=np.nan)
    plain.loc[at, ["value", "status"]] = np.nan, "unavailable"
    (found,) = warned(held(plain))
    assert found.message.startswith("value of rereferrals of Leeds (383) for 2024 is missing, and")


def test_the_newest_year_of_one_measure(table, held):
    lacking = (table["measure"] == "rereferrals") & (table["period"] == 2025)
    older = table["measure"] == "rereferrals"
    cut = table.assign(vintage=table["vintage"].where(~older, date(2024, 10, 31)))[~lacking]
    assert "rereferrals of 2025" in words(held(cut))


def test_a_newer_release_may_restate(table, held):
    newer = table.assign(vintage=DAY + timedelta(days=364), value=table["value"] * 1.01)
    assert held(newer) == []


def test_an_older_release_is_a_note(table, held):
    """So a table split into a file for each year is told: each part looks like a release."""
    older = table[table["period"] < 2015].assign(vintage=date(2014, 10, 30), source="C1 2014")
    found, years = held(older)
    assert found.severity == years.severity == "note"
    assert found.message.startswith("C1 2014 is taken for a release of 2014-10-30, older than")
    assert "0 of " in found.message
    found, _ = held(older.assign(value=older["value"] + 1))
    assert f"{older['value'].notna().sum()} of {len(older)} figures differ" in found.message


def test_another_table_may_leave_out_the_counts(table, held):
    plain = table.assign(source="LAIT", numerator=np.nan, denominator=np.nan)
    assert warned(held(plain)) == []
    assert len(warned(held(plain.assign(value=plain["value"] + 0.1)))) > 5


# --- neighbours --------------------------------------------------------------


def test_neighbours_exchanged(national):
    def found(read):
        return check_neighbours_known(read, national.neighbours, national.register)

    assert found(national.neighbours) == []
    of_leeds = (national.neighbours["la_code"] == "383") & (national.neighbours["model"] == 2025)
    two = national.neighbours.index[of_leeds][:2]
    other = national.neighbours.copy()
    other.loc[two, "neighbour_code"] = other.loc[two[::-1], "neighbour_code"].to_numpy()
    assert words(found(other)) == (
        "neighbours of Leeds (383) are not those known for the model of 2025"
    )
    (other_model,) = found(national.neighbours.query("model == 2021"))
    assert other_model.severity == "note"
    assert "are known for the model of 2025: no file has them" in other_model.message
    without = national.neighbours.query("la_code != '383' or model != 2025")
    assert [(one.severity, "Leeds (383)" in one.message) for one in found(without)] == [
        ("note", True)
    ]
    assert found(national.neighbours.head(0)) == []


# --- judgements --------------------------------------------------------------


def judged(national, read):
    return check_judgements_known(read, national.judgements, national.register)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("help_and_protection", "Inadequate", "help_and_protection Inadequate, and"),
        ("published_on", date(2025, 8, 20), "published_on 2025-08-20, and"),
        ("inspection_start", date(2025, 6, 23), "inspection_start 2025-06-23, and"),
        ("framework", "SIF", "framework SIF, and ILACS is known"),
        ("overall", None, "overall missing, and Outstanding is known"),
        ("inspection_type", "", "has inspection_type none, and short is known"),
    ],
)
def test_a_judgement_otherwise(national, column, value, said):
    frame = national.judgements
    at = frame.index[(frame["la_code"] == "383") & (frame["framework"] == "ILACS")][-1]
    assert frame.loc[at, "overall"] == "Outstanding"
    other = frame.copy()
    other.loc[at, column] = value
    (found,) = judged(national, other)
    assert (found.severity, found.la_code) == ("warning", "383")
    assert "the inspection of Leeds (383) of 2025-06-" in found.message
    assert said in found.message


def test_judgements_lost_and_invented(national):
    frame = national.judgements
    assert judged(national, frame) == []
    assert judged(national, frame.head(0)) == []
    at = frame.index[frame["la_code"] == "383"][-1]
    (found,) = judged(national, frame.drop(index=at))
    assert found.severity == "warning"
    assert ", 1 are not in the files: Leeds (383) of 2025-06-30" in found.message
    few = judged(national, frame.sort_values("published_on").iloc[::4])
    assert {finding.severity for finding in few} == {"note"}
    other = frame.copy()
    days = timedelta(days=-700)
    for day in ("inspection_start", "published_on"):
        other.loc[at, day] = other.loc[at, day] + days
    assert "is not known, although reports up to" in words(judged(national, other))


def test_judgements_lost_at_the_ends_of_a_table(national):
    """A table of most of the time is missed its first ones, any table its last ones."""
    by_day = national.judgements.sort_values("published_on")
    (early,) = judged(national, by_day.iloc[30:])
    assert early.severity == "warning"
    assert "inspections known with reports before" in early.message
    (late,) = judged(national, by_day.iloc[:-10])
    assert late.severity == "note"
    assert "of 10 inspections known with reports after 2026-0" in late.message
    of_two_years = by_day.iloc[-60:].query("framework == 'ILACS'").iloc[:-1]
    first, newest = judged(national, of_two_years)
    assert "of 62 inspections known of" in first.message
    assert "reports after" in newest.message


def test_a_file_must_hold_what_is_known_of_its_name(national, tmp_path):
    """Few rows of many may be another kind of table, but not one of the same file."""
    known = national.judgements
    (source,) = {one for one in known["source"] if "2026-08" in one}
    of_it = known[known["source"] == source].sort_values("published_on")
    file = tmp_path / source.split("/")[-1]
    kept = of_it.iloc[3:].drop(columns="source")
    kept.to_csv(file, index=False)
    with pytest.warns(
        DataQualityWarning, match=rf"of {len(of_it)} inspections known of {file.name}, 3 are"
    ):
        load_judgements(file)
    with pytest.warns(DataQualityWarning, match=r"3 are not there"):
        load_judgements(tmp_path)
    file.unlink()
    kept.to_csv(file.with_name("renamed.csv"), index=False)
    with pytest.warns(DataQualityWarning, match=rf"of {len(of_it)} .*{file.name}, 3 are not there"):
        load_judgements(tmp_path)
    several = of_it.head(9).drop(columns="source")
    several.to_csv(file.with_name("renamed.csv"), index=False)
    with pytest.warns(DataQualityWarning, match="1 doubt about judgements: of .* reports after"):
        load_judgements(tmp_path)


def test_new_judgements_are_no_doubt(national):
    last = national.judgements["published_on"].max()
    later = {"published_on": last + timedelta(1), "inspection_start": last - timedelta(40)}
    assert judged(national, national.judgements.tail(1).assign(**later)) == []


# --- through the doors -------------------------------------------------------


def test_judgements_of_a_file_are_held_against_those_that_ship(national, tmp_path):
    frame = national.judgements
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    frame.to_csv(good, index=False)
    assert len(load_judgements(good)) == len(frame)
    frame.drop(index=frame.index[100]).to_csv(bad, index=False)
    assert len(load_judgements(bad, alone=False)) == len(frame) - 1
    with pytest.warns(
        DataQualityWarning, match="of 492 inspections known .* are not in the files.*alone=False"
    ):
        load_judgements(bad)
    frame.sort_values("published_on").head(-10).to_csv(bad, index=False)
    with pytest.warns(DataQualityWarning, match="of 10 inspections known with reports after"):
        load_judgements(bad)


def test_what_is_known_is_a_panel(tmp_path):
    write_table(tmp_path, "D3", [2025])
    with pytest.raises(PanelError, match=r"known: a Panel is needed: found of type str"):
        read_published(tmp_path, known="x")  # type: ignore[arg-type]


def test_one_digit_of_a_published_table(real_data: Path, tmp_path, national):
    """A digit that leaves the sums within their rounding: only what is known shows it."""
    name = "c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv"
    shutil.copy(real_data / "published" / name, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = read_published(tmp_path)
    assert "warning" not in set(whole.findings["severity"])
    at = row_of(whole.observations, "383", "referrals", 2025)
    count = f"{whole.observations.loc[at, 'numerator']:.0f}"
    text = (tmp_path / name).read_text(encoding="utf-8-sig")
    line = next(row for row in text.split("\n") if row.startswith("2025") and ",Leeds," in row)
    assert line.count(f",{count},") == 1
    wrong = line.replace(f",{count},", f",{int(count) + 1},")
    (tmp_path / name).write_text(text.replace(line, wrong), encoding="utf-8")
    with pytest.warns(DataQualityWarning, match=rf"is {int(count) + 1}, .* known to say {count}"):
        read_published(tmp_path)
    # Held against itself, there is nothing to say.
    assert "unlike-the-known" not in set(
        read_published(tmp_path, known=quiet(tmp_path)).findings["code"]
    )


def quiet(folder: Path) -> Panel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        return read_published(folder)
