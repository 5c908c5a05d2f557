"""The facts of a record by name, and in words that follow from its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.evaluation.populations import AGAIN, ALL, NEW
from earlywarn.evaluation.protocol import OURS, WINDOWS, headline, years_of
from earlywarn.evaluation.wording import level_found, order_words, skill_words
from earlywarn.utils.formatting import percent, signed, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.evaluation.stored_record import Recorded

NOT_KNOWN = "not known"
MEASURES = ("auc", "auc_below_good", "brier_skill", "observed_expected", "calibration_slope")
SHORT = {
    "development": "dev",
    "confirmation": "conf",
    "latest": "latest",
    "from 2018": "recent",
    "from 2022": "since",
}
"""The abbreviations of the record's windows in the names of facts."""
HEAD = "head"
"""The same for the window whose figures come first: all years in which nothing was chosen."""


def facts_of_record(recorded: Recorded) -> dict[str, Any]:
    """The facts of a record for a card; names end in the window's ``SHORT``, or in ``HEAD``."""
    records, about = recorded.tables["records"], recorded.about
    ours = records[records["model"] == OURS]
    head = headline(set(records["window"]))
    found: dict[str, Any] = {
        "resamples": f"{about['resamples']:,}",
        "level": f"{about['level']:.0%}",
        "checked_on": about["as_of"],
        "record_version": about["earlywarn"],
        "leads": ", ".join(f"{lead:g}" for lead in sorted(set(ours["lead_months"])) if lead),
        "baselines": ", ".join(name for name in dict.fromkeys(records["model"]) if name != OURS),
        **_of_checks(recorded.tables["checks"]),
        **_of_groups(recorded.tables["groups"]),
    }
    for window, short in (*SHORT.items(), (head, HEAD)):
        rows = ours[(ours["window"] == window) & (ours["lead_months"] == 0)]
        for row in rows.to_dict("records"):
            found |= {f"{name}_{short}": value for name, value in _of_window(row).items()}
            found[f"window_{short}"] = years_of(window, set(records["window"]))
        found |= _against(recorded.tables["paired"], window, short)
    found |= _of_populations(recorded.tables["populations"], head)
    return found | _in_words(recorded.tables, head)


def _of_window(row: Mapping[Any, Any]) -> dict[str, Any]:
    first, last = WINDOWS[row["window"]]
    return {
        "years": f"{first} to {last}",
        "n": f"{row['n']:g}",
        "events": f"{row['events']:g}",
        "rate": percent(row["events"] / row["n"]),
        "below_good_events": f"{row['below_good_events']:g}",
        **{name: span(row, name) for name in MEASURES},
        "auc_within_year": span(row, "auc_within_year"),
        "log_skill": span(row, "log_skill"),
        "listed": f"{row['inspected_at_26']:g}",
        "found": f"{row['events_at_26']:g}",
        "vain": f"{row['inspected_at_26'] - row['events_at_26']:g}",
        "missed": f"{row['events'] - row['events_at_26']:g}",
        "half_width": f"{(row['auc_upper'] - row['auc_lower']) / 2:.2f}",
    }


def _against(paired: pd.DataFrame, window: str, short: str) -> dict[str, str]:
    """The difference in AUC from each baseline."""
    rows = paired[(paired["window"] == window) & (paired["measure"] == "auc")]
    return {
        f"over_{row['against'].replace(' ', '_').replace('-', '_')}_{short}": (
            f"{signed(row['difference'])} [{signed(row['lower'])}, {signed(row['upper'])}]"
        )
        for row in rows.dropna(subset="difference").to_dict("records")
    }


