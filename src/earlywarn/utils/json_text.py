"""Read JSON strictly, and write it so that every program reads it."""

from __future__ import annotations

import json
import math
from typing import Any


def strict_json(text: str) -> Any:
    """Parse JSON text; an object with a key twice is refused, since one of the two would be lost.

    Raises
    ------
    ValueError
        If it is not JSON, or an object has a key twice.

    Examples
    --------
    >>> strict_json('{"caseload": 16}')
    {'caseload': 16}
    >>> strict_json('{"caseload": 16, "caseload": 20}')
    Traceback (most recent call last):
    ValueError: 'caseload' stands twice in one object
    """
    return json.loads(text, object_pairs_hook=_object)


def plain_json(value: Any, *, ensure_ascii: bool = False) -> str:
    """Return a value as JSON text; what JSON has no form for is text, and NaN and infinity null.

    Examples
    --------
    >>> plain_json({"a": [1.5, float("nan")]})
    '{"a": [1.5, null]}'
    """
    try:
        return json.dumps(value, ensure_ascii=ensure_ascii, default=str, allow_nan=False)
    except ValueError:
        return json.dumps(_without_nan(value), ensure_ascii=ensure_ascii, default=str)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        names = [name for name, _ in pairs]
        first = next(name for name in names if names.count(name) > 1)
        message = f"{first[:80]!r} stands twice in one object"
        raise ValueError(message)
    return whole
