"""Rows 53 to 57: how ranks drawn from several forms are measured, and what is the level's."""

from __future__ import annotations

import importlib
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from earlywarn.indicators.catalogue import scored_indicators
from earlywarn.statistics.distributions import expit, logit
from experiments import mixture, reinspections, truths

ROOT = Path(__file__).parents[2]


def rows_of(*figures: dict[str, tuple[float, float]]) -> truths.Rows:
    """Rows of levels and errors by indicator; what is not given is 0, for sure."""
    names = [one.id for one in scored_indicators()]
    values, noise = (np.zeros((len(figures), len(names))) for _ in range(2))
    for row, given in enumerate(figures):
        for name, (value, error) in given.items():
            values[row, names.index(name)] = value
            noise[row, names.index(name)] = error
    return truths.Rows(values, noise, np.arange(len(figures)).astype(str))


def test_an_interval_pays_for_its_width_and_for_what_it_misses():
    order = np.tile([[1, 2, 3, 4]], (100, 1))
    right = mixture.facts(order, np.array([1, 2, 3, 4]), np.array([1, 2, 3, 4]))
    np.testing.assert_allclose(right, [1.0, 0.0, 0.0, 0.0], atol=1e-15)
    wrong = mixture.facts(order, np.array([1, 2, 3, 4]), np.array([2, 1, 3, 4]))
    assert wrong[:3] == pytest.approx([0.5, 0.0, 20 * 2 / 4])


def test_the_first_26_are_scored_by_how_likely_they_were():
    order = np.vstack([np.arange(1, 31), np.arange(30, 0, -1)])
    found = mixture.facts(order, order[0], order[0])
    chance = np.where((np.arange(1, 31) <= 4) | (np.arange(1, 31) > 26), 0.5, 1.0)
    expected = ((chance - (np.arange(1, 31) <= 26)) ** 2).mean()
    assert found[3] == pytest.approx(expected)


def test_a_mixture_draws_alike_many_from_each_form():
    class Fixed:
        def __init__(self, odds: list[float]) -> None:
            self.odds = odds

        def draws(self, size: int, seed: int) -> np.ndarray:
            return np.tile(self.odds, (size, 1))

    forms = {"a": Fixed([1.0, 0.0]), "b": Fixed([0.0, 1.0])}
    order = mixture.mixed(forms, ("a", "b"))  # type: ignore[arg-type]
    assert order.shape == (mixture.DRAWS, 2)
    assert (order[:, 0] == 1).mean() == 0.5


def test_errors_of_the_rules_are_those_of_their_figures():
    sure, unsure = {"rereferrals": (1.0, 0.0)}, {"rereferrals": (1.0, 0.5)}
    rows = rows_of(sure, unsure)
    figures = sum(one.kind != "history" for one in scored_indicators())
    share = mixture.composite_noise(rows_of(sure, {"rereferrals": (1.0, 1.0)}))[1]
    np.testing.assert_allclose(mixture.composite_noise(rows), [0.0, 0.5 * share], atol=1e-15)
    flags = mixture.flag_noise(rows_of(sure, {"rereferrals": (1.2, 0.5)}))
    chance = norm.cdf(0.4)
    assert flags[1] == pytest.approx(10 * np.sqrt(chance * (1 - chance)) / figures)


def test_a_level_that_is_wrong_for_all_alike_is_no_fault_of_the_last_grade():
    rng = np.random.default_rng(4)
    odds, again = rng.normal(-1.0, 0.7, 1500), (rng.random(1500) < 0.3).astype(float)
    lot = rng.random(1500)
    found = reinspections.share(expit(odds), (lot < expit(odds - 0.5)).astype(float), again)
    assert found.level == pytest.approx(-0.5, abs=0.2)
    assert abs(found.own) < 2 * found.error
    assert found.p > 0.1
    found = reinspections.share(expit(odds), (lot < expit(odds - again)).astype(float), again)
    assert found.own == pytest.approx(-1.0, abs=2 * found.error)
    assert found.p < 1e-4
    assert found.as_few < 1e-4


def test_the_chance_of_so_few_is_by_hand_and_knows_no_level():
    risk, again = np.array([0.2, 0.5, 0.3, 0.6]), np.array([1.0, 1.0, 0.0, 0.0])
    event = np.array([0.0, 1.0, 1.0, 0.0])
    chance = np.zeros(3)
    for outcome in product([0, 1], repeat=4):
        if sum(outcome) == 2:
            one = np.where(outcome, risk, 1 - risk).prod()
            chance[outcome[0] + outcome[1]] += one
    expected = chance[:2].sum() / chance.sum()
    assert reinspections.as_few(risk, event, again) == pytest.approx(expected, rel=1e-12)
    moved = expit(logit(risk) + 0.8)
    assert reinspections.as_few(moved, event, again) == pytest.approx(expected, rel=1e-12)


def test_the_page_says_that_no_mixture_did_better_than_one_doubt():
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    page = page.split("### What came out of the eighth register")[1]
    shown = (
        r"^\| ([a-z ]+) \| (one doubt|mixture of four) \|"
        r".*\| ([\d.]+) \| ([\d.]+) \|[^|]*\|[^|]*\|$"
    )
    rows = re.findall(shown, page, re.MULTILINE)
    scores = {(truth, way): (float(a), float(b)) for truth, way, a, b in rows}
    assert len(scores) == 2 * (len(truths.TRUTHS) + 1)
    for truth in truths.TRUTHS:
        one, four = (scores[truth.name, way] for way in ("one doubt", "mixture of four"))
        assert four[0] > one[0]
        assert four[1] > one[1]


def test_every_experiment_that_a_page_names_can_be_run():
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "experiments").glob("*.py")]
    words = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"python -m (experiments\.\w+)", words))
    assert len(named) > 8
    assert [
        name for name in sorted(named) if not callable(importlib.import_module(name).main)
    ] == []
    assert "tools/experiments" not in words
