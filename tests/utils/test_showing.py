"""What the large objects show of themselves is short, whatever they hold."""

from __future__ import annotations

import html5lib
import pandas as pd
import pytest

from earlywarn.evaluation.backtesting import Backtest

FORECASTS = pd.DataFrame(
    {"la_code": ["383", "383"], "inspection_start": ["2024-01-01"] * 2, "model": ["a", "b"]}
)
BACKTEST = Backtest(
    FORECASTS, pd.DataFrame({"as_of": ["2024-01-01"]}), pd.DataFrame(), "any_inadequate"
)


@pytest.fixture(params=["panel", "snapshot", "model", "backtest"])
def shown(request, national, snapshot, model):
    kinds = {"panel": national, "snapshot": snapshot, "model": model, "backtest": BACKTEST}
    return kinds[request.param]


def test_three_lines(shown) -> None:
    text = repr(shown)
    assert text.count("\n") == 2
    assert len(text) < 500
    assert text.startswith(type(shown).__name__)


def test_a_table_with_headings_in_a_notebook(shown) -> None:
    tree = html5lib.parseFragment(shown._repr_html_(), namespaceHTMLElements=False)
    headings = list(tree.iter("th"))
    assert len(list(tree.iter("caption"))) == 1
    assert len(headings) == len(list(tree.iter("tr"))) >= 3
    assert {cell.get("scope") for cell in headings} == {"row"}


def test_it_says_what_is_in_it(national, snapshot, model) -> None:
    assert f"{len(national.observations):,}" in repr(national)
    assert f"up to {snapshot.data_through}" in repr(snapshot)
    assert model.info["sunset"] in repr(model)
    assert "inspections: 1; models: a, b" in repr(BACKTEST)
