"""Run the registered experiments of docs/experiments.md on the development years, and no other.

    python tools/experiments.py FOLDER [NUMBER ...]

``FOLDER`` holds the published files; rows 15 and 16 read figures of the Local Authority
Interactive Tool that the panel does not carry. Each row prints its own figures and how it differs
from the model that ships, as a row for the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

import second_register
import third_register
from trial import Idea, Trial, line


def main() -> None:
    """Print the table: the model that ships, and the rows asked for beside it."""
    folder, chosen = Path(sys.argv[1]), sys.argv[2:]
    trial = Trial()
    print("| | AUC | from 2018 | below Good | Brier | log score | O/E | better in | below Good |")
    print("|---|---|---|---|---|---|---|---|---|")
    base = trial.forecasts(Idea())
    print(line("shipped", trial, base, base), flush=True)
    for name, idea in (second_register.ideas(trial, folder) | third_register.ideas(trial)).items():
        if not chosen or name.split()[0] in chosen:
            print(line(name, trial, trial.forecasts(idea), base), flush=True)


if __name__ == "__main__":
    main()
