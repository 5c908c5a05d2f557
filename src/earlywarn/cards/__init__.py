"""The documents of a model's owner: its card, transparency record and quality log."""

from __future__ import annotations

from earlywarn.cards.writing import write_card

__all__ = ["write_card"]
