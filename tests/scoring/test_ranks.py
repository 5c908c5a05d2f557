"""Ranks: the doubt about the form is in the draws, and a second list leaves rows out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from earlywarn.model.risk_model import RiskModel
from earlywarn.model.training import FORM_DOUBT
from earlywarn.scoring.national import TOP_K, score
from earlywarn.scoring.ranks import ranked
from earlywarn.statistics.distributions import logit


@pytest.fixture(scope="module")
def sure() -> RiskModel:
    """A model of one column that is sure of its weight."""
    return RiskModel(
        columns=("a",), coefficients=np.ones(1), thresholds=np.zeros(1), centre=np.zeros(1),
        orientation=np.ones(1), groups=("g",), agreement=np.zeros(1),
        covariance=np.zeros((2, 2)), classes=(0, 1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return np.arange(10.0)[:, None] / 4


@pytest.fixture(scope="module")
def scores(model, snapshot) -> pd.DataFrame:
    return score(model, snapshot)


def test_a_model_that_is_sure_of_all_ranks_without_doubt(sure, values):
    found = ranked(sure, values, 0 * values, 3)
    assert found.rank.tolist() == list(range(10, 0, -1))
    assert (found.rank_lower == found.rank).all()
    assert (found.rank_upper == found.rank).all()
    assert found.top_k_probability.tolist() == [0.0] * 7 + [1.0] * 3


def test_the_doubt_about_the_form_is_as_large_as_it_says(sure, values):
    """Two rows a quarter apart change places with the probability of the normal distribution."""
    unsure = dataclasses.replace(sure, form_sd=0.25)
    found = ranked(unsure, values[:2], 0 * values[:2], 1)
    assert found.top_k_probability[0] == pytest.approx(0.2398, abs=0.03)  # Phi(-1 / sqrt 2)


def test_the_interval_of_a_risk_and_its_rank_hold_one_doubt(model, snapshot, scores):
    """A rank is as unsure as the risks that are drawn for it, the doubt about the form among it."""
    assert model.form_sd == FORM_DOUBT
    without = score(dataclasses.replace(model, form_sd=0.0), snapshot)
    half = {name: (logit(frame["risk_upper"]) - logit(frame["risk_lower"])) / 2 / 1.6448536
            for name, frame in (("with", scores), ("without", without))}  # fmt: skip
    apart = half["with"] ** 2 - half["without"] ** 2
    np.testing.assert_allclose(apart, FORM_DOUBT**2, atol=1e-6)
    for name in ("risk", "rank", "below_good", "band"):
        assert scores[name].equals(without[name]), name
    wider = scores["rank_upper"] - scores["rank_lower"]
    assert (wider - (without["rank_upper"] - without["rank_lower"])).median() > 5
    assert (scores["band_probability"] <= without["band_probability"] + 1e-3).mean() > 0.9


def test_more_doubt_makes_wider_intervals_and_no_other_rank(model, snapshot, scores):
    usual = scores["rank_upper"] - scores["rank_lower"]
    sharp = dataclasses.replace(model, covariance=model.covariance / 100)
    less = score(sharp, snapshot)
    assert (less["rank_upper"] - less["rank_lower"]).median() < usual.median()
    assert (less["rank_upper"] - less["rank_lower"]).median() > 20 * model.form_sd
    assert less["rank"].tolist() == scores["rank"].tolist()


def test_rows_that_are_apart_have_no_place_on_the_second_list(sure, values):
    apart = np.isin(np.arange(10), (9, 5))
    found = ranked(sure, values, 0 * values, 3, apart=apart)
    expected = [0, 0, 0, 0, 0, np.nan, 1, 1, 1, np.nan]
    np.testing.assert_array_equal(found.top_k_probability_new, expected)
    assert found.top_k_probability[9] == 1.0
    nobody = ranked(sure, values, 0 * values, 3)
    np.testing.assert_array_equal(nobody.top_k_probability_new, nobody.top_k_probability)
    everyone = ranked(sure, values, 0 * values, 3, apart=np.ones(10, dtype=bool))
    assert np.isnan(everyone.top_k_probability_new).all()


def test_the_country_lists_those_not_yet_inadequate_by_themselves(scores):
    apart = scores["already_inadequate"]
    assert 5 < apart.sum() < 40
    assert scores.loc[apart, "top_k_probability_new"].isna().all()
    new = scores[~apart]
    assert new["top_k_probability_new"].sum() == pytest.approx(TOP_K)
    assert (new["top_k_probability_new"] >= new["top_k_probability"]).all()
