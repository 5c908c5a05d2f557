"""RiskClassifier: a good citizen of scikit-learn, calibrated, with intervals that cover."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from earlywarn.errors import GradeOrderWarning, ModelError, TrainingError
from earlywarn.judgements.schema import GRADES
from earlywarn.model.base_rate import next_level
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.grade_order import order_of
from earlywarn.model.ordinal import Prior, fit_ordinal

ALLOWED_SKIPS = {"check_array_api_input"}
"""It needs SCIPY_ARRAY_API set before scipy is imported."""


def cases(seed: int = 0, rows: int = 300, width: int = 4, grades: int = 4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, width))
    beta = np.linspace(1, -0.5, width)
    latent = X @ beta + rng.logistic(size=rows)
    edges = np.quantile(latent, np.linspace(0, 1, grades + 1)[1:-1])
    return X, np.digitize(latent, edges)


# --- scikit-learn ---------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_every_check_of_scikit_learn_passes():
    results = check_estimator(RiskClassifier(), on_skip=None, on_fail=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    expected = [r["check_name"] for r in results if r["status"] == "xfail"]
    skipped = {r["check_name"] for r in results if r["status"] == "skipped"}
    assert failed == {}
    assert expected == []
    assert skipped <= ALLOWED_SKIPS
    passed = [r for r in results if r["status"] == "passed"]
    assert len(passed) >= 40
    assert len(results) == len(list(estimator_checks_generator(RiskClassifier())))


def test_a_clone_has_the_parameters_and_nothing_learnt():
    X, y = cases()
    prior = np.full(4, 0.3)
    first = RiskClassifier(prior_mean=prior, groups=["a", "a", "b", "b"], n_bootstrap=3).fit(X, y)
    copied = clone(first)
    assert copied.get_params().keys() == first.get_params().keys()
    np.testing.assert_array_equal(copied.prior_mean, prior)
    assert copied.n_bootstrap == 3
    assert not hasattr(copied, "model_")
    again = copied.fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), first.predict_proba(X))
    np.testing.assert_array_equal(again.model_.covariance, first.model_.covariance)


def test_parameters_are_left_as_given():
    X, y = cases()
    given = {"prior_mean": [0.1] * 4, "prior_covariance": np.eye(4) * 0.2, "centre": [0.5] * 4}
    classifier = RiskClassifier(**given).fit(X, y)
    for name, value in given.items():
        assert getattr(classifier, name) is value


def test_pickle_and_joblib_give_the_same_classifier(tmp_path):
    X, y = cases()
    classifier = RiskClassifier(n_bootstrap=5).fit(X, y)
    joblib.dump(classifier, tmp_path / "classifier.joblib")
    for other in (
        pickle.loads(pickle.dumps(classifier)),  # noqa: S301 - our own bytes
        joblib.load(tmp_path / "classifier.joblib"),
    ):
        np.testing.assert_array_equal(other.predict_proba(X), classifier.predict_proba(X))
        np.testing.assert_array_equal(other.model_.covariance, classifier.model_.covariance)
        assert other.classes_.tolist() == classifier.classes_.tolist()


def test_it_works_in_cross_validation_with_names_and_holes():
    X, y = cases()
    X[::7, 1] = np.nan
    frame = pd.DataFrame(X, columns=list("abcd"))
    predicted = cross_val_predict(RiskClassifier(), frame, y, method="predict_proba")
    assert predicted.shape == (300, 4)
    np.testing.assert_allclose(predicted.sum(axis=1), 1, atol=1e-12)
    classifier = RiskClassifier().fit(frame, y)
    assert classifier.model_.columns == ("a", "b", "c", "d")
    assert classifier.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert classifier.n_features_in_ == 4
    assert classifier.n_iter_ >= 2


def test_predictions_agree_with_each_other():
    X, y = cases()
    many = RiskClassifier().fit(X, y)
    np.testing.assert_array_equal(many.predict(X), many.predict_proba(X).argmax(axis=1))
    np.testing.assert_allclose(np.exp(many.decision_function(X)), many.predict_proba(X))
    np.testing.assert_allclose(many.predict_proba(X)[:, -1], many.model_.risk(X))
    two = RiskClassifier().fit(X, y == 3)
    np.testing.assert_array_equal(two.decision_function(X), two.model_.log_odds(X))
    np.testing.assert_array_equal(two.predict(X), two.decision_function(X) > 0)


# --- learning -------------------------------------------------------------------------------------


def test_it_learns_what_the_ordinal_fit_learns():
    X, y = cases(1)
    mean, covariance = np.array([1.0, 0, 0, -1]), np.diag([0.1, 0.2, 0.3, 0.4])
    classifier = RiskClassifier(prior_mean=mean, prior_covariance=covariance).fit(X, y)
    fit = fit_ordinal(X, y.astype(np.int64), 4, Prior(mean, np.linalg.inv(covariance)))
    np.testing.assert_allclose(classifier.model_.coefficients, fit.coefficients, atol=1e-10)
    np.testing.assert_allclose(classifier.model_.thresholds, fit.thresholds, atol=1e-10)


def test_the_order_given_decides_which_grade_is_the_worst():
    X, y = cases(2)
    words = np.array(["Outstanding", "Good", "Requires improvement", "Inadequate"])
    by_number = RiskClassifier().fit(X, y)
    by_word = RiskClassifier(order=words.tolist()).fit(X, words[y])
    assert by_word.classes_.tolist() == words.tolist()
    assert by_word.model_.classes == tuple(words.tolist())
    np.testing.assert_array_equal(by_word.predict_proba(X), by_number.predict_proba(X))
    assert (by_word.predict(X) == words[by_number.predict(X)]).all()
    backwards = RiskClassifier(order=[3, 2, 1, 0]).fit(X, y)
    np.testing.assert_allclose(
        backwards.model_.coefficients, -by_number.model_.coefficients, atol=1e-7
    )
    some = RiskClassifier(order=words.tolist()).fit(X[y > 1], words[y[y > 1]])
    assert some.classes_.tolist() == words[2:].tolist()


def test_an_ordered_categorical_gives_the_order():
    X, y = cases(2)
    words = ["Outstanding", "Good", "Requires improvement", "Inadequate"]
    given = RiskClassifier(order=words).fit(X, np.array(words)[y])
    grades = pd.Categorical.from_codes(y, words, ordered=True)
    for held in (grades, pd.Series(grades)):
        own = RiskClassifier().fit(X, held)
        assert own.classes_.tolist() == words
        np.testing.assert_array_equal(own.predict_proba(X), given.predict_proba(X))
    turned = RiskClassifier(order=words[::-1]).fit(X, grades)
    assert turned.classes_.tolist() == words[::-1]


def test_words_without_an_order_are_never_sorted_in_silence():
    X, y = cases(2)
    words = np.array(["Outstanding", "Good", "Requires improvement", "Inadequate"])
    unordered = pd.Categorical(words[y])
    for held in (words[y], unordered, pd.Series(words[y], dtype="str")):
        with pytest.warns(GradeOrderWarning, match="Good < Inadequate < Outstanding < Req") as told:
            RiskClassifier().fit(X, held)
        assert len(told) == 1
    RiskClassifier().fit(X, y)


def test_a_categorical_that_orders_the_grades_wrongly_is_told():
    # As findings/parquet_folder_keeps_grades_ordered_wrongly.sh shows.
    mixed = ["Outstanding", "Good", "Inadequate", "Requires improvement"]
    y = pd.Categorical(mixed, mixed, ordered=True)
    with pytest.warns(GradeOrderWarning, match="Good < Inadequate < Requires improvement, and"):
        assert order_of(y, None) == mixed
    order_of(y, [*GRADES])
    for kinds in (GRADES, ["Good", "Inadequate"], ["a", "Good", "b"], ["low", "high"]):
        assert order_of(pd.Categorical([], kinds, ordered=True), None) == [*kinds]


def test_cases_without_the_worst_grade_are_told():
    X, y = cases()
    y = np.minimum(y, 2)
    words = pd.Categorical.from_codes(y, [*GRADES], ordered=True)
    for grades, order in ((words, None), (np.array(GRADES)[y], GRADES)):
        with pytest.warns(GradeOrderWarning, match="no case is Inadequate.*is Requires") as heard:
            model = RiskClassifier(order=order).fit(X, grades)
        assert len(heard) == 1
        assert [*model.classes_] == [*GRADES[:3]]
    RiskClassifier().fit(X, words.remove_unused_categories())


def test_a_mark_of_suppression_is_named_and_never_a_figure():
    # As findings/one_suppressed_figure_makes_a_rate_names.sh shows.
    X, y = cases(width=2)
    plain = pd.DataFrame(X, columns=["rate", "share"])
    for kind, mark in ((object, "c"), (str, ":")):
        marked = plain.astype({"share": kind})
        marked.loc[7, "share"] = mark
        says = rf"column 'share', row '7': not a number: found '{mark}'"
        with pytest.raises(TrainingError, match=says):
            RiskClassifier().fit(marked, y)
        model = RiskClassifier().fit(plain, y)
        with pytest.raises(ModelError, match=says):
            model.predict_proba(marked)
        with pytest.raises(ModelError, match=says):
            model.model_.risk(marked)
        marked.loc[7, "share"] = np.nan
        assert np.isfinite(model.predict_proba(marked)).all()
    with pytest.raises(ValueError, match="convert"):
        RiskClassifier().fit([["c", 1.0]] * len(y), y)


def test_faults_are_told():
    X, y = cases()
    with pytest.raises(TrainingError, match="not in the order given") as told:
        RiskClassifier(order=[0, 1, 2]).fit(X, y)
    assert told.value.found == repr(y.dtype.type(3))
    with pytest.raises(TrainingError, match="nothing to tell apart"):
        RiskClassifier().fit(X, np.ones(len(X)))
    with pytest.raises(TrainingError, match="did not converge"):
        RiskClassifier(max_iter=1).fit(X, y)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"prior_covariance": np.ones((4, 4))}, "prior_covariance"),
        ({"prior_covariance": -np.eye(4)}, "prior_covariance"),
        ({"prior_covariance": np.eye(3)}, "prior_covariance"),
        ({"prior_covariance": np.full((4, 4), np.nan)}, "prior_covariance"),
        ({"prior_mean": [0.0] * 3}, "prior_mean"),
        ({"prior_mean": [np.nan] * 4}, "prior_mean"),
        ({"orientation": [1.0] * 5}, "orientation"),
        ({"centre": [0.0]}, "centre"),
        ({"groups": ["a"]}, "groups"),
    ],
)
def test_parameters_that_do_not_fit_are_named(given, name):
    with pytest.raises(TrainingError) as told:
        RiskClassifier(**given).fit(*cases())
    assert name in str(told.value)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"clusters": np.zeros(3)}, "clusters"),
        ({"age": np.ones(3)}, "age"),
        ({"age": np.full(300, np.nan)}, "age"),
        ({"age": np.full(300, -1.0)}, "age"),
    ],
)
def test_arguments_of_fit_that_do_not_fit_are_named(given, name):
    with pytest.raises(TrainingError) as told:
        RiskClassifier(n_bootstrap=2).fit(*cases(), **given)
    assert name in str(told.value)


def test_no_weight_is_no_row():
    X, y = cases(3)
    weight = np.ones(len(X))
    weight[::3] = 0
    kept = weight > 0
    cluster, age = np.arange(len(X)) // 2, np.linspace(0.1, 5, len(X))
    first = RiskClassifier(n_bootstrap=4).fit(X, y, sample_weight=weight, clusters=cluster, age=age)
    second = RiskClassifier(n_bootstrap=4).fit(
        X[kept], y[kept], clusters=cluster[kept], age=age[kept]
    )
    np.testing.assert_array_equal(first.model_.coefficients, second.model_.coefficients)
    np.testing.assert_array_equal(first.model_.thresholds, second.model_.thresholds)
    np.testing.assert_allclose(first.model_.covariance, second.model_.covariance)


def test_weight_two_is_the_row_twice():
    X, y = cases(3)
    times = 1 + np.arange(len(X)) % 2
    one = RiskClassifier().fit(X, y, sample_weight=times)
    two = RiskClassifier().fit(X.repeat(times, axis=0), y.repeat(times))
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-8)


def test_agreement_is_the_mean_correlation_of_the_group():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 1))
    X = np.hstack([shared + rng.normal(size=(400, 3)), rng.normal(size=(400, 1))])
    X[:, 1] *= -1
    y = (X[:, 0] > 0).astype(int)
    model = RiskClassifier(groups=["a", "a", "a", "b"], orientation=[1, -1, 1, 1]).fit(X, y).model_
    table = np.corrcoef((X[:, :3] * [1, -1, 1]).T)
    expected = table[np.triu_indices(3, 1)].mean()
    np.testing.assert_allclose(model.agreement, [expected] * 3 + [0.0], atol=1e-12)


# --- the level of the year to come -----------------------------------------------------


def test_thresholds_are_the_levels_of_the_year_to_come():
    X, y = cases(5)
    age = np.linspace(0.1, 5.9, len(X))
    plain = RiskClassifier().fit(X, y).model_
    moved = RiskClassifier().fit(X, y, age=age).model_
    np.testing.assert_array_equal(moved.coefficients, plain.coefficients)
    for k in range(3):
        level = next_level(X @ plain.coefficients, (y > k).astype(float), age)
        assert moved.thresholds[k] == pytest.approx(-level.value, abs=1e-5)
    level = next_level(X @ plain.coefficients, (y > 2).astype(float), age)
    own = plain.covariance
    explained = own[0, 1:] @ np.linalg.inv(own[1:, 1:]) @ own[1:, 0]
    assert moved.covariance[0, 0] == pytest.approx(explained + level.sd**2, rel=1e-9)
    assert explained + 0.01 < own[0, 0]
    np.testing.assert_array_equal(moved.covariance.ravel()[1:], own.ravel()[1:])


def test_it_follows_a_falling_share():
    X, y = cases(5)
    old = np.arange(len(X)) < len(X) // 2
    y = np.where(old, np.maximum(y, 2), np.minimum(y, 2))
    y[~old & (np.arange(len(X)) % 20 == 0)] = 3
    falling = RiskClassifier().fit(X, y, age=np.where(old, 1.5, 0.5))
    rising = RiskClassifier().fit(X, y, age=np.where(old, 0.5, 1.5))
    overall = (y == 3).mean()
    assert falling.predict_proba(X)[:, -1].mean() < overall < rising.predict_proba(X)[:, -1].mean()


def test_levels_out_of_order_keep_the_thresholds_rising_and_the_worst_in_its_place():
    X, y = cases(6)
    # Of late nothing but the best grade and the worst: two levels come to lie beside each other.
    recent = np.isin(y, [0, 3])
    age = np.where(recent, 0.5, 9.5)
    model = RiskClassifier().fit(X, y, age=age).model_
    assert (np.diff(model.thresholds) > 0).all()
    worst = next_level(X @ model.coefficients, (y > 2).astype(float), age)
    assert model.thresholds[-1] == pytest.approx(-worst.value, abs=1e-12)


def test_the_bootstrap_holds_the_doubt_about_the_level():
    X, y = cases(7, rows=200)
    age = np.linspace(0.1, 5.9, len(X))
    still = RiskClassifier(n_bootstrap=100).fit(X, y).model_
    moving = RiskClassifier(n_bootstrap=100).fit(X, y, age=age).model_
    assert moving.covariance[0, 0] > still.covariance[0, 0] + 0.01


# --- uncertainty ----------------------------------------------------------------------------------


def spread(model) -> np.ndarray:
    return np.sqrt(np.diag(model.covariance))


def test_laplace_is_the_inverse_curvature_of_the_intercept_and_coefficients():
    X, y = cases(7)
    model = RiskClassifier().fit(X, y).model_
    fit = fit_ordinal(X, y.astype(np.int64), 4, Prior(np.zeros(4), np.eye(4)))
    inverse = np.linalg.inv(fit.information)
    np.testing.assert_allclose(model.covariance[1:, 1:], inverse[3:, 3:], rtol=1e-8)
    np.testing.assert_allclose(model.covariance[0, 0], inverse[2, 2], rtol=1e-8)
    np.testing.assert_allclose(model.covariance[0, 1:], -inverse[2, 3:], rtol=1e-8, atol=1e-12)


def test_the_bootstrap_of_single_cases_is_near_the_curvature():
    X, y = cases(8, rows=600)
    laplace = RiskClassifier().fit(X, y).model_
    drawn = RiskClassifier(n_bootstrap=400).fit(X, y).model_
    ratio = spread(drawn) / spread(laplace)
    assert ((ratio > 0.85) & (ratio < 1.18)).all(), ratio
    np.testing.assert_array_equal(drawn.coefficients, laplace.coefficients)


def test_copies_in_one_cluster_tell_nothing_new():
    X, y = cases(9, rows=200)
    loose = np.eye(4) * 100
    single = RiskClassifier(prior_covariance=loose, n_bootstrap=200).fit(X, y).model_
    X3, y3, cluster = X.repeat(3, axis=0), y.repeat(3), np.repeat(np.arange(200), 3)
    apart = RiskClassifier(prior_covariance=loose, n_bootstrap=200).fit(X3, y3).model_
    together = RiskClassifier(prior_covariance=loose, n_bootstrap=200)
    together = together.fit(X3, y3, clusters=cluster).model_
    assert (spread(together) > 1.4 * spread(apart)).all()
    ratio = spread(together) / spread(single)
    assert ((ratio > 0.8) & (ratio < 1.25)).all(), ratio


def test_names_of_clusters_do_not_matter():
    X, y = cases(9, rows=120)
    number = np.repeat(np.arange(40), 3)
    names = np.array([f"authority {code:03}" for code in number])
    one = RiskClassifier(n_bootstrap=20).fit(X, y, clusters=number).model_
    other = RiskClassifier(n_bootstrap=20).fit(X, y, clusters=names).model_
    np.testing.assert_array_equal(one.covariance, other.covariance)


def test_what_the_prior_leaves_open_is_in_the_spread():
    X, y = cases(10, rows=40)
    X[:, 3] = 0.0
    prior = np.diag([0.1, 0.1, 0.1, 0.25])
    for refits in (0, 600):
        model = RiskClassifier(prior_covariance=prior, n_bootstrap=refits).fit(X, y).model_
        assert spread(model)[4] == pytest.approx(0.5, rel=0.1)


def test_the_seed_decides_the_refits():
    X, y = cases(11, rows=100)
    one, same, other = (
        RiskClassifier(n_bootstrap=10, random_state=seed).fit(X, y).model_.covariance
        for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert np.abs(one - other).max() > 1e-3


WIDTH, CLUSTERS, EACH, NEW = 8, 150, 3, 60
MEAN = np.linspace(0.4, -0.2, WIDTH)
THRESHOLDS = np.array([-2.0, -0.2, 1.6])


def covered(seed: int, *, refits: int) -> float:
    """The share of new rows whose 90% interval holds the true log-odds, in one drawn world."""
    rng = np.random.default_rng(seed)
    prior = 0.15**2 * np.eye(WIDTH) + 0.1**2
    truth = rng.multivariate_normal(MEAN, prior)
    place = rng.normal(size=(CLUSTERS, WIDTH))
    X = np.repeat(place, EACH, axis=0) * 0.7 + rng.normal(size=(CLUSTERS * EACH, WIDTH)) * 0.7
    latent = X @ truth + rng.logistic(size=len(X))
    cluster = np.repeat(np.arange(CLUSTERS), EACH)
    classifier = RiskClassifier(
        prior_mean=MEAN, prior_covariance=prior, n_bootstrap=refits, random_state=seed
    ).fit(X, np.digitize(latent, THRESHOLDS), clusters=cluster)
    new = rng.normal(size=(NEW, WIDTH))
    log_odds = new @ truth - THRESHOLDS[-1]
    low, high = classifier.model_.interval(new)
    risk = 1 / (1 + np.exp(-log_odds))
    return float(((low < risk) & (risk < high)).mean())


@pytest.mark.parametrize("refits", [0, 60])
def test_the_intervals_cover_nine_in_ten(refits):
    shares = [covered(seed, refits=refits) for seed in range(200)]
    error = np.std(shares) / len(shares) ** 0.5
    assert error < 0.015
    assert 0.87 < np.mean(shares) < 0.93, (np.mean(shares), error)
