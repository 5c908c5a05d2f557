"""The documents for a model's owner: model card, transparency record and quality log."""

from __future__ import annotations

from earlywarn.cards.writing import write_card

__all__ = ["write_card"]
