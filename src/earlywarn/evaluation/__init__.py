"""Evaluation: backtests, and the measures, tables and checks of their record."""
