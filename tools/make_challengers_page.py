"""Write docs/challengers.md: machine-learning models compared with the model that ships.

Usage: python tools/make_challengers_page.py RECORD, a folder written by `backtest --challengers
--out`. It is separate from docs/evaluation.md, since its figures depend on the versions of the
packages that the machines come from.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from earlywarn.evaluation.challengers import CHALLENGERS
from earlywarn.evaluation.record_page import OURS, markdown
from earlywarn.utils.files import write_whole

PAGE = Path(__file__).parents[1] / "docs" / "challengers.md"
NAMES = tuple(one.name for one in CHALLENGERS)
OPENING = """# Challengers: do machines that learn freely find more?

This page is written by `python tools/make_challengers_page.py RECORD` from a folder that
`python -m earlywarn backtest --challengers --out RECORD` wrote. The challengers see the same
figures as the model, are trained on the same days and set to a level of judgements in the same
way; their settings were fixed beforehand for some eighty events and never tuned. Nothing was
chosen by them. Brackets are 95% intervals from a bootstrap that draws whole authorities.
Inspections are predicted at their start; the record of the model itself is in
[evaluation](evaluation.md).
"""


def figures(records: pd.DataFrame) -> str:
    """The measures of each, window by window."""
    rows = records[(records["lead_months"] == 0) & records["model"].isin([OURS, *NAMES])]
    table = pd.DataFrame(
        {
            "window": rows["window"],
            "inspections": rows["n"].astype(int),
            "events": rows["events"].astype(int),
            "model": rows["model"],
            **{title: spans(rows, name) for title, name in MEASURES.items()},
            "top 20%": rows["recall_top20pct"].map("{:.2f}".format),
        }
    )
    return f"## Each by itself\n\n{markdown(table)}"


MEASURES = {"AUC": "auc", "Brier skill": "brier_skill", "O/E": "observed_expected"}


def spans(rows: pd.DataFrame, name: str) -> list[str]:
    """A figure with its interval."""
    parts = rows[[name, f"{name}_lower", f"{name}_upper"]].to_numpy(float)
    return [f"{value:.2f} [{low:.2f}, {high:.2f}]" for value, low, high in parts]


def differences(paired: pd.DataFrame) -> str:
    """How much better each is than the model, on the same resamples."""
    rows = paired[
        (paired["against"] == OURS)
        & (paired["lead_months"] == 0)
        & paired["model"].isin(NAMES)
        & paired["measure"].isin(["auc", "brier", "log"])
    ]
    text = [
        f"{row['difference']:+.3f} [{row['lower']:+.3f}, {row['upper']:+.3f}]"
        for row in rows.to_dict("records")
    ]
    wide = rows.assign(text=text).pivot_table(
        index=["window", "model"], columns="measure", values="text", aggfunc="first"
    )
    told = "Above 0 the challenger is the better one. `auc` is in AUC, the others are in skill."
    return f"## Against the model\n\n{told}\n\n{markdown(wide.reset_index())}"


def main(folder: Path) -> None:
    """Write the page."""
    records, paired = (pd.read_csv(folder / f"{name}.csv") for name in ("records", "paired"))
    write_whole(PAGE, "\n".join([OPENING, figures(records), "", differences(paired), ""]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
