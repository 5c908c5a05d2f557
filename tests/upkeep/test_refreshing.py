"""Refresh as a whole, by the function and by the command."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.fetching import replica as faults
from tests.fetching.example import CIN, CLA, example, table
from tests.fetching.replica import Replica, Version, serving

import earlywarn as ew
from earlywarn.cli import main
from earlywarn.errors import DataQualityWarning, FetchError
from earlywarn.judgements.schema import judgements_text
from earlywarn.upkeep.changes import changes_between
from earlywarn.upkeep.refreshing import Refreshed


def test_the_command_says_what_is_new_and_ends_well_when_nothing_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(example(tmp_path)) as service:
        places = [f"--{name}={url}" for name, url in service.addresses.items()]
        command = ["refresh", "--out", str(tmp_path / "out"), "--quiet", *places]
        assert main([*command, "--dry-run"]) == 0
        assert not (tmp_path / "out").exists()
        assert "would be fetched: C1 Referrals" in capsys.readouterr().out
        assert main(command) == 0
        assert "12 new, 0 already there" in capsys.readouterr().out
        assert main(command) == 0
        assert "0 new, 12 already there" in capsys.readouterr().out
        assert main([*command, "--since", "soon"]) == 2
        assert "since" in capsys.readouterr().err
        service.faults += [("pub-cla/data-sets", faults.status(400))]
        with pytest.raises(FetchError, match="could not be fetched; 10 new files were"):
            ew.refresh(tmp_path / "again", **service.addresses)


def a_year_later(service: Replica, folder: Path) -> None:
    """C1 has a new year, a figure restated by 10% and one suppressed; D5 is gone altogether."""
    older = {"referral_count": "4400", "rereferral_count": "880"}
    cells = {("201", 2025): older, ("202", 2025): {"referral_count": "c"}}
    newer = table(folder / "scratch", "C1", range(2022, 2027), cells=cells)
    service.data_set("c1-0000-aaaa").versions.append(Version("3.0", "2026-10-29T09:30:00Z", newer))
    sets = service.publications[CIN][2]
    sets.remove(service.data_set("D5-id"))
    for file in (folder / "out").rglob("*D5*"):
        file.unlink()


@pytest.fixture(scope="module")
def two_builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Refreshed, Refreshed]:
    """Two builds a year apart; the tables of children looked after come with the second.

    A build in between was killed between its two moves, which set the first one's panel aside.
    """
    folder = tmp_path_factory.mktemp("builds")
    replica = example(folder)
    later = replica.publications.pop(CLA)
    few = pytest.warns(DataQualityWarning, match="only 4 authorities")
    with serving(replica) as service, few:
        first = ew.refresh(folder / "out", build=True, **service.addresses)
        work = folder / "out" / "..panel.work"
        work.mkdir()
        (folder / "out" / ".panel").rename(work / "old")
        service.publications[CLA] = later
        a_year_later(service, folder)
        reports = ew.load_judgements().tail(1).assign(la_code="201")
        reports["inspection_start"], reports["published_on"] = date(2026, 7, 20), date(2026, 9, 1)
        (folder / "out" / "reports.csv").write_text(judgements_text(reports), encoding="utf-8")
        second = ew.refresh(folder / "out", build=True, **service.addresses)
    return first, second


def test_build_says_what_is_new_restated_and_gone(
    two_builds: tuple[Refreshed, Refreshed],
) -> None:
    changes = two_builds[1].changes
    assert changes is not None
    years = changes.new_years.set_index("measure")["period"]
    assert years["referrals"] == 2026
    assert set(changes.new_years["period"]) == {2026}
    assert changes.new_measures == ("looked_after",)
    restated = changes.restated.set_index("measure").loc["referrals"]
    assert (restated["figures"], restated["more"], restated["status"]) == (2, 1, 1)
    assert set(changes.holes["measure"]) == {"plans_at_31_march", "plans_two_years"}


def test_build_adds_judgements_and_loses_none(
    two_builds: tuple[Refreshed, Refreshed],
) -> None:
    second = two_builds[1]
    assert second.changes is not None
    assert second.changes.judgements["published_on"].tolist() == [date(2026, 9, 1)]
    kept = len(ew.load_judgements())
    assert f"{kept} judgements of the panel before are not among the files" in second.notes[-1]
    assert len(ew.load_panel(second.panel).judgements) == kept + 1


def test_build_gives_the_scores_before_and_after(
    two_builds: tuple[Refreshed, Refreshed],
) -> None:
    first, second = (done.scores for done in two_builds)
    assert first is not None
    assert second is not None
    before = first.set_index("la_code")["risk_after"]
    pd.testing.assert_series_equal(
        second.set_index("la_code")["risk_before"].sort_index(),
        before.sort_index(),
        check_names=False,
    )
    own = second.set_index("la_code").loc["201"]
    assert own["risk_after"] != own["risk_before"]


def test_what_changed_between_two_panels_is_counted() -> None:
    after = ew.load_panel()
    figures = after.observations
    older = figures[
        (figures["measure"] != "rereferrals") & (figures["vintage"] < figures["vintage"].max())
    ]
    rows = older.drop_duplicates(["la_code", "measure", "period"], keep="last").copy()
    first = rows[(rows["measure"] == "referrals") & (rows["value"] > 200)].index[:2]
    rows.loc[first, "value"] = rows.loc[first, "value"] * pd.Series([1.02, 2.0], index=first)
    before = ew.Panel(
        observations=rows,
        neighbours=after.neighbours,
        judgements=after.judgements.iloc[5:],
        releases=after.releases,
        findings=after.findings,
        register=after.register,
        manifest=after.manifest,
    )
    found = changes_between(before, after)
    assert "rereferrals" in found.new_measures
    referrals = found.restated.set_index("measure").loc["referrals"]
    assert referrals["up_to_3_5_percent"] >= 1
    assert referrals["more"] >= 1
    assert len(found.judgements) == 5
    assert changes_between(after, after).restated.empty
