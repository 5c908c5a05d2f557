"""Earlier releases: a past day shows what was known then, and the panel that ships has them."""

from __future__ import annotations

import csv
import gzip
import shutil
import warnings
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from earlywarn.errors import DataQualityWarning, OutcomeError
from earlywarn.indicators.build import last_judgements
from earlywarn.judgements.reading import read_judgements
from earlywarn.judgements.targets import previous_judgement
from earlywarn.panel.panel import Panel
from earlywarn.sources.folder import read_folder
from earlywarn.sources.schema import Published


@pytest.fixture(scope="module")
def vintages(real_data: Path) -> Path:
    place = real_data.parent / "vintages"
    if not place.is_dir():
        pytest.skip(f"the earlier releases are not at {place}")
    return place


@pytest.fixture(scope="module")
def later_reports(real_data: Path) -> Path:
    place = real_data.parent / "judgements"
    if not place.is_dir():
        pytest.skip(f"the judgements since April 2025 are not at {place}")
    return place


def column(path: Path, name: str, year: str, where: str = "") -> dict[str, float]:
    """An independent reading of one column: code -> number, where there is one."""
    with path.open(encoding="utf-8-sig") as stream:
        rows = [row for row in csv.DictReader(stream) if row["time_period"] == year]
    rows = [row for row in rows if not where or where in row.values()]
    texts = {row["old_la_code"]: row[name] for row in rows if row["old_la_code"]}
    return {code: float(text) for code, text in texts.items() if text[:1].isdigit()}


def on(panel: Panel, day: str, measure: str, period: int) -> dict[str, float]:
    figures = panel.as_of(day).observations
    rows = figures[(figures["measure"] == measure) & (figures["period"] == period)]
    rows = rows[rows["value"].notna() & ~rows["joint"]]
    return dict(zip(rows["la_code"], rows["value"], strict=True))


CELLS = [
    ("2023-11-01", "rereferrals", 2023, "2023-10-26/c1*.csv", "Re_referrals_percent", ""),
    ("2024-12-01", "rereferrals", 2024, "2024-10-31/c1*.csv", "Re_referrals_percent", ""),
    ("2024-12-01", "rereferrals", 2019, "2024-10-31/c1*.csv", "Re_referrals_percent", ""),
    ("2024-12-01", "repeat_plans", 2024, "2024-10-31/d3*.csv", "CPP_subsequent_percent", ""),
    ("2023-12-01", "looked_after", 2023, "2023-11-17/cla*.csv", "rate_per_10000", "after at"),
    ("2024-12-01", "looked_after", 2023, "2024-11-14/cla*.csv", "rate_per_10000", "after at"),
    ("2024-06-30", "vacancies", 2023, "2024-02-29/csww*.csv", "vacancy_rate_fte", ""),
]  # fmt: skip


@pytest.mark.parametrize(("day", "measure", "period", "file", "name", "kind"), CELLS)
def test_a_past_day_shows_what_was_published_then(
    national: Panel, vintages: Path, day: str, measure: str, period: int, file: str, name: str,
    kind: str,
) -> None:  # fmt: skip
    path = next(vintages.glob(file))
    where = f"Children looked {kind} 31 March each year" if kind else ""
    published = column(path, name, str(period), where)
    shown = on(national, day, measure, period)
    both = published.keys() & shown.keys()
    assert len(both) >= 140
    assert {code: shown[code] for code in both} == {code: published[code] for code in both}


def test_restated_only_where_no_first_published_value_exists(national: Panel) -> None:
    counts = {day: national.as_of(day).restated for day in ("2024-12-01", "2025-12-01")}
    assert counts["2024-12-01"] < 2000
    assert counts["2025-12-01"] == 0
    later = national.observations
    assert later.groupby(["la_code", "measure", "period"])["vintage"].nunique().max() >= 3


def test_later_tables_stood_in_the_files_of_november(national: Panel) -> None:
    for day, period in (("2024-11-20", 2024), ("2025-11-25", 2025)):
        figures = national.as_of(day).observations
        newest = figures[figures["value"].notna()].groupby("measure")["period"].max()
        for measure in ("placement_instability", "health_checks", "care_leavers_active"):
            assert newest[measure] == period


def read_quietly(folder: Path) -> Published:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        return read_folder(folder)


