"""Rows 46 to 49: what is drawn is what is said, and what is told follows from it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earlywarn.indicators.catalogue import scored_indicators
from earlywarn.model.risk_model import RiskModel
from earlywarn.scoring.ranks import FORM_DOUBT, RANKS_HELD
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
    known = {"risk_within": np.array([True, False]), "width": np.array([10, 30])}
    one = truths.Told(np.array([True, False]), chance=np.array([0.95, 0.6]),
                      among=np.array([True, False]), **known)  # fmt: skip
    other = one._replace(within=np.array([True, True]))
    found = truths.summary([one, other])
    assert found["coverage"] == 0.75
    assert found["error"] == pytest.approx(0.25)
    assert (found["width"], found["risk"]) == (20.0, 0.5)
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
    assert (gaps.wider(model, rows) >= 1).all()
    assert gaps.wider(model, rows)[2] == 1.0


def test_the_page_tells_the_numbers_of_the_code():
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| (\d\.\d{3}) \| (\d\.\d{3}) \(", page, re.MULTILINE)
    assert len(rows) == 2 * len(truths.TRUTHS)
    after = {name: float(held) for name, doubt, held in rows if float(doubt) == FORM_DOUBT}
    assert set(after) == {truth.name for truth in truths.TRUTHS}
    assert round(after["own assumptions"], 2) == RANKS_HELD[0]
    assert round(min(after.values()), 2) == RANKS_HELD[1]


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
