"""The cumulative logit: against statsmodels, numerical differences and its own symmetries."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.miscmodels.ordinal_model import OrderedModel

from earlywarn.errors import TrainingError
from earlywarn.model.ordinal import OrdinalFit, Prior, _Problem, fit_ordinal


def flat(width: int) -> Prior:
    return Prior(np.zeros(width), np.zeros((width, width)))


def ridge(width: int, precision: float, mean: float = 0.0) -> Prior:
    return Prior(np.full(width, mean), precision * np.eye(width))


def simulated(seed: int, rows: int = 200, width: int = 3, grades: int = 4):
    """Columns and grades of a cumulative logit; each grade is there."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, width)) * rng.uniform(0.3, 3, width) + rng.normal(size=width)
    beta = rng.normal(size=width)
    latent = X @ beta + rng.logistic(size=rows)
    edges = np.quantile(latent, np.linspace(0, 1, grades + 1)[1:-1])
    return X, np.digitize(latent, edges).astype(np.int64), grades


def by_statsmodels(X, grade):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = OrderedModel(grade, X, distr="logit")
        result = model.fit(method="bfgs", disp=False, maxiter=5000)  # near enough for Newton
        # A hundred times nearer than what is compared; a smaller step is noise of its differences.
        result = model.fit(
            start_params=result.params, method="newton", disp=False, maxiter=100, tol=1e-7
        )
    width = X.shape[1]
    return result.params[:width], model.transform_threshold_params(result.params)[1:-1]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("grades", [2, 3, 4])
