"""The binomial distribution."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binom

from earlywarn.errors import IndicatorError
from earlywarn.statistics.binomial import at_most


@example(8, 3, 1.0)
@example(-1, 3, 0.0)
@example(0, 3, 1.0)
@example(1_000, 2_000, 0.5)
@given(st.integers(-1, 80), st.integers(0, 80), st.floats(0, 1))
def test_as_scipy_has_it(count: int, number: int, share: float) -> None:
    assert at_most(count, number, share) == pytest.approx(
        float(binom.cdf(count, number, share)), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_zero_to_one(share: float) -> None:
    with pytest.raises(IndicatorError, match="share") as caught:
        at_most(1, 2, share)
    assert caught.value.expected == "from 0 to 1"
