"""Rows 46 to 52: what is drawn is what is said, and what is told follows from it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earlywarn.indicators.catalogue import scored_indicators
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.training import FORM_DOUBT
from earlywarn.scoring.ranks import RANKS_HELD, RISKS_HELD
from experiments import forms, gaps, levels, truths

ROOT = Path(__file__).parents[2]


def test_forms_that_did_worse_are_not_of_equal_skill():
    table = pd.DataFrame(
        {"auc": [0.64, 0.60, 0.65, 0.58], "distance": [0.0, 0.3, 0.4, 9.0]},
        index=[forms.OURS, "a", "b", "c"],
    )
    assert forms.doubt(table) == pytest.approx(np.sqrt((0.09 + 0.16) / 2))


def test_drawn_grades_are_as_frequent_as_they_were():
    rng = np.random.default_rng(3)
    real = rng.choice(4, 20_000, p=[0.1, 0.4, 0.3, 0.2])
    odds = rng.normal(size=(20_000, 3)) * [2.0, 1.0, 0.5]
    grade, _ = truths.drawn(odds, real, rng)
    shares = [np.bincount(each, minlength=4) / len(real) for each in (real, grade)]
    np.testing.assert_allclose(shares[1], shares[0], atol=0.03)


def test_each_truth_draws_other_weights():
    def spread(truth: truths.Truth) -> np.ndarray:
        rng = np.random.default_rng(1)
        return np.array([truths.weights(truth, 3, rng) for _ in range(300)])

    usual, strays, slopes, omitted = map(spread, truths.TRUTHS)
    names = [record.id for record in scored_indicators()]
    figure, good = names.index("rereferrals"), names.index("previously_good")
    assert strays[:, -1, figure].std() > 1.5 * usual[:, -1, figure].std()
    assert omitted[:, -1, figure].std() == pytest.approx(usual[:, -1, figure].std(), rel=0.2)
    assert slopes[0, :, good].tolist() == [-3.1, -1.2, -0.33]
    share = slopes[:, 0, figure].mean() / slopes[:, 2, figure].mean()
    assert share == pytest.approx(3, rel=0.2)


def test_what_was_told_is_counted():
    known = {"risk_within": np.array([True, False]), "width": np.array([10, 30]),
             "risk_width": np.array([1.0, 2.0])}  # fmt: skip
    one = truths.Told(np.array([True, False]), chance=np.array([0.95, 0.6]),
                      among=np.array([True, False]), **known)  # fmt: skip
    other = one._replace(within=np.array([True, True]))
    found = truths.summary([one, other])
    assert found["coverage"] == 0.75
    assert found["error"] == pytest.approx(0.25)
    assert (found["width"], found["risk"], found["risk_width"]) == (20.0, 0.5, 1.5)
    assert (found["sure_n"], found["sure_said"], found["sure_came"]) == (1.0, 0.95, 1.0)
    assert (found["likely_said"], found["likely_came"]) == (pytest.approx(0.6), 0.0)


@pytest.mark.parametrize("size", [100.0, 10_000.0])
def test_levels_are_covered_at_any_size(size):
    rng = np.random.default_rng(8)
    found = [levels.covered("referral_rate", np.full(150, size), rng)[1] for _ in range(60)]
    assert np.mean(found) == pytest.approx(0.91, abs=0.03)


def test_what_missing_figures_share_is_their_covariance():
    model = RiskModel(
        columns=("a", "b", "c"), coefficients=np.array([0.5, -0.4, 0.3]), thresholds=np.zeros(1),
        centre=np.zeros(3), orientation=np.array([1.0, -1.0, 1.0]), groups=("g",) * 3,
        agreement=np.full(3, 0.6), covariance=np.zeros((4, 4)), classes=(0, 1),
    )  # fmt: skip
    values = np.array([[1.0, np.nan, np.nan], [np.nan] * 3, [1.0, 1.0, np.nan]])
    rows = truths.Rows(values, np.zeros_like(values), np.array(["1", "2", "3"]))
    signed = model.coefficients * model.orientation
    pairs = [2 * signed[1] * signed[2] * (0.6 - 0.36)]
    pairs += [0.6 * (signed.sum() ** 2 - (signed**2).sum()), 0.0]
    np.testing.assert_allclose(gaps.together(model, rows), pairs, rtol=1e-12)
    wider = gaps.wider(model, rows)
    assert (wider >= 1).all()
    assert wider[2] == 1.0
    # Each by itself: a variance of 1 - r^2 where one is known, of 1 where none is.
    alone = (signed[1:] ** 2).sum() * (1 - 0.36), (signed**2).sum()
    expected = np.sqrt(1 + np.array(pairs[:2]) / alone)
    np.testing.assert_allclose(wider[:2], expected, rtol=1e-12)
    unsure = replace(model, form_sd=0.3)
    np.testing.assert_allclose(gaps.wider(unsure, rows), wider, rtol=1e-12)


def test_the_page_tells_the_numbers_of_the_code():
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    page = page.split("### What came out of the seventh register")[1]
    shown = r"^\| ([a-z ]+) \| (\d\.\d{3}) \| (\d\.\d{3}) \(.*\| (\d\.\d{3}) \("
    rows = re.findall(shown, page, re.MULTILINE)
    assert len(rows) == len(truths.DOUBTS) * len(truths.TRUTHS)
    after = {name: held for name, doubt, *held in rows if float(doubt) == FORM_DOUBT}
    assert set(after) == {truth.name for truth in truths.TRUTHS}
    for place, held in enumerate((RANKS_HELD, RISKS_HELD)):
        shares = {name: float(each[place]) for name, each in after.items()}
        assert round(shares["own assumptions"], 2) == held[0]
        assert round(min(shares.values()), 2) == held[1]


def test_what_looks_at_each_assumption_is_there():
    page = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
    told = page.split("| looked at by |")[1]
    files = set(re.findall(r"(?:tests|tools|docs)/[\w/]+\.(?:py|md)", told))
    assert len(files) > 12
    assert [name for name in files if not (ROOT / name).is_file()] == []
    rows = {int(n) for part in re.findall(r"experiments, ([\d and,]+)", told)
            for n in re.findall(r"\d+", part)}  # fmt: skip
    listed = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    assert [n for n in rows if not re.search(rf"^\| {n} \| ", listed, re.MULTILINE)] == []
