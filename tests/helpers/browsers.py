"""A real browser for the tests that look at pages; without one they skip, or fail if required."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.helpers.extras import absent, needed

SETTINGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium, started and closed."""
    playwright = needed("playwright.sync_api", "the Python package playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        absent("chromium", "chromium is not installed")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=path, args=list(SETTINGS))
        yield started
        started.close()


def axe() -> str:
    """The script of axe, which finds what keeps people from using a page."""
    package = needed("axe_playwright_python", "axe-playwright-python is not installed")
    folder = Path(str(package.__file__)).parent
    return next(folder.rglob("axe.min.js")).read_text("utf-8")