def test_releases_together_in_any_form_and_by_any_name(vintages: Path, tmp_path: Path) -> None:
    """Renamed, in gzip and in a zip, in another order: the figures are the same."""
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.mkdir()
    packed.mkdir()
    files = sorted([*vintages.glob("*/c1*.csv"), *vintages.glob("*/cla*.csv")])
    assert len(files) == 4
    for number, path in enumerate(files):
        shutil.copy(path, plain / f"{number}.csv")
        name = f"z{9 - number}"
        if number % 2:
            (packed / f"{name}.data").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        else:
            with zipfile.ZipFile(packed / f"{name}.zip", "w") as archive:
                archive.write(path, "data/table.csv")
                archive.writestr("notes/readme.txt", "about, this\n")
    one, other = read_quietly(plain), read_quietly(packed)
    pd.testing.assert_frame_equal(one.observations, other.observations)
    assert {record.recognised_as for record in other.files} == {"C1", "CLA"}
    assert other.findings["file"].str.contains("readme.txt").sum() == 2
    assert one.observations["vintage"].nunique() == 4


def test_the_judgements_to_august_2026(national: Panel, later_reports: Path) -> None:
    frame = read_judgements(later_reports)
    assert (len(frame), set(frame["framework"])) == (62, {"ILACS"})
    assert set(frame["inspection_type"]) == {"short", "standard"}
    without = frame[frame["overall"].isna()]
    assert len(without) > 0
    assert min(without["inspection_start"]) >= date(2026, 4, 1)
    late = frame[frame["published_on"] >= date(2026, 4, 1)]
    assert late["overall"].notna().any()  # begun before April 2026: the day of report says nothing
    assert len(national.judgements) == 439 + 53
    assert max(national.judgements["published_on"]) == date(2026, 8, 20)


def test_the_same_inspection_in_two_files_is_one(
    real_data: Path, later_reports: Path, tmp_path: Path
) -> None:
    yearly = next((real_data / "published").glob("LA_Inspection*.ods"))
    shutil.copy(yearly, tmp_path)
    new = shutil.copy(next(later_reports.glob("*.csv")), tmp_path / "new.csv")
    assert len(read_judgements(tmp_path)) == 271 + 53
    text = Path(new).read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "camden,short,2025-03-03" in line)
    changed = line.replace("Outstanding", "Good", 2)
    Path(new).write_text(text.replace(line, changed), encoding="utf-8")
    with pytest.raises(OutcomeError, match=r"new\.csv.* and Good|Good and .*new\.csv") as caught:
        read_judgements(tmp_path)
    assert "given twice, with another overall" in str(caught.value)


def test_a_missing_overall_grade_of_before_april_2026(later_reports: Path, tmp_path: Path) -> None:
    text = next(later_reports.glob("*.csv")).read_text(encoding="utf-8")
    path = tmp_path / "new.csv"
    path.write_text(text.replace("2025-04-15,Outstanding", "2025-04-15,", 1), encoding="utf-8")
    with pytest.raises(OutcomeError, match="there is no overall grade") as caught:
        read_judgements(path)
    assert "began on 2025-03-03" in str(caught.value)


def test_successors_hold_the_judgement_of_what_they_were_made_of(national: Panel) -> None:
    codes = ["940", "941", "942", "943", "838", "839"]
    held = previous_judgement(national.judgements, "2021-06-30", codes, national.register)
    assert held["previous_judgement"].tolist()[:2] == ["Inadequate", "Inadequate"]
    assert held["previous_inspection"].tolist()[0] == date(2019, 6, 17)
    assert pd.isna(held.loc["839", "previous_judgement"])  # merged: no part speaks for the whole
    alone = previous_judgement(national.judgements, "2021-06-30", codes)
    assert alone["previous_judgement"].isna().all()
    snapshot = national.as_of("2021-06-30")
    assert last_judgements(snapshot).loc["941", "previous_judgement"] == "Inadequate"
    later = last_judgements(national.as_of("2026-08-20"))
    assert later.loc["940", "previous_inspection"] > date(2021, 4, 1)


def test_the_holes_are_named(national: Panel) -> None:
    findings = national.findings
    hole = findings[findings["code"] == "judgement-hole"]["message"].tolist()
    names = "Dorset (835), Poole (836), Bournemouth (837), Northamptonshire (928)"
    assert hole == [f"no judgement under SIF is known for {names}"]


def test_the_default_day_is_never_ahead(national: Panel) -> None:
    ahead = national.observations.head(1).assign(published_on=date(2999, 1, 1))
    both = pd.concat([national.observations, ahead], ignore_index=True)
    panel = Panel(
        both, national.neighbours, national.judgements, national.releases, national.findings,
        national.register,
    )  # fmt: skip
    assert panel.newest_publication == national.newest_publication <= date.today()  # noqa: DTZ011
