"""Scoring: authorities and rows, with explanations, comparisons and what-ifs."""
