"""The representation of an object: three lines as text, a small table in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Brief(NamedTuple):
    """A short description of an object.

    Parameters
    ----------
    title : str
        What it is.
    facts : mapping of str to str
        What it contains, by name.
    hint : str
        What to do with it.
    """

    title: str
    facts: Mapping[str, str]
    hint: str


class Shown:
    """A base class for objects with a short representation, whatever their size.

    Examples
    --------
    >>> class Box(Shown):
    ...     def _in_brief(self) -> Brief:
    ...         return Brief("A box", {"figures": "120", "width": "<2"}, "open() it")
    >>> Box()
    A box
      figures: 120; width: <2
      open() it
    >>> "<td>&lt;2</td>" in Box()._repr_html_()
    True
    """

    def _in_brief(self) -> Brief:
        raise NotImplementedError

    def __repr__(self) -> str:
        """Three lines: what it is, what it contains, what to do with it."""
        brief = self._in_brief()
        facts = "; ".join(f"{name}: {fact}" for name, fact in brief.facts.items())
        return f"{brief.title}\n  {facts}\n  {brief.hint}"

    def _repr_html_(self) -> str:
        """The same as a table that a screen reader can walk through."""
        brief = self._in_brief()
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(fact)}</td></tr>'
            for name, fact in brief.facts.items()
        )
        caption = f"<caption><strong>{escape(brief.title)}</strong></caption>"
        return f"<table>{caption}<tbody>{rows}</tbody></table><p>{escape(brief.hint)}</p>"
