"""Rows 15 to 35 of docs/experiments.md, on the development years and no other.

    python -m experiments.run FOLDER [NUMBER ...]

``FOLDER`` holds the published files; rows 15 and 16 read figures of the Local Authority
Interactive Tool that the panel does not carry. Each row prints its own figures and how it differs
from the model that ships, as a row for the page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.trial import Idea, Trial, line

from experiments import rows_15_to_25, rows_26_to_31, rows_32_to_35

if TYPE_CHECKING:
    import numpy as np


def main() -> None:
    """Print the table: the model that ships, and the rows asked for beside it."""
    folder, chosen = Path(sys.argv[1]), sys.argv[2:]
    trial = Trial()
    print("| | AUC | from 2018 | below Good | Brier | log score | O/E | better in | below Good |")
    print("|---|---|---|---|---|---|---|---|---|")
    base = trial.forecasts(Idea())
    print(line("shipped", trial, base, base), flush=True)
    show(trial, rows_15_to_25.ideas(trial, folder) | rows_26_to_31.ideas(trial), base, chosen)
    trend = trial.forecasts(Idea(fit=rows_26_to_31.with_damped_trend))
    print(line("with 31", trial, trend, base), flush=True)
    show(trial, rows_32_to_35.ideas(trial), trend, chosen)


def show(
    trial: Trial, ideas: dict[str, Idea], base: tuple[np.ndarray, np.ndarray], chosen: list[str]
) -> None:
    """Print the rows asked for, each compared with the forecasts of the model it starts from."""
    for name, idea in ideas.items():
        if not chosen or name.split()[0] in chosen:
            print(line(name, trial, trial.forecasts(idea), base), flush=True)


if __name__ == "__main__":
    main()
