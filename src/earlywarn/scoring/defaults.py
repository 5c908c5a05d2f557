"""What is meant where a model or a day is not given: what ships, as of its newest publication."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from earlywarn.errors import AuthorityError, ModelError
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import load_model
from earlywarn.panel.panel import load_panel
from earlywarn.panel.snapshot import Snapshot, checked_snapshot
from earlywarn.utils.arguments import of_kind


@functools.cache
def shipped_snapshot() -> Snapshot:
    """What was public on the newest day of the national panel that ships; read once.

    Examples
    --------
    >>> shipped_snapshot() is shipped_snapshot()
    True
    """
    panel = load_panel()
    return panel.as_of(panel.newest_publication)


@functools.cache
def _shipped_model() -> RiskModel:
    return load_model()


def model_or_shipped(model: RiskModel | None) -> RiskModel:
    """The model given, or the one that ships.

    Raises
    ------
    ModelError
        If it is no model.
    """
    if model is None:
        return _shipped_model()
    return checked_model(model)


def checked_model(model: object) -> RiskModel:
    """The model given, where there is no default.

    Raises
    ------
    ModelError
        If it is no model.
    """
    made_by = "what load_model or train gives"
    first = "The model comes first: None is the one that ships, as in score(None, snapshot)."
    remedy = first if isinstance(model, Snapshot) else ""
    return of_kind(model, RiskModel, "model", expected=made_by, fault=ModelError, remedy=remedy)


def snapshot_or_shipped(snapshot: Snapshot | None) -> Snapshot:
    """The snapshot given, or what ships as of its default day.

    Raises
    ------
    IndicatorError
        If it is no snapshot.
    """
    if snapshot is None:
        return shipped_snapshot()
    return checked_snapshot(snapshot)


def codes_meant(snapshot: Snapshot, authorities: str | Iterable[str] | None) -> list[str]:
    """The codes of the authorities that are asked for, each once; all of the day if none is.

    Raises
    ------
    AuthorityError
        If none is given, one is not known or did not exist on the day, or its name is the beginning
        of several.
    """
    if authorities is None:
        return list(snapshot.authorities["la_code"])
    given: object = authorities
    several = isinstance(given, Iterable) and not isinstance(given, (str, bytes))
    listed: list[object] = list(authorities) if several else [given]
    if not listed:
        raise AuthorityError(
            "no authority is given",
            where="authorities",
            found="an empty list",
            expected="at least one name or code",
            remedy="Leave it out for all authorities.",
        )
    return list(dict.fromkeys(snapshot.existing_code(str(one)) for one in listed))
