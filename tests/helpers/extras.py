"""Tests that need an extra skip with a reason without it, or fail where it is required."""

from __future__ import annotations

import importlib
import os
import warnings
from types import ModuleType

import pytest

REQUIRED = os.environ.get("EARLYWARN_EXTRAS_REQUIRED", "").split()
"""Packages and programs, by name, without which tests fail: such as ``dask pyspark chromium``."""


def needed(module: str, reason: str) -> ModuleType:
    """An optional module; the tests that ask for it are skipped if it is not there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(module)
        except ImportError:
            absent(module.partition(".")[0], reason, whole_module=True)
            raise


def absent(name: str, reason: str, *, whole_module: bool = False) -> None:
    """Skip, since something optional is not there; fail where it is required."""
    if name not in REQUIRED:
        pytest.skip(reason, allow_module_level=whole_module)
    pytest.fail(f"{reason}, and EARLYWARN_EXTRAS_REQUIRED names {name}", pytrace=False)
