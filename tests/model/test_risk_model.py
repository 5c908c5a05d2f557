"""RiskModel: exact sums, exact completion, honest intervals, whatever the batch."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlywarn.errors import EarlyWarnError, ModelError
from earlywarn.model.kernels import BLOCK, SHORTEST, in_threads
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import load_model


def invented(seed: int = 0, sizes: tuple[int, ...] = (3, 4, 1), grades: int = 4) -> RiskModel:
    """A model with groups of these sizes."""
    rng = np.random.default_rng(seed)
    width = sum(sizes)
    groups = [f"group {place}" for place, size in enumerate(sizes) for _ in range(size)]
    root = rng.normal(size=(width + 1, width + 1)) * 0.1
    within = rng.uniform(0, 0.9, len(sizes))
    return RiskModel(
        columns=tuple(f"c{place}" for place in range(width)),
        coefficients=rng.normal(size=width),
        thresholds=np.sort(rng.normal(size=grades - 1)) + np.arange(grades - 1),
        centre=rng.normal(size=width),
        orientation=rng.choice([-1.0, 1.0], width),
        groups=tuple(groups),
        agreement=np.repeat(within, sizes),
        covariance=root @ root.T,
        classes=tuple(range(grades)),
    )


def holed(seed: int, rows: int, width: int, share: float = 0.4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, width)) * 2
    X[rng.random(X.shape) < share] = np.nan
    return X


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_contributions_sum_to_the_log_odds_exactly(seed, share):
    model, X = invented(seed % 7), holed(seed, 20, 8, share)
    parts = model.contributions(X)
    for row, total in zip(parts, model.log_odds(X), strict=True):
        added = 0.0
        for term in row:
            added += term
        assert added == total
    np.testing.assert_allclose(1 / (1 + np.exp(-parts.sum(axis=1))), model.risk(X), rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(0, 59))
def test_the_bits_of_a_row_do_not_depend_on_the_batch(seed, rows, place):
    model, X = invented(seed % 5), holed(seed, 60, 8)
    chosen = sorted({place, *range(rows)})
    noise = np.abs(holed(seed + 1, 60, 8))
    whole = [
        model.risk(X),
        *model.interval(X, noise),
        model.contributions(X),
        model.probabilities(X),
    ]
    part = X[chosen]
    some = [
        model.risk(part),
        *model.interval(part, noise[chosen]),
        model.contributions(part),
        model.probabilities(part),
    ]
    alone = [
        model.risk(X[[place]]),
        *model.interval(X[[place]], noise[[place]]),
        model.contributions(X[[place]]),
        model.probabilities(X[[place]]),
    ]
    for every, few, one in zip(whole, some, alone, strict=True):
        assert every[chosen].tobytes() == few.tobytes()
        assert every[[place]].tobytes() == one.tobytes()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(0, 10_000),
    st.floats(0, 0.95),
)
def test_completion_is_the_gaussian_conditional_of_an_exchangeable_group(size, seed, r):
    rng = np.random.default_rng(seed)
    model = dataclasses.replace(invented(seed, (size,)), agreement=np.full(size, r))
    X = holed(seed, 1, size, rng.random())
    filled, variance = model.complete(X)
    unknown = np.isnan(X[0])
    sign = model.orientation
    R = np.where(np.eye(size, dtype=bool), 1.0, r) * np.outer(sign, sign)
    known = ~unknown
    x = (X[0] - model.centre)[known]
    inside = R[np.ix_(known, known)]
    across = R[np.ix_(unknown, known)]
    if known.any():
        solved = np.linalg.solve(inside, across.T)
        expected, spread = solved.T @ x, 1 - np.einsum("ij,ji->i", across, solved)
    else:
        expected, spread = np.zeros(unknown.sum()), np.ones(unknown.sum())
    np.testing.assert_allclose(filled[0, unknown], expected, atol=1e-9)
    np.testing.assert_allclose(variance[0, unknown], spread, atol=1e-9)
    np.testing.assert_allclose(filled[0, known], x, atol=0)
    assert (variance[0, known] == 0).all()


def conditional(model: RiskModel, x: np.ndarray) -> np.ndarray:
    """The covariance of the figures given those known, from the whole matrix by the textbook."""
    same = np.equal.outer(model.groups, model.groups)
    sign = model.orientation
    R = np.where(same, model.agreement * np.outer(sign, sign), 0.0)
    np.fill_diagonal(R, 1.0)
    gone, here = np.isnan(x), ~np.isnan(x)
    left = np.zeros(R.shape)
    across = R[np.ix_(gone, here)]
    left[np.ix_(gone, gone)] = R[np.ix_(gone, gone)] - across @ np.linalg.solve(
        R[np.ix_(here, here)], across.T
    )
    return left


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1), st.sampled_from([(3, 4, 1), (1,), (8, 2), (9, 3)]))
def test_missing_values_of_a_group_are_unsure_together(seed, share, sizes):
    model = dataclasses.replace(invented(seed % 13, sizes), form_sd=0.3)
    X, noise = holed(seed, 6, sum(sizes), share), np.abs(holed(seed + 1, 6, sum(sizes)))
    filled, _ = model.complete(X)
    learnt = np.outer(model.coefficients, model.coefficients) + model.covariance[1:, 1:]
    expected = []
    for x, full, error in zip(X, filled, np.nan_to_num(noise), strict=True):
        unsure = conditional(model, x) + np.diag(error**2)
        design = np.r_[1.0, full]
        expected.append(design @ model.covariance @ design + (learnt * unsure).sum() + 0.3**2)
    np.testing.assert_allclose(model.log_odds_sd(X, noise), np.sqrt(expected), rtol=1e-9)
    own = model.own_variance(X, noise)
    np.testing.assert_array_equal(own[0], filled)
    assert (own[1] <= np.square(model.log_odds_sd(X, noise))).all()


def test_the_sd_is_that_of_simulated_figures_and_weights():
    model = dataclasses.replace(invented(4), form_sd=0.4)
    x = np.array([1.0, np.nan, np.nan, np.nan, 0.5, np.nan, -1.0, 0.3])
    rng, size = np.random.default_rng(2), 200_000
    weights = rng.multivariate_normal(np.r_[0, model.coefficients], model.covariance, size)
    filled = model.complete(x)[0][0]
    figures = filled + rng.multivariate_normal(np.zeros(8), conditional(model, x), size)
    odds = weights[:, 0] + (weights[:, 1:] * figures).sum(axis=1) + 0.4 * rng.normal(size=size)
    assert model.log_odds_sd(x)[0] == pytest.approx(odds.std(), rel=0.01)
    apart = np.sqrt(model.log_odds_sd(x)[0] ** 2 - 0.4**2)
    assert dataclasses.replace(model, form_sd=0.0).log_odds_sd(x)[0] == pytest.approx(apart)


def test_the_form_is_each_rows_own_in_draws():
    model = dataclasses.replace(invented(8), covariance=np.zeros((9, 9)), form_sd=0.25)
    draws = model.draws(np.ones((3, 8)), size=4000)
    assert draws.std(axis=0) == pytest.approx(0.25, rel=0.06)
    assert np.abs(np.corrcoef(draws.T) - np.eye(3)).max() < 0.08


def test_groups_do_not_help_each_other():
    model = invented(1)
    X = np.full((2, 8), np.nan)
    X[1, 3:] = 9.0
    filled, variance = model.complete(X)
    np.testing.assert_array_equal(filled[:, :3], 0)
    np.testing.assert_array_equal(variance[:, :3], 1)


def test_nothing_known_is_the_baseline():
    model = invented(2)
    X = np.full((1, 8), np.nan)
    assert model.log_odds(X)[0] == -model.thresholds[-1]
    assert (model.contributions(X)[0, 1:] == 0).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_missing_value_widens_the_interval_of_the_same_log_odds(seed, column):
    model = invented(seed % 9)
    X = holed(seed, 1, 8, 0.2)
    gone = X.copy()
    gone[0, column] = np.nan
    same = gone.copy()
    # What completion would have put there, now known: the log-odds are the same, the doubt is not.
    same[0, column] = model.complete(gone)[0][0, column] + model.centre[column]
    np.testing.assert_allclose(model.log_odds(same), model.log_odds(gone), atol=1e-9)
    assert model.log_odds_sd(gone)[0] > model.log_odds_sd(same)[0]
    (low, high), (low_known, high_known) = model.interval(gone), model.interval(same)
    assert low < low_known < high_known < high


def test_noise_adds_its_variance():
    model, X = invented(3), holed(3, 5, 8, 0.0)
    noise = np.zeros((5, 8))
    noise[:, 2] = 0.5
    plain, noisy = model.log_odds_sd(X), model.log_odds_sd(X, noise)
    square = model.coefficients[2] ** 2 + model.covariance[3, 3]  # of a weight that is unsure too
    np.testing.assert_allclose(noisy**2 - plain**2, 0.25 * square, atol=1e-9)
    np.testing.assert_array_equal(model.log_odds_sd(X, np.full((5, 8), np.nan)), plain)


def test_the_sd_is_that_of_the_sum():
    model, X = invented(4), holed(4, 6, 8, 0.0)
    design = np.hstack([np.ones((6, 1)), X - model.centre])
    expected = np.sqrt(np.einsum("ij,jk,ik->i", design, model.covariance, design))
    np.testing.assert_allclose(model.log_odds_sd(X), expected, rtol=1e-9)


def test_the_interval_is_the_normal_one_on_log_odds():
    model, X = invented(5), holed(5, 6, 8)
    centre, sd = model.log_odds(X), model.log_odds_sd(X)
    for level, z in ((0.9, 1.6448536269514722), (0.5, 0.6744897501960817)):
        low, high = model.interval(X, level=level)
        np.testing.assert_allclose(np.log(low / (1 - low)), centre - z * sd, atol=1e-6)
        np.testing.assert_allclose(np.log(high / (1 - high)), centre + z * sd, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_probabilities_are_a_distribution_and_the_last_is_the_risk(seed, grades):
    model, X = invented(seed % 11, grades=grades), holed(seed, 12, 8)
    probabilities = model.probabilities(X)
    assert probabilities.shape == (12, grades)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(probabilities[:, -1], model.risk(X), atol=1e-12)
    for grade in range(1, grades):
        tail = probabilities[:, grade:].sum(axis=1)
        np.testing.assert_allclose(model.at_least(X, grade), tail, atol=1e-12)


def test_below_good_is_above_the_risk():
    model, X = invented(6), holed(6, 50, 8)
    assert (model.at_least(X, 2) > model.risk(X)).all()
    np.testing.assert_allclose(model.at_least(X, 3), model.risk(X), atol=1e-12)


@pytest.mark.parametrize("grade", [0, 4, -1])
def test_a_grade_that_is_none(grade):
    with pytest.raises(ModelError, match="no such grade"):
        invented().at_least(np.zeros((1, 8)), grade)


def test_shifting_moves_every_grade():
    model, X = invented(7), holed(7, 5, 8)
    moved = model.shifted(0.4)
    np.testing.assert_allclose(moved.log_odds(X), model.log_odds(X) + 0.4, atol=1e-12)
    for one, other in zip(moved.thresholds, model.thresholds, strict=True):
        assert one == pytest.approx(other - 0.4)


def test_draws_have_the_stated_mean_and_sd():
    model, X = dataclasses.replace(invented(8), form_sd=0.3), holed(8, 10, 8)
    noise = np.full((10, 8), 0.2)
    size = 40_000
    draws = model.draws(X, noise, size=size)
    sd = model.log_odds_sd(X, noise)
    assert draws.shape == (size, 10)
    np.testing.assert_array_less(np.abs(draws.mean(axis=0) - model.log_odds(X)), 5 * sd / size**0.5)
    np.testing.assert_allclose(draws.std(axis=0), sd, rtol=5 / (2 * size) ** 0.5)


def test_draws_share_what_was_learnt_and_not_what_is_missing():
    model = invented(8)
    X = np.vstack([np.ones(8), np.ones(8)])
    draws = model.draws(X, size=500)
    np.testing.assert_allclose(draws[:, 0], draws[:, 1], atol=1e-9)
    X[:, 0] = np.nan
    apart = model.draws(X, size=500)
    assert np.std(apart[:, 0] - apart[:, 1]) > 0.1


def test_draws_are_the_same_for_the_same_seed_only():
    model, X = invented(9), holed(9, 4, 8)
    assert (model.draws(X, size=50) == model.draws(X, size=50)).all()
    assert np.abs(model.draws(X, size=50) - model.draws(X, size=50, seed=1)).max() > 0.1


def test_a_frame_is_read_by_name():
    model, X = invented(10), holed(10, 5, 8)
    frame = pd.DataFrame(X, columns=list(model.columns)).assign(other="text")
    shuffled = frame[list(reversed(frame.columns))]
    np.testing.assert_array_equal(model.risk(shuffled), model.risk(X))
    whole = pd.DataFrame({name: pd.array([1, None], dtype="Int64") for name in model.columns})
    assert np.isnan(model.matrix(whole)[1]).all()


def test_a_frame_without_a_column_names_it():
    model = invented()
    frame = pd.DataFrame(np.zeros((1, 7)), columns=list(model.columns[:-1]))
    with pytest.raises(ModelError, match="columns are missing") as told:
        model.risk(frame)
    assert model.columns[-1] in told.value.found
    assert "NaN" in told.value.remedy


def test_a_column_that_stands_twice_is_named():
    model = invented()
    frame = pd.DataFrame(np.zeros((1, 8)), columns=list(model.columns))
    with pytest.raises(ModelError, match="columns appear twice") as told:
        model.risk(pd.concat([frame, frame[[model.columns[2]]]], axis=1))
    assert told.value.found == model.columns[2]


@pytest.mark.parametrize(
    "X",
    [np.zeros((2, 7)), np.zeros((2, 9)), np.zeros(7), np.zeros((2, 8, 1)), 3.0, np.zeros((0, 3))],
)
def test_another_shape_is_refused(X):
    with pytest.raises(ModelError, match="shape of X") as told:
        invented().matrix(X)
    assert "(rows, 8)" in told.value.expected


@pytest.mark.parametrize("X", [[["a"] * 8], [[None, "x", *[1.0] * 6]], [[1.0] * 8, [1.0] * 7]])
def test_what_are_no_numbers_is_refused(X):
    with pytest.raises(EarlyWarnError) as told:
        invented().matrix(X)
    assert "numbers" in str(told.value)


def test_text_in_a_frame_is_refused():
    model = invented()
    frame = pd.DataFrame({name: ["high"] for name in model.columns})
    with pytest.raises(EarlyWarnError) as told:
        model.risk(frame)
    assert "column 'c0', row '0': not a number: found 'high'" in str(told.value)


def test_one_row_may_be_flat_and_no_row_gives_none():
    model = invented()
    assert model.risk(np.zeros(8)).shape == (1,)
    assert model.risk(np.zeros((0, 8))).shape == (0,)
    assert model.probabilities(np.zeros((0, 8))).shape == (0, 4)


def test_the_record_is_frozen():
    model = invented()
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.thresholds = np.zeros(3)  # type: ignore[misc]
    assert model.with_info({"a": 1}).info == {"a": 1}
    assert model.info == {}


def test_the_model_that_ships_keeps_the_identities():
    model = load_model()
    X = holed(0, 40, len(model.columns))
    np.testing.assert_allclose(model.contributions(X).sum(axis=1), model.log_odds(X), atol=1e-9)
    low, high = model.interval(X)
    assert ((low < model.risk(X)) & (model.risk(X) < high)).all()
    assert (model.at_least(X, 2) > model.risk(X)).all()


def test_threads_and_order_change_no_bit(monkeypatch):
    model, X = invented(3), holed(3, 70_000, 8)
    shuffled = np.random.default_rng(0).permutation(len(X))
    found = {}
    for hands in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", hands)
        found[hands] = [*model.interval(X), model.contributions(X)]
        mixed = [*model.interval(X[shuffled]), model.contributions(X[shuffled])]
        for whole, other in zip(found[hands], mixed, strict=True):
            assert whole[shuffled].tobytes() == other.tobytes()
    for one, three in zip(found["1"], found["3"], strict=True):
        assert one.tobytes() == three.tobytes()


def test_contributions_are_put_where_there_is_room_for_them():
    model, X = invented(3), holed(3, 70, 8)
    room = np.full((9, 70 + SHORTEST), np.nan)
    found = model.assess(X, parts=True, room=room).contributions
    assert np.shares_memory(found, room)
    assert found.tobytes() == model.contributions(X).tobytes()


@pytest.mark.parametrize("rows", [0, 1, BLOCK, 4 * BLOCK + 1, 31 * BLOCK + 5])
@pytest.mark.parametrize("most", [None, 5 * BLOCK])
def test_every_row_is_worked_on_once(monkeypatch, rows, most):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    seen, shares = np.zeros(rows, dtype=int), []

    def work(share):
        shares.append(share)
        seen[share] += 1

    in_threads(work, rows, most=most)
    assert (seen == 1).all()
    assert [share.start % BLOCK for share in shares] == [0] * len(shares)
    assert max(share.stop - share.start for share in shares) <= (most or 11 * BLOCK)


def test_a_share_is_not_shared_out_again(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    outer, inner = [], []

    def work(share):
        me = threading.get_ident()
        outer.append(me)
        in_threads(lambda part: inner.append((me, threading.get_ident())), 12 * BLOCK)

    in_threads(work, 12 * BLOCK)
    assert len(outer) == 3
    assert len(inner) == 9
    assert all(owner == worker for owner, worker in inner)


def test_more_columns_of_a_group_than_a_byte_counts():
    model, X = invented(1, (300,)), holed(1, 5, 300, share=0.95)
    filled, variance = model.complete(X)
    centred, r = X - model.centre, model.agreement[0]
    known = np.isfinite(centred)
    number = known.sum(axis=1, keepdims=True)
    assert (300 - number > 255).all()
    total = np.nansum(centred * model.orientation, axis=1, keepdims=True)
    expected = model.orientation * r * total / (1 + (number - 1) * r)
    left = 1 - number * r**2 / (1 + (number - 1) * r)
    np.testing.assert_allclose(filled, np.where(known, centred, expected), atol=1e-12)
    np.testing.assert_allclose(variance, np.where(known, 0, left), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("coefficients", np.zeros(7)),
        ("groups", ("one",) * 9),
        ("thresholds", np.arange(4.0)),
        ("covariance", np.eye(8)),
        ("shifts", np.zeros((3, 7))),
        ("shifts", np.zeros((2, 8))),
    ],
)
def test_parts_that_do_not_agree_are_refused(name, part):
    with pytest.raises(ModelError, match=f"{name}: the model's parts do not agree.*8 columns"):
        dataclasses.replace(invented(), **{name: part})
