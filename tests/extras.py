"""Tests that need an extra skip with a reason without it, or fail where they are required."""

from __future__ import annotations

import importlib
import os
import warnings
from types import ModuleType

import pytest

REQUIRED = os.environ.get("EARLYWARN_EXTRAS_REQUIRED") == "1"


def needed(module: str, reason: str) -> ModuleType:
    """An optional module; the tests that ask for it are skipped if it is not there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(module)
        except ImportError:
            absent(reason, whole_module=True)
            raise


def absent(reason: str, *, whole_module: bool = False) -> None:
    """Skip, since something optional is not there; fail where it is required."""
    if not REQUIRED:
        pytest.skip(reason, allow_module_level=whole_module)
    pytest.fail(f"{reason}, and EARLYWARN_EXTRAS_REQUIRED is set", pytrace=False)
