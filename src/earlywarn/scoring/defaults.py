"""What is meant where a model or a day is not given: what ships, as of its newest publication."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from earlywarn.errors import AuthorityError, IndicatorError, ModelError
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import load_model
from earlywarn.panel.panel import load_panel
from earlywarn.panel.snapshot import Snapshot


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
    if not isinstance(model, RiskModel):
        raise ModelError(
            "not a model",
            where="model",
            found=f"a {type(model).__name__}",
            expected="what load_model or train gives, or nothing for the model that ships",
        )
    return model


def snapshot_or_shipped(snapshot: Snapshot | None) -> Snapshot:
    """The snapshot given, or what ships as of its default day.

    Raises
    ------
    IndicatorError
        If it is no snapshot.
    """
    if snapshot is None:
        return shipped_snapshot()
    if not isinstance(snapshot, Snapshot):
        raise IndicatorError(
            "a Snapshot is needed",
            where="snapshot",
            found=f"a {type(snapshot).__name__}",
            expected="what panel.as_of(date) gives, or nothing for what ships",
            remedy="A Panel also holds what was published later, and a look into the future must "
            "not be possible.",
        )
    return snapshot


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
