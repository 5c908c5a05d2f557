"""How fresh the sources of a table are, as shown in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earlywarn.scoring.freshness import overdue_since

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def sources_text(sources: Iterable[Mapping[str, Any]]) -> str:
    """Describe up to when each source is known, and which of them are overdue.

    Parameters
    ----------
    sources : iterable of mapping
        As stored by ``score`` and ``explain`` in ``attrs["freshness"]``.

    Examples
    --------
    >>> import earlywarn as ew
    >>> print(sources_text(ew.score().attrs["freshness"][-2:]))
    Latest by source: Statistical neighbours 2025 (2025-05-31); the model, learnt to 2026-08-20.
    """
    listed = list(sources)
    if not listed:
        return ""
    late = [source for source in listed if source["overdue"]]
    text = f"Latest by source: {'; '.join(map(_one, listed))}."
    if not late:
        return text
    names = "; ".join(f"{each['title']} (since {overdue_since(each)})" for each in late)
    return f"{text} Overdue: {names}."


def _one(source: Mapping[str, Any]) -> str:
    if source["through"] is None:
        return f"{source['title']} none known"
    if source["kind"] == "model":
        return f"the model, learnt to {source['through']}"
    year = "" if source["period"] is None else f" {source['period']}"
    return f"{source['title']}{year} ({source['through']})"
