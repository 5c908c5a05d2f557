"""Staying current: refresh, the register of forecasts, retraining, monitoring."""
