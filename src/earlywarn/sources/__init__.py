"""Published files in, observations out: one door, `read_folder`."""

from __future__ import annotations

from earlywarn.sources.folder import read_folder
from earlywarn.sources.records import FileRecord, Finding, Published

__all__ = ["FileRecord", "Finding", "Published", "read_folder"]
