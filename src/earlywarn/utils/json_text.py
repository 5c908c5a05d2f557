"""Read JSON strictly: an object with a key twice is refused, since one of the two would be lost."""

from __future__ import annotations

import json
from typing import Any


def strict_json(text: str) -> Any:
    """Parse JSON text.

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


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        names = [name for name, _ in pairs]
        first = next(name for name in names if names.count(name) > 1)
        message = f"{first[:80]!r} stands twice in one object"
        raise ValueError(message)
    return whole