def _of_populations(table: pd.DataFrame, head: str) -> dict[str, str]:
    """Actual and expected events: for all, new failures and re-inspections."""
    found: dict[str, str] = {}
    for window, short in ((head, HEAD), ("all", "all")):
        rows = table[table["window"] == window].set_index("population").to_dict("index")
        for population, name in ((ALL, ""), (NEW, "new_"), (AGAIN, "again_")):
            row = rows[population]
            found |= {
                f"{name}seen_{short}": f"{row['events']:g}",
                f"{name}expected_{short}": f"{row['expected']:.1f}",
                f"{name}as_few_{short}": percent(row["as_few"]),
                f"{name}ratio_{short}": limited(row),
                f"{name}order_{short}": NOT_KNOWN if pd.isna(row["auc"]) else f"{row['auc']:.2f}",
            }
    return found


def limited(row: Mapping[Any, Any]) -> str:
    """Observed over expected events with its exact limits."""
    limits = {"ratio_lower": row["lower"], "ratio_upper": row["upper"]}
    return span({"ratio": row["observed_expected"], **limits}, "ratio")


def _in_words(tables: Mapping[str, pd.DataFrame], head: str) -> dict[str, str]:
    """A summary in words of the first window's figures."""
    records, paired, groups = (tables[name] for name in ("records", "paired", "groups"))
    start = records[(records["window"] == head) & (records["lead_months"] == 0)]
    row = start[start["model"] == OURS].iloc[0].to_dict()
    pairs = paired[(paired["window"] == head) & (paired["measure"] == "auc")]
    better = list(pairs.loc[pairs["lower"] > 0, "against"])
    alike = list(pairs.loc[pairs["lower"] <= 0, "against"])
    rates = start[start["model"] == "three rates"].to_dict("records")
    return {
        "order_words": order_words(row["auc_lower"], row["auc_upper"]),
        "skill_words": skill_words(row["brier_skill_lower"], row["brier_skill_upper"])
        + " the recent share of events",
        "level_words": _level(row, tables["populations"]),
        "better_than": ", ".join(better) or "none",
        "alike": ", ".join(alike) or "none",
        "rates_auc": f"AUC {span(rates[0], 'auc')}" if rates else "not in this record",
        "fairness_words": _fairness(groups),
    }


def _level(row: Mapping[Any, Any], populations: pd.DataFrame) -> str:
    """The level in words, from resamples of authorities and from the exact limits of a count."""
    counted = populations[
        (populations["window"] == row["window"]) & (populations["population"] == ALL)
    ].iloc[0]
    resampled = (row["observed_expected_lower"], row["observed_expected_upper"])
    found = level_found(resampled, (counted["lower"], counted["upper"]))
    return found or "right or not, which so few judgements can't say"


def _fairness(groups: pd.DataFrame) -> str:
    rows = groups[groups["window"] == "confirmation"]
    off = int(((rows["lower"] > 1) | (rows["upper"] < 1)).sum())
    return (
        f"in {off} of {len(rows)} groups of authorities expected and observed events differ beyond "
        "chance"
        if off
        else "no group of authorities differs beyond chance, and groups are too small to prove "
        "fairness"
    )


def _of_checks(checks: pd.DataFrame) -> dict[str, Any]:
    """The number of checks, and the result of each."""
    sentences = {
        f"check_{row['number']}": f"check {row['number']} ({row['status']}): {row['sentence']}"
        for row in checks.to_dict("records")
    }
    failed = checks[checks["status"] == "fail"]
    return sentences | {
        "checks": len(checks),
        "checks_passed": int((checks["status"] == "pass").sum()),
        "checks_failed": len(failed),
        "failed": "; ".join(
            f"{row['number']} ({row['title']})" for row in failed.to_dict("records")
        )
        or "none",
    }


def _of_groups(groups: pd.DataFrame) -> dict[str, Any]:
    rows = groups[groups["window"] == "confirmation"]
    off = rows[(rows["lower"] > 1) | (rows["upper"] < 1)]
    return {
        "groups": len(rows),
        "groups_off": len(off),
        "smallest_group": f"{rows['n'].min():g}",
        "group_events": f"{rows['events'].min():g} to {rows['events'].max():g}",
    }
