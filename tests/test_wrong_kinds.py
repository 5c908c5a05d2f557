"""Every door that Python callers have refuses what is plainly of another kind, in its own words."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import earlywarn as ew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OBJECTS = {
    "an object": object(),
    "bytes": b"x",
    "no day": pd.NaT,
    "a frame": pd.DataFrame({"a": [1]}),
}
TAKES_FRAMES = {("data_dictionary", "frame"), ("write_table", "frame")}
"""Whatever columns a frame has, these say what they are, or that nothing is known of them."""


def doors() -> Iterator[tuple[str, Callable[..., Any]]]:
    """What the front door offers to be called, and the methods that it leads to."""
    for name in sorted(ew._MODULES):
        offered = getattr(ew, name)
        if inspect.isfunction(offered):
            yield name, offered
    for name in ("as_of", "with_judgements", "add_judgements"):
        yield f"Panel.{name}", getattr(ew.Panel, name)


def parameters(door: Callable[..., Any]) -> list[inspect.Parameter]:
    """Those that have a kind of their own: what is asked as yes or no, Python reads as it likes."""
    several = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        parameter
        for parameter in inspect.signature(door).parameters.values()
        if parameter.kind not in several and not isinstance(parameter.default, bool)
    ]


CASES = [
    pytest.param(door, parameter.name, kind, id=f"{name}-{parameter.name}-{kind}")
    for name, door in doors()
    for parameter in parameters(door)
    for kind in OBJECTS
    if parameter.name not in {"self", "pause"}
    if not (kind == "a frame" and (name, parameter.name) in TAKES_FRAMES)
]


@pytest.fixture(scope="module")
def usual(national, model, snapshot, tmp_path_factory) -> dict[str, Any]:
    """What the doors take, by the names of their parameters."""
    place = tmp_path_factory.mktemp("doors")
    scores = ew.score(model, snapshot)
    scores.head(2).to_csv(place / "rows.csv", index=False)
    return {
        "self": national,
        "panel": national,
        "judgements": national.judgements,
        "model": model,
        "snapshot": snapshot,
        "authority": "Leeds",
        "la_code": "Leeds",
        "frame": scores,
        "rows": ew.build_indicators(snapshot).head(2),
        "path": place / "new",
        "out": place / "new",
        "folder": place / "new",
        "to": place / "new",
        "register": place / "new",
        "source": place / "rows.csv",
    }


@pytest.mark.parametrize(("door", "name", "kind"), CASES)
def test_a_thing_of_another_kind_is_refused(door, name, kind, usual, tmp_path) -> None:
    given = {
        parameter.name: usual.get(parameter.name)
        for parameter in parameters(door)
        if parameter.default is parameter.empty
    }
    given |= {name: OBJECTS[kind]}
    alone = [
        given.pop(parameter.name)
        for parameter in parameters(door)
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.name in given
    ]
    with pytest.raises(ew.EarlyWarnError) as refused:
        door(*alone, **given)
    assert refused.value.where or refused.value.found
    assert not usual["path"].exists()
