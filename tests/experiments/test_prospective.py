"""The prospective test's page, figures and forecasts agree, and its arithmetic is right."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from experiments.prospective_page import page
from scipy import stats

from experiments import prospective


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """The figures as they are kept."""
    figures: dict[str, Any] = json.loads(prospective.FIGURES.read_text(encoding="utf-8"))
    return figures


@pytest.fixture(scope="module")
def again() -> dict[str, Any]:
    """The figures made from the kept forecasts once more."""
    return prospective.measured(prospective.read_forecasts())


def _numbers(figures: Any, where: str = "") -> dict[str, Any]:
    """Every figure by its place."""
    if isinstance(figures, dict):
        parts = figures.items()
    elif isinstance(figures, list):
        parts = enumerate(figures)
    else:
        return {where: figures}
    return {k: v for name, part in parts for k, v in _numbers(part, f"{where}/{name}").items()}


def test_the_figures_are_those_of_the_forecasts(
    kept: dict[str, Any], again: dict[str, Any]
) -> None:
    before, after = _numbers(kept), _numbers(again)
    assert list(before) == list(after)
    assert len(before) > 1000
    for name, value in before.items():
        if isinstance(value, float):
            assert after[name] == pytest.approx(value, rel=1e-5, abs=1e-9), name
        else:
            assert after[name] == value, name


def test_the_page_is_that_of_the_figures(kept: dict[str, Any]) -> None:
    assert prospective.PAGE.read_text(encoding="utf-8") == page(kept)


def test_the_page_says_what_the_test_was_and_no_more(kept: dict[str, Any]) -> None:
    words = " ".join(page(kept).split())
    assert "frozen at March 2025, built by people who had not seen these judgements" in words
    assert "computed afterwards, not published before" in words
    assert "can't be called unseen again" in words


def test_the_new_inspections_are_the_reports_after_the_yearly_file(kept: dict[str, Any]) -> None:
    new, every = (kept["groups"][name]["counts"] for name in prospective.GROUPS)
    assert (new["inspections"], new["inadequate"], new["below_good"]) == (53, 1, 15)
    assert (every["inspections"], every["inadequate"]) == (62, 2)


def test_the_forecast_of_the_level_was_far_too_high(kept: dict[str, Any]) -> None:
    ours = kept["groups"]["53 new"]["leads"]["0"][prospective.OURS]["inadequate"]
    assert ours["expected"] == pytest.approx(6.44, abs=0.01)
    assert ours["observed"] == 1
    assert ours["chance_of_as_few"] < 0.01


def test_each_inspection_has_a_forecast_of_every_model_and_lead() -> None:
    table = prospective.read_forecasts()
    own = table[table["last_judgement"] == prospective.AS_OF_DAY]
    assert len(own) == 62 * len(prospective.LEADS) * 8
    assert not own.duplicated(["la_code", "lead_months", "model"]).any()
    days = pd.to_datetime(own["as_of"])
    assert (days <= pd.to_datetime(own["inspection_start"])).all()


@pytest.mark.parametrize("n", [1, 7, 40])
def test_the_chance_of_a_count_is_scipys_where_all_are_alike(n: int) -> None:
    found = prospective.poisson_binomial(np.full(n, 0.13))
    assert found == pytest.approx(stats.binom.pmf(np.arange(n + 1), n, 0.13), abs=1e-14)


def test_the_chance_of_a_count_by_hand() -> None:
    found = prospective.poisson_binomial(np.array([0.5, 0.25]))
    assert found == pytest.approx([0.375, 0.5, 0.125], abs=1e-15)


def test_another_model_than_the_frozen_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = prospective.ew.load_model()
    other = model.with_info({**model.info, "model_id": "another"})
    monkeypatch.setattr(prospective.ew, "load_model", lambda: other)
    with pytest.raises(ValueError, match="check out the commit"):
        prospective.forecasts(pd.DataFrame())
