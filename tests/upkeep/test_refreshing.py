"""Refresh as a whole, by the function and by the command."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.fetching import replica as faults
from tests.fetching.example import example
from tests.fetching.replica import serving

import earlywarn as ew
from earlywarn.cli import main
from earlywarn.errors import FetchError
from earlywarn.upkeep.changes import changes_between


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
        assert "12 new, 0 there before" in capsys.readouterr().out
        assert main(command) == 0
        assert "0 new, 12 there before" in capsys.readouterr().out
        assert main([*command, "--since", "soon"]) == 2
        assert "since" in capsys.readouterr().err
        service.faults += [("pub-cla/data-sets", faults.status(400))]
        with pytest.raises(FetchError, match="could not be fetched; 10 new files were"):
            ew.refresh(tmp_path / "again", **service.addresses)


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
