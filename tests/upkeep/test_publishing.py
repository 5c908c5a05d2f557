"""The register of forecasts: what was written stands, and is held against what came."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.cli import main
from earlywarn.errors import RegisterError
from earlywarn.upkeep.chain import BELOW, append_entry
from earlywarn.upkeep.publishing import BY_JUDGEMENTS

DAYS = ("2025-04-01", "2025-10-01", "2026-04-01")


def forecasts(seed: int) -> pd.DataFrame:
    names = ["risk", "below_good"]
    names += [name + end for name in BY_JUDGEMENTS for end in ("", BELOW)]
    risks = np.random.default_rng(seed).uniform(0.01, 0.4, (3, len(names))).round(4)
    table = pd.DataFrame(risks, columns=names).assign(rank=[1, 2, 3])
    table.insert(0, "la_code", ["201", "202", "203"])
    return table


@pytest.fixture
def register(tmp_path: Path) -> Path:
    for seed, day in enumerate(DAYS):
        facts = {"kind": "published", "as_of": day, "target": "any_inadequate"}
        append_entry(tmp_path / "register", facts, forecasts(seed))
    return tmp_path / "register"


def change(folder: Path) -> None:
    file = folder / "0002.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("202,0.", "202,0.1"), encoding="utf-8")


def change_the_last(folder: Path) -> None:
    file = folder / "0003.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("202,0.", "202,0.1"), encoding="utf-8")


def reorder(folder: Path) -> None:
    first = (folder / "0001.csv").read_bytes()
    shutil.copy(folder / "0002.csv", folder / "0001.csv")
    (folder / "0002.csv").write_bytes(first)


def remove_with_its_line(folder: Path) -> None:
    (folder / "0002.csv").unlink()
    lines = (folder / "chain.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "chain.csv").write_text("".join(lines[:2] + lines[3:]), encoding="utf-8")


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (change, "entry 0002.csv was changed"),
        (change_the_last, "entry 0003.csv was changed"),
        (reorder, "0001.csv holds entry 2: the entries were reordered"),
        (lambda folder: (folder / "0002.csv").unlink(), "entry 0002.csv was removed"),
        (remove_with_its_line, "place 2 holds entry 3: reordered or gone"),
        (
            lambda folder: shutil.copy(folder / "0003.csv", folder / "0004.csv"),
            "entry 0004.csv was inserted",
        ),
    ],
)
def test_what_was_done_to_a_register_is_named(
    register: Path, act: Callable[[Path], object], said: str
) -> None:
    assert ew.verify(register).entries == 3
    act(register)
    with pytest.raises(RegisterError, match=said):
        ew.verify(register)
    with pytest.raises(RegisterError, match=said):
        append_entry(register, {"as_of": "2026-09-01"}, forecasts(9))


def test_an_entry_of_a_run_that_was_killed_is_written_again(register: Path) -> None:
    """Killed between the entry and the list of entries: the next run goes on from there."""
    chain = (register / "chain.csv").read_bytes()
    facts = {"kind": "published", "target": "any_inadequate"}
    last = append_entry(register, {"as_of": "2026-09-01", **facts}, forecasts(9))
    (register / "chain.csv").write_bytes(chain)
    with pytest.raises(RegisterError, match=f"cut short: found entry {last.name} .*Publish again"):
        ew.verify(register)
    assert append_entry(register, {"as_of": "2026-09-02", **facts}, forecasts(8)) == last
    assert ew.verify(register).entries == 4


def came_to(starts: list[date]) -> pd.DataFrame:
    """Three inspections: Good throughout, but for help and protection of the second."""
    reports = [date(day.year, day.month + 1, 1) for day in starts]
    return pd.DataFrame(
        {
            "la_code": ["201", "202", "203"],
            "framework": "ILACS",
            "inspection_start": starts,
            "published_on": reports,
            "overall": "Good",
            "leadership": "Good",
            "help_and_protection": ["Good", "Requires improvement", "Good"],
            "in_care": "Good",
            "care_leavers": "Good",
        }
    )


def test_each_inspection_is_held_against_the_last_entry_before_it(register: Path) -> None:
    came = came_to([date(2025, 10, 1), date(2025, 10, 2), date(2025, 3, 1)])
    found = ew.verify(register, came)
    assert found.cases["entry"].tolist() == [1, 2]
    assert found.cases["lead_days"].tolist() == [183, 1]
    assert found.cases["below_good"].tolist() == [0, 1]
    assert found.without_forecast == 0
    table = found.figures.set_index(["event", "model"])
    held = forecasts(0).loc[0], forecasts(1).loc[1]
    for event, column in (("inadequate", "risk"), ("below_good", "below_good")):
        ours = table.loc[(event, "earlywarn")]
        assert ours["expected"] == pytest.approx(sum(row[column] for row in held))
        assert set(table.loc[event].index) == {"earlywarn", *BY_JUDGEMENTS}
    p, q = (row["below_good"] for row in held)
    below = table.loc[("below_good", "earlywarn")]
    assert below["seen"] == 1
    assert below["chance_of_as_few"] == pytest.approx(1 - p * q)
    assert below["chance_of_as_many"] == pytest.approx(1 - (1 - p) * (1 - q))
    assert below["auc"] == float(q > p)
    rule = BY_JUDGEMENTS[1]
    p, q = (row[rule + BELOW] for row in held)
    assert table.loc[("below_good", rule), "brier"] == pytest.approx((p**2 + (1 - q) ** 2) / 2)


def test_what_was_written_after_an_inspection_began_did_not_foresee_it(tmp_path: Path) -> None:
    late = {"kind": "published", "as_of": "2025-04-01", "written": "2025-10-02"}
    append_entry(tmp_path, late | {"target": "any_inadequate"}, forecasts(0))
    came = came_to([date(2025, 10, 2), date(2025, 10, 3), date(2025, 10, 1)])
    assert ew.verify(tmp_path, came).cases["la_code"].tolist() == ["202"]


def test_a_replay_holds_from_each_row_s_day_and_reports_known_before_are_left_out(
    tmp_path: Path,
) -> None:
    first = forecasts(0).assign(as_of="2025-04-01")
    table = pd.concat([first, forecasts(1).assign(as_of="2025-05-01").iloc[:1]])
    facts = {"kind": "replay, computed afterwards", "as_of": "2025-05-01", "written": "2026-01-01"}
    facts |= {"target": "any_inadequate", "reports_from": "2025-06-15"}
    append_entry(tmp_path, facts, table)
    came = came_to([date(2025, 5, 1), date(2025, 6, 2), date(2025, 4, 1)])
    came["published_on"] = [date(2025, 6, 15), date(2025, 7, 1), date(2025, 6, 14)]
    found = ew.verify(tmp_path, came)
    assert found.cases["la_code"].tolist() == ["201", "202"]
    assert found.cases["lead_days"].tolist() == [0, 62]
    assert found.cases["earlywarn"].tolist() == [
        forecasts(1).loc[0, "risk"],
        forecasts(0).loc[1, "risk"],
    ]
    assert found.without_forecast == 1


def test_an_entry_that_publish_did_not_write_is_named(tmp_path: Path) -> None:
    facts = {"as_of": "2025-04-01", "target": "any_inadequate"}
    append_entry(tmp_path, facts, forecasts(0).drop(columns="rank"))
    with pytest.raises(RegisterError, match=r"0001\.csv.*no rank"):
        ew.verify(tmp_path)


def test_a_day_is_published_once(register: Path) -> None:
    with pytest.raises(RegisterError, match="this date or a later one"):
        append_entry(register, {"as_of": DAYS[-1]}, forecasts(1))


def test_the_ends_of_lines_are_no_change(register: Path) -> None:
    file = register / "0001.csv"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert ew.verify(register).entries == 3


def test_a_past_day_is_published_as_a_replay_only(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="more is known"):
        ew.publish(tmp_path / "register", as_of="2025-04-01")
    with pytest.raises(RegisterError, match="no such simple rule"):
        ew.publish(tmp_path / "register", baselines=["tea leaves"])
    assert not (tmp_path / "register").exists()


def test_the_commands_publish_and_verify(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "register")
    assert main(["publish", "--to", place, "--as-of", "2025-04-01", "--replay"]) == 0
    text = (tmp_path / "register" / "0001.csv").read_text(encoding="utf-8")
    assert "# kind: replay, computed afterwards\n" in text
    assert "# before: none\n" in text
    assert main(["verify", place]) == 0
    out = capsys.readouterr().out
    assert "1 entry, none changed, removed, reordered or inserted.\n" in out
    assert " inspections are compared with an entry before; 0 that began since" in out
    assert main(["publish", "--to", place, "--as-of", "2025-03-31", "--replay"]) == 2
    assert (
        "found 2025-03-31, where the newest entry is of 2025-04-01; expected a day after "
        "2025-04-01." in capsys.readouterr().err
    )
    assert main(["verify", str(tmp_path)]) == 2
