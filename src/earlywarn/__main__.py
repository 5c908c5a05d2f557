"""``python -m earlywarn``: works where a launcher may not be run."""

from __future__ import annotations

import sys

from earlywarn.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
