"""Defaults for the model and snapshot: those that ship, as of the latest publication."""

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
    """Return the snapshot of the shipped national panel on its latest date; read once.

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
    """Return the given model, or the one that ships with the package.

    Raises
    ------
    ModelError
        If it is not a model.
    """
    if model is None:
        return _shipped_model()
    return checked_model(model)


def checked_model(model: object) -> RiskModel:
    """Return the given model, where there is no default.

    Raises
    ------
    ModelError
        If it is not a model.
    """
    made_by = "what load_model or train gives"
    first = "The model comes first: None is the one that ships, as in score(None, snapshot)."
    remedy = first if isinstance(model, Snapshot) else ""
    return of_kind(model, RiskModel, "model", expected=made_by, fault=ModelError, remedy=remedy)


def snapshot_or_shipped(snapshot: Snapshot | None) -> Snapshot:
    """Return the given snapshot, or the shipped one on its default date.

    Raises
    ------
    IndicatorError
        If it is not a snapshot.
    """
    if snapshot is None:
        return shipped_snapshot()
    return checked_snapshot(snapshot)


def codes_meant(snapshot: Snapshot, authorities: str | Iterable[str] | None) -> list[str]:
    """Return the codes of the requested authorities, each once; by default all on the date.

    Raises
    ------
    AuthorityError
        If the list is empty, one is unknown or did not exist on the date, or its name is the
        beginning of several.
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
