"""The words of docs/prospective.md, with every figure in its place."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

WORDS = Path(__file__).with_name("prospective.txt")
"""The words of the page, with a place for each figure."""
HEAD = (
    "| inspections | model | n | seen | expected | as few | AUC | the model less this "
    "| Brier skill | log skill |"
)
FAILURES = "| authority | inspection began | of the 53 | months before | risk | place |"


def page(figures: dict[str, Any]) -> str:
    """The page, every figure of it from ``measured``."""
    new, every = (figures["groups"][name] for name in ("53 new", "all 62"))
    ours = new["leads"]["0"]["earlywarn"]
    before = new["leads"]["0"]["previous judgement"]
    tables = {
        f"{event}_{lead}": _table(new, every, event, lead)
        for event in ours
        for lead in new["leads"]
        if event != "first_26"
    }
    facts = {
        "auc": _with_limits(ours["below_good"]["auc"], ours["below_good"]["auc_interval"]),
        "auc_before": _with_limits(
            before["below_good"]["auc"], before["below_good"]["auc_interval"]
        ),
        "difference": _with_limits(
            before["below_good"]["auc_of_the_model_less_this"],
            before["below_good"]["difference_interval"],
        ),
        "expected": f"{ours['inadequate']['expected']:.1f}",
        "chance": f"{100 * ours['inadequate']['chance_of_as_few']:.1f}%",
        "base_expected": f"{new['leads']['0']['trailing base rate']['inadequate']['expected']:.1f}",
        "brier": f"{ours['inadequate']['brier_skill']:+.2f}",
        "log": f"{ours['inadequate']['log_skill']:+.2f}",
        "log_before": f"{before['inadequate']['log_skill']:+.2f}",
        "below_expected": f"{ours['below_good']['expected']:.1f}",
        "below_overall_expected": f"{ours['below_good_overall']['expected']:.1f}",
        "below_overall_n": str(ours["below_good_overall"]["n"]),
        "below_overall_seen": str(ours["below_good_overall"]["observed"]),
        "below_overall_chance": f"{100 * ours['below_good_overall']['chance_of_as_few']:.1f}%",
        "listed": str(ours["first_26"]["inspected"]),
        "listed_below": str(ours["first_26"]["below_good"]),
        "forecasts": str(figures["last_judgement"]["forecasts"]),
        "failures": _failure_table(figures["inadequate_cases"]),
        "held": str(new["counts"]["already_inadequate"]),
        "again": str(new["counts"]["inadequate_again"] or "none"),
        "model": figures["model"],
        "resamples": f"{figures['resamples']:,}",
    }
    return Template(WORDS.read_text(encoding="utf-8")).substitute(facts | tables)


def _table(new: dict[str, Any], every: dict[str, Any], event: str, lead: int) -> str:
    """Each model on one event at one lead, for the new inspections and for all."""
    lines = [
        HEAD,
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, group in (("53 new", new), ("all 62", every)):
        for model, figures in group["leads"][str(lead)].items():
            row = figures[event]
            less = (
                ""
                if model == "earlywarn"
                else _with_limits(
                    row["auc_of_the_model_less_this"], row["difference_interval"], "+.2f"
                )
            )
            auc = _with_limits(row["auc"], row["auc_interval"])
            lines.append(
                f"| {name} | {model} | {row['n']} | {row['observed']} | {row['expected']:.1f} | "
                f"{row['chance_of_as_few']:.3f} | {auc} | {less} | "
                f"{row['brier_skill']:+.2f} | {row['log_skill']:+.2f} |"
            )
    return "\n".join(lines)


def _failure_table(rows: list[dict[str, Any]]) -> str:
    lines = [
        FAILURES,
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['la_name']} | {row['inspection_start']} | {'yes' if row['new'] else 'no'} | "
        f"{row['lead_months']:.0f} | {100 * row['risk']:.1f}% | "
        f"{row['rank']:.0f} of {row['authorities']:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


def _with_limits(value: float | None, limits: list[float | None], form: str = ".2f") -> str:
    """A figure with its 95% interval, where there are events enough for one."""
    if value is None:
        return "not defined"
    lower, upper = limits
    if lower is None or upper is None:
        return f"{value:{form}}"
    return f"{value:{form}} [{lower:{form}}, {upper:{form}}]"
