"""The record as a Markdown page; every number on it comes from the frames of a backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.evaluation.populations import ALL
from earlywarn.evaluation.protocol import FEWEST_EVENTS, OURS, WINDOWS, years_of
from earlywarn.evaluation.wording import level_words, order_words, skill_words
from earlywarn.scoring.ranks import held_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from earlywarn.evaluation.backtesting import Backtest
    from earlywarn.evaluation.performance import Evaluation

_COMMAND = "python -m earlywarn backtest --out record"


def page(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], backtest: Backtest) -> str:
    """Write the page of a record.

    Parameters
    ----------
    evaluation : Evaluation
    tables : mapping of DataFrame
        As returned by ``earlywarn.evaluation.record.make_record``.
    backtest : Backtest
    """
    records = evaluation.records
    parts = [
        _opening(records, tables["populations"], backtest),
        *(_window(records, window) for window in WINDOWS if window in set(records["window"])),
        _populations(tables),
        _pairs(evaluation.paired),
        _leads(records),
        _lists(records, tables),
        _warnings(tables["lead_time"], backtest.forecasts),
        _calibration(tables),
        _worth(tables["decision_curve"]),
        _groups(tables["groups"]),
        _steady(tables),
        _checks(tables["checks"]),
    ]
    return "\n\n".join(parts) + "\n"


_NAMES = {
    "development": "Development years",
    "confirmation": "Confirmation years",
    "latest": "Latest years",
}
_MEANING = {
    "development": "These years were used to choose the model, so these figures flatter it; "
    "docs/experiments.md shows how many things were tried.",
    "confirmation": "They were not used to choose anything. They have been looked at before: "
    "docs/experiments.md describes what each look showed.",
    "latest": "They came after the model was first built, and have been looked at before: "
    "docs/prospective.md describes what the first look showed.",
}


def _opening(records: pd.DataFrame, populations: pd.DataFrame, backtest: Backtest) -> str:
    rows = records[(records["model"] == OURS) & (records["lead_months"] == 0)]
    counted = populations[populations["population"] == ALL].set_index("window")
    headlines = [
        _headline(row, counted.loc[row["window"]])
        for row in rows.to_dict("records")
        if row["window"] in _NAMES
    ]
    head = _HEAD.format(command=_COMMAND, target=backtest.target)
    held = f"- **Intervals.** {held_words()} (docs/experiments.md, rows 47 and 51)."
    return "\n".join([head, *headlines, held, _FOOT])


_HEAD = (
    "# Would it have been early enough? The record\n\n"
    "This page is written by `{command}` and never by hand. "
    "It shows what earlywarn would have forecast before each\n"
    "inspection, using what had been published by that day "
    "and a model that had seen only reports published before\n"
    "1 January of the year, and what the inspection found. The target is `{target}`.\n"
)
_FOOT = (
    "\nBrackets are 95% intervals from a bootstrap that draws whole authorities. "
    "With so few events they are wide. Whether\n"
    "two models differ is shown by the interval of their difference, on the same resamples, "
    "below. Authorities that were not inspected are unknown and count neither way."
)


def _headline(row: Mapping[Any, Any], counted: pd.Series) -> str:
    events = "1 event" if row["events"] == 1 else f"{row['events']:.0f} events"
    return (
        f"- **{_NAMES[row['window']]}, {years_of(row['window'])}** ({row['n']:.0f} inspections, "
        f"{events} where {counted['expected']:.1f} were expected): "
        f"AUC {_span(row, 'auc')}, below Good {_span(row, 'auc_below_good')}, "
        f"Brier skill over the trailing base rate {_span(row, 'brier_skill')}, "
        f"observed to expected {_span(row, 'observed_expected')}. {_verdict(row, counted)}"
        f"{_MEANING[row['window']]}"
    )


def _verdict(row: Mapping[Any, Any], counted: pd.Series) -> str:
    """What the intervals allow one to conclude; with too few events, how likely so few are."""
    if np.isnan(row["auc_lower"]):
        chance = f"{counted['as_few']:.0%}"
        return f"If the risks were right, the chance of so few events or fewer is {chance}. "
    order = order_words(row["auc_lower"], row["auc_upper"])
    skill = skill_words(row["brier_skill_lower"], row["brier_skill_upper"])
    resampled = (row["observed_expected_lower"], row["observed_expected_upper"])
    level = level_words(resampled, (counted["lower"], counted["upper"]))
    return f"The order is {order}; the risks are {skill} the trailing base rate. {level}. "


def _populations(tables: Mapping[str, pd.DataFrame]) -> str:
    by_population = tables["populations"].rename(columns={"observed_expected": "O/E"})
    rows = tables["records_new"]
    start = rows[rows["lead_months"] == 0]
    order = pd.DataFrame(
        {
            "window": start["window"],
            "model": start["model"],
            "AUC": _spans(start, "auc"),
            "below Good": _plain(start["auc_below_good"]),
            "Brier skill": _signed(start["brier_skill"]),
            "O/E": _plain(start["observed_expected"]),
            "top 26": _plain(start["recall_at_26"]),
        }
    )
    return (
        "## New failures and re-inspections\n\nWhere the last judgement is Inadequate the "
        "department is already involved. `as_few` and `as_many` are the exact probabilities, if "
        "the risks were right, of at most or at least as many Inadequate judgements as there "
        "were. Limits of O/E are "
        f"exact Poisson limits. With fewer than {FEWEST_EVENTS} events no AUC is given.\n\n"
        f"{markdown(_formatted(by_population))}\n\n"
        "Authorities not already Inadequate, each ranked among these alone:\n\n"
        f"{markdown(order)}\n\nTheir quarterly lists of 26:\n\n"
        f"{markdown(_formatted(tables['list_record_new']))}"
    )


def _window(records: pd.DataFrame, window: str) -> str:
    rows = records[(records["window"] == window) & (records["lead_months"] == 0)]
    table = pd.DataFrame(
        {
            "model": rows["model"],
            "AUC": _spans(rows, "auc"),
            "within year": _plain(rows["auc_within_year"]),
            "below Good": _plain(rows["auc_below_good"]),
            "AP / prevalence": _plain(rows["ap_over_prevalence"]),
            "Brier skill": _signed(rows["brier_skill"]),
            "log skill": _signed(rows["log_skill"]),
            "O/E": _plain(rows["observed_expected"]),
            "slope": _plain(rows["calibration_slope"]),
            "top 20%": _plain(rows["recall_top20pct"]),
            "top 26": _plain(rows["recall_at_26"]),
        }
    )
    first = rows.iloc[0]
    return (
        f"## At the start of the inspection, {window}\n\n{first['n']:.0f} inspections, "
        f"{first['events']:.0f} with an Inadequate area. The last two columns are the share of "
        "these found in the top fifth of the inspected, and in the top 26 of the whole list."
        f"\n\n{markdown(table)}"
    )


def _pairs(paired: pd.DataFrame) -> str:
    rows = paired[
        (paired["model"] == OURS)
        & (paired["lead_months"] == 0)
        & paired["measure"].isin(["auc", "auc_below_good", "brier", "log"])
    ]
    text = [
        ""
        if np.isnan(row["difference"])
        else f"{row['difference']:+.3f} [{row['lower']:+.3f}, {row['upper']:+.3f}]"
        for row in rows.to_dict("records")
    ]
    wide = rows.assign(text=text).pivot_table(
        index=["window", "against"], columns="measure", values="text", aggfunc="first"
    )
    order = [column for column in ("auc", "auc_below_good", "brier", "log") if column in wide]
    table = wide[order].fillna("").reset_index()
    return (
        "## Against each baseline, on the same resamples\n\nDifferences between earlywarn and the "
        "baseline, in AUC and in skill: above 0 earlywarn is the better one.\n\n" + markdown(table)
    )


def _leads(records: pd.DataFrame) -> str:
    rows = records[records["model"] == OURS].sort_values(["window", "lead_months"])
    table = pd.DataFrame(
        {
            "window": rows["window"],
            "months before": rows["lead_months"].astype(str),
            "inspections": rows["n"].astype(int).astype(str),
            "events": rows["events"].astype(int).astype(str),
            "AUC": _spans(rows, "auc"),
            "below Good": _spans(rows, "auc_below_good"),
            "Brier skill": _signed(rows["brier_skill"]),
            "O/E": _plain(rows["observed_expected"]),
            "top 26": _plain(rows["recall_at_26"]),
        }
    )
    return (
        "## How early\n\nThe same inspections, predicted months before they began. The lists begin "
        "in 2016, so longer leads have fewer inspections.\n\n" + markdown(table)
    )


def _lists(records: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
    rows = records[(records["model"] == OURS) & (records["lead_months"] == 0)]
    table = pd.DataFrame(
        [
            {
                "window": row["window"],
                "list of": str(capacity),
                "precision": _number(row[f"precision_at_{capacity}"]),
                "recall": _number(row[f"recall_at_{capacity}"]),
                "lift": _number(row[f"lift_at_{capacity}"]),
                "p": _number(row[f"p_value_at_{capacity}"], 3),
            }
            for row in rows.to_dict("records")
            for capacity in (10, 15, 26, 30)
        ]
    )
    quarterly = tables["list_record"]
    return (
        "## Lists of a length that can be acted on\n\nOf the inspected authorities that were on "
        "the list at the start of their inspection: the share judged Inadequate (precision), the "
        "share of all Inadequate judgements that were on it (recall), precision over prevalence "
        "(lift), and the exact hypergeometric probability of at least as many by chance."
        f"\n\n{markdown(table)}"
        f"\n\nThe quarterly lists of 26, by model:\n\n{markdown(_formatted(quarterly))}"
    )


_STANDS = {
    "on_last_list": "then",
    "on_list_6": "6 months before",
    "on_list_12": "12",
    "on_list_24": "24",
}


def _warnings(table: pd.DataFrame, forecasts: pd.DataFrame) -> str:
    ours = table[table["model"] == OURS]
    names = forecasts.drop_duplicates("la_code").set_index("la_code")["la_name"]
    rows = pd.DataFrame(
        {
            "window": ours["window"],
            "authority": [f"{names.get(code, '')} ({code})" for code in ours["la_code"]],
            "inspection began": ours["inspection_start"],
            **{title: ours[name].map({1: "yes", 0: "no"}) for name, title in _STANDS.items()},
            "months on it": _plain(ours["warning_months"]),
        }
    )
    sentences = "\n".join(_stood(part, name) for name, part in ours.groupby("window", sort=False))
    return (
        "## Each Inadequate judgement: was it on the list?\n\nWhether the authority was on the "
        "quarterly list of 26 when its inspection began, and 6, 12 and 24 months before, and for "
        "how many months it had been there without a break. Empty: no list of that time covers it."
        f"\n\n{sentences}\n\n{markdown(rows)}"
    )


def _stood(rows: pd.DataFrame, window: object) -> str:
    counts = [
        f"{rows[name].sum():.0f} of {rows[name].notna().sum()} ({title})"
        for name, title in _STANDS.items()
    ]
    return f"- {str(window).capitalize()}: {', '.join(counts)} were on it."


def _calibration(tables: Mapping[str, pd.DataFrame]) -> str:
    table = tables["reliability"]
    ours = table[table["model"] == OURS].drop(columns="model")
    return (
        "## Calibration\n\nForecasts by fifths of risk, with the band in which the observed share "
        "would lie in 90 of 100 cases if the forecasts were right.\n\n" + markdown(_formatted(ours))
    )


def _worth(table: pd.DataFrame) -> str:
    ours = table[table["model"] == OURS].drop(columns="model")
    return (
        "## Decision curve\n\nNet benefit (Vickers and Elkin 2006) of acting on risks above a "
        "threshold.\n\n" + markdown(_formatted(ours))
    )


def _groups(table: pd.DataFrame) -> str:
    return (
        "## Groups of authorities\n\nObserved to expected with exact 95% Poisson limits. Groups "
        "are small, and most limits include 1.\n\n" + markdown(_formatted(table))
    )


def _steady(tables: Mapping[str, pd.DataFrame]) -> str:
    moves, gain = tables["steadiness"], tables["recounted"]
    by = moves.groupby("refitted")[["median_move", "largest_move", "rank_correlation"]].mean()
    table = by.reset_index()
    table["refitted"] = table["refitted"].map(
        {True: "new figures and a new model (January)", False: "new figures only"}
    )
    places = (gain["rank_if"] - gain["rank"]).clip(lower=0)
    points = 100 * (gain["risk"] - gain["risk_if"])
    return (
        "## How stable scores are\n\nMean over the quarters of how many places authorities move "
        f"from one list to the next.\n\n{markdown(_formatted(table))}\n\n"
        "If one authority counted its re-referrals so that the rate looked one standard deviation "
        f"better, its risk would fall by {points.median():.1f} percentage points (median; at most "
        f"{points.max():.1f}) and it would move {places.median():.0f} places down the list "
        f"(at most {places.max():.0f})."
    )


def _checks(table: pd.DataFrame) -> str:
    return (
        "## Numbered checks\n\nEach names the fault that it looks for; `pass` means that it was "
        "not found.\n\n" + markdown(_formatted(table))
    )


def markdown(table: pd.DataFrame) -> str:
    """Turn a frame of text into a Markdown table.

    Examples
    --------
    >>> print(markdown(pd.DataFrame({"a": ["1"], "b": ["x"]})))
    | a | b |
    |---|---|
    | 1 | x |
    """
    head = [f"| {' | '.join(map(str, table.columns))} |", f"|{'---|' * len(table.columns)}"]
    body = [
        f"| {' | '.join(_cell(value) for value in row)} |"
        for row in table.astype(object).to_numpy()
    ]
    return "\n".join([*head, *body])


def _cell(value: object) -> str:
    return "" if pd.isna(value) else str(value).replace("|", "/")  # type: ignore[call-overload]


def _formatted(table: pd.DataFrame) -> pd.DataFrame:
    """Every number, with decimals that suit its size."""
    return pd.DataFrame({name: _texts(column) for name, column in table.items()})


def _texts(column: pd.Series) -> list[str]:
    if column.dtype == bool:
        return ["yes" if cell else "no" for cell in column]
    if pd.api.types.is_integer_dtype(column.dtype):
        return [str(cell) for cell in column]
    if pd.api.types.is_float_dtype(column.dtype):
        known = column.dropna()
        whole = bool((known == known.round()).all()) and bool((known.abs() >= 1).any())
        return [_number(cell, 0 if whole else 2) for cell in column]
    return ["" if pd.isna(cell) else str(cell) for cell in column]


def _span(row: Mapping[Any, Any], name: str) -> str:
    if np.isnan(row[name]):
        return "not known"
    return f"{row[name]:.2f} [{row[f'{name}_lower']:.2f}, {row[f'{name}_upper']:.2f}]"


def _spans(rows: pd.DataFrame, name: str) -> list[str]:
    return ["" if np.isnan(row[name]) else _span(row, name) for row in rows.to_dict("records")]


def _number(value: float, places: int = 2) -> str:
    return "" if np.isnan(value) else f"{value:.{places}f}"


def _plain(column: Iterable[float]) -> list[str]:
    return [_number(value) for value in column]


def _signed(column: Iterable[float]) -> list[str]:
    return ["" if np.isnan(value) else f"{value:+.3f}" for value in column]