def test_a_flat_prior_gives_the_estimates_of_statsmodels(seed, grades):
    X, grade, n = simulated(seed, grades=grades, width=2 + seed % 3)
    fit = fit_ordinal(X, grade, n, flat(X.shape[1]))
    coefficients, thresholds = by_statsmodels(X, grade)
    np.testing.assert_allclose(fit.coefficients, coefficients, atol=1e-5)
    np.testing.assert_allclose(fit.thresholds, thresholds, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_a_weight_is_a_repeated_row(seed):
    X, grade, n = simulated(seed, rows=120)
    times = np.random.default_rng(seed).integers(1, 4, len(X))
    weighted = fit_ordinal(X, grade, n, flat(3), weight=times.astype(float))
    coefficients, thresholds = by_statsmodels(X.repeat(times, axis=0), grade.repeat(times))
    np.testing.assert_allclose(weighted.coefficients, coefficients, atol=1e-5)
    np.testing.assert_allclose(weighted.thresholds, thresholds, atol=1e-5)


def problem(seed: int, grades: int = 4) -> tuple[_Problem, np.ndarray]:
    X, grade, n = simulated(seed, rows=60, grades=grades)
    rng = np.random.default_rng(seed + 100)
    prior = Prior(rng.normal(size=3), np.diag(rng.uniform(0.5, 2, 3)))
    thresholds = np.sort(rng.normal(size=grades - 1)) + np.arange(grades - 1)
    point = np.r_[thresholds, rng.normal(size=3) / 2]
    return _Problem(X, grade, n, prior, rng.uniform(0.2, 3, len(X))), point


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("grades", [2, 3, 4])
def test_gradient_and_hessian_are_the_numerical_ones(seed, grades):
    here, point = problem(seed, grades)
    gradient, information = here.derivatives(point)
    step = 1e-5
    sides = [step * unit for unit in np.eye(len(point))]
    slopes = [(here.value(point + s) - here.value(point - s)) / (2 * step) for s in sides]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-5)
    curves = [
        (here.derivatives(point - s)[0] - here.derivatives(point + s)[0]) / (2 * step)
        for s in sides
    ]
    np.testing.assert_allclose(information, curves, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(information, information.T, atol=1e-10)


def test_the_information_returned_is_that_of_the_mode():
    X, grade, n = simulated(3)
    prior = ridge(3, 1.0)
    fit = fit_ordinal(X, grade, n, prior)
    at_mode = _Problem(X, grade, n, prior, np.ones(len(X)))
    gradient, information = at_mode.derivatives(np.r_[fit.thresholds, fit.coefficients])
    np.testing.assert_allclose(gradient, 0, atol=1e-6)
    np.testing.assert_allclose(fit.information, information, rtol=1e-4)


def test_a_tight_prior_is_the_answer_and_a_loose_one_is_not_heard():
    X, grade, n = simulated(1)
    tight = fit_ordinal(X, grade, n, ridge(3, 1e10, mean=0.7))
    np.testing.assert_allclose(tight.coefficients, 0.7, atol=1e-6)
    loose, none = fit_ordinal(X, grade, n, ridge(3, 1e-10)), fit_ordinal(X, grade, n, flat(3))
    np.testing.assert_allclose(loose.coefficients, none.coefficients, atol=1e-7)


def test_without_columns_that_matter_the_thresholds_are_the_shares():
    grade = np.repeat([0, 1, 2, 3], [10, 40, 30, 20])
    fit = fit_ordinal(np.zeros((100, 1)), grade, 4, ridge(1, 1.0))
    shares = 1 / (1 + np.exp(-fit.thresholds))
    np.testing.assert_allclose(shares, [0.1, 0.5, 0.8], atol=1e-9)


def test_shrinkage_grows_with_precision():
    X, grade, n = simulated(2)
    sizes = [
        np.linalg.norm(fit_ordinal(X, grade, n, ridge(3, precision)).coefficients)
        for precision in (0.01, 1, 10, 100, 1000)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.5 * sizes[0]


def test_too_few_steps_is_an_error_that_says_so():
    X, grade, n = simulated(0)
    with pytest.raises(TrainingError, match="did not converge") as told:
        fit_ordinal(X, grade, n, ridge(3, 1.0), max_iterations=1)
    assert "after 1 steps" in told.value.found
    assert "scale" in told.value.remedy


def test_no_allowed_step_is_an_error_as_well():
    X, grade, n = simulated(0)
    with pytest.raises(TrainingError):
        fit_ordinal(X, grade, n, ridge(3, 1.0), max_iterations=0)


def test_columns_that_are_the_same_under_a_flat_prior_are_an_error():
    X, grade, n = simulated(0, width=1)
    with pytest.raises(TrainingError):
        fit_ordinal(np.hstack([X, X, np.zeros_like(X)]), grade, n, flat(3))


def test_a_start_at_the_answer_needs_hardly_a_step():
    X, grade, n = simulated(4)
    cold = fit_ordinal(X, grade, n, ridge(3, 1.0))
    warm = fit_ordinal(X, grade, n, ridge(3, 1.0), start=cold)
    assert warm.iterations == 1 < cold.iterations
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, atol=1e-8)


def test_a_perfect_column_is_held_by_the_prior():
    X = np.linspace(-1, 1, 40)[:, None]
    fit = fit_ordinal(X, (X[:, 0] > 0).astype(np.int64), 2, ridge(1, 1.0))
    assert 1 < fit.coefficients[0] < 10
    assert abs(fit.thresholds[0]) < 1e-6


def test_far_out_values_do_not_overflow():
    X, grade, n = simulated(5)
    X[0] = 1e4
    fit = fit_ordinal(X, grade, n, ridge(3, 1.0))
    assert np.isfinite(fit.coefficients).all()
    assert (np.diff(fit.thresholds) > 0).all()


def equal(one: OrdinalFit, other: OrdinalFit) -> None:
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=1e-6)
    np.testing.assert_allclose(one.thresholds, other.thresholds, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed, grades, random):
    X, grade, n = simulated(seed, rows=80, grades=grades)
    order = list(range(len(X)))
    random.shuffle(order)
    prior = ridge(3, 0.5, mean=0.2)
    equal(fit_ordinal(X, grade, n, prior), fit_ordinal(X[order], grade[order], n, prior))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_reversed_grades_flip_the_signs(seed, grades):
    X, grade, n = simulated(seed, rows=80, grades=grades)
    up = fit_ordinal(X, grade, n, ridge(3, 0.5, mean=0.2))
    down = fit_ordinal(X, n - 1 - grade, n, ridge(3, 0.5, mean=-0.2))
    np.testing.assert_allclose(down.coefficients, -up.coefficients, atol=1e-6)
    np.testing.assert_allclose(down.thresholds, -up.thresholds[::-1], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_a_column_in_another_unit_is_the_same_model(seed, unit):
    X, grade, n = simulated(seed, rows=80)
    plain = fit_ordinal(X, grade, n, ridge(3, 1.0))
    scale = np.array([unit, 1.0, 1.0])
    scaled = fit_ordinal(X * scale, grade, n, Prior(np.zeros(3), np.diag(scale**2)))
    np.testing.assert_allclose(scaled.coefficients * scale, plain.coefficients, atol=1e-6)
