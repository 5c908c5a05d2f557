"""A framework of which no file holds a judgement is named, and those known can stand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.helpers.published import write_table

import earlywarn as ew
from earlywarn.errors import DataQualityWarning, TrainingError
from earlywarn.judgements.schema import judgements_text
from earlywarn.model.training import training_cases
from earlywarn.panel.known_frameworks import (
    FRAMEWORK_GONE,
    STANDS,
    check_frameworks_known,
    standing_judgements,
)
from earlywarn.panel.published import read_published

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    return ew.load_judgements()


@pytest.fixture
def folder(known: pd.DataFrame, tmp_path: Path) -> Path:
    """One table of figures, and all judgements under ILACS but none before it."""
    write_table(tmp_path, "D3", [2025])
    newer = judgements_text(known[known["framework"] == "ILACS"])
    (tmp_path / "newer.csv").write_text(newer, encoding="utf-8")
    return tmp_path


def test_a_framework_without_a_row_is_a_warning(known):
    (found,) = check_frameworks_known(known[known["framework"] == "ILACS"], known)
    assert (found.severity, found.code, found.found) == ("warning", FRAMEWORK_GONE, "SIF")
    assert "168 under SIF" in found.message
    assert "learns without them" in found.message
    assert "--keep-judgements" in found.message


def test_one_row_of_each_is_enough_and_none_at_all_is_a_note(known):
    assert list(check_frameworks_known(known.drop_duplicates("framework"), known)) == []
    (found,) = check_frameworks_known(known.head(0), known)
    assert (found.severity, found.found) == ("note", "ILACS, SIF")


def test_a_corrected_day_is_no_other_inspection(known):
    read = known.head(3).copy()
    read["inspection_start"] = [day - timedelta(1) for day in read["inspection_start"]]
    assert standing_judgements(read, known)["la_code"].tolist() == known["la_code"].tolist()[3:]


def test_a_folder_without_them_is_read_with_a_warning(folder, known):
    with pytest.warns(DataQualityWarning):
        panel = read_published(folder)
    assert len(panel.judgements) == (known["framework"] == "ILACS").sum()
    row = panel.findings.set_index("code").loc[FRAMEWORK_GONE]
    assert row["severity"] == "warning"


@pytest.mark.filterwarnings("ignore::earlywarn.errors.DataQualityWarning")
def test_those_kept_stand_and_nothing_is_missed(folder, known):
    panel = read_published(folder, keep_judgements=known)
    assert judgements_text(panel.judgements) == judgements_text(known)
    codes = panel.findings.set_index("code")
    assert FRAMEWORK_GONE not in codes.index
    assert "168 judgements of the panel before are not among" in codes.loc[STANDS, "message"]


def test_the_files_win_over_those_kept(folder, known):
    at = known.index[known["framework"] == "ILACS"][0]
    other = known.copy()
    other.loc[at, "leadership"] = "Inadequate" if known["leadership"][at] == "Good" else "Good"
    with pytest.warns(DataQualityWarning):
        panel = read_published(folder, keep_judgements=other)
    assert panel.judgements["leadership"][at] == known["leadership"][at]


def test_too_few_events_for_want_of_a_framework(known):
    newer = known[known["framework"] == "ILACS"]
    with pytest.raises(TrainingError, match="168 under SIF") as caught:
        training_cases(newer, until="2018-12-31")
    assert "--keep-judgements" in caught.value.remedy
    with pytest.raises(TrainingError, match="too few events") as caught:
        training_cases(known, until="2014-03-31")
    assert "SIF" not in caught.value.remedy
