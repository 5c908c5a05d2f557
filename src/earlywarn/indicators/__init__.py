"""Indicators: the catalogue, and how they are worked out from a snapshot."""
