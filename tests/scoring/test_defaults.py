"""What is meant where little is given: what ships, its newest day, names as people write them."""

from __future__ import annotations

import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.errors import AuthorityError, IndicatorError, ModelError


def test_score_by_itself_is_what_ships(model, national):
    newest = national.as_of(national.newest_publication)
    pd.testing.assert_frame_equal(ew.score(), ew.score(model, newest))


def test_explain_takes_the_authority_in_the_first_place(model, national):
    newest = national.as_of(national.newest_publication)
    expected = ew.explain(model, newest, "383")
    pd.testing.assert_frame_equal(ew.explain("Leeds"), expected)
    pd.testing.assert_frame_equal(ew.explain(la_code="E08000035"), expected)


def test_explain_takes_lists_in_their_order_each_once(snapshot):
    rows = ew.explain(["Sheffield", "383", "Leeds", "Newcastle"], snapshot)
    assert rows["la_code"].unique().tolist() == ["373", "383", "391"]
    pd.testing.assert_frame_equal(
        rows, ew.explain(authorities=("373", "383", "391"), snapshot=snapshot)
    )


def test_what_is_meant_by_nothing_else(snapshot):
    with pytest.raises(AuthorityError, match=r"several authorities.*Newham"):
        ew.explain("New")
    with pytest.raises(AuthorityError, match="no authority is given"):
        ew.explain([], snapshot)
    with pytest.raises(ModelError, match="found of type float"):
        ew.explain(1.5, snapshot)
    with pytest.raises(ModelError, match="found of type Snapshot"):
        ew.score(snapshot)
    with pytest.raises(IndicatorError, match="found of type Panel"):
        ew.score(None, ew.load_panel())
