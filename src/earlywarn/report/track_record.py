"""The track record: small tables, and sentences based on them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from earlywarn.evaluation.protocol import OURS, headline, years_of
from earlywarn.evaluation.stored_record import read_recorded
from earlywarn.evaluation.wording import level_words, order_words, skill_words
from earlywarn.statistics.intervals import byar_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping

    import pandas as pd

    from earlywarn.evaluation.stored_record import Recorded

COLUMNS = (
    "window",
    "model",
    "n",
    "events",
    *(
        name + end
        for name in ("auc", "auc_below_good", "brier_skill", "observed_expected", "recall_at_26")
        for end in ("", "_lower", "_upper")
    ),
    "calibration_slope",
    "inspected_at_26",
    "events_at_26",
    "precision_at_26",
)
ALARMS = ("true_alarms", "false_alarms", "unknown_authorities")
_MEANS = {
    "development": "used to choose the model",
    "confirmation": "not used to choose anything",
    "latest": "after the model was first built",
    "from 2018": "the present framework",
    "from 2022": "not used to choose anything",
}


def window_words(window: str, present: Collection[str]) -> str:
    """Describe the years of a window of the record.

    Examples
    --------
    >>> window_words("development", ["development", "confirmation"])
    '2016 to 2021, used to choose the model'
    """
    return f"{years_of(window, present)}, {_MEANS[window]}"


def past_record() -> pd.DataFrame:
    """Return the backtest's measures at the inspections' start, for earlywarn and baselines.

    Returns
    -------
    DataFrame
        One row per (window, model), with the columns of ``COLUMNS`` and, for the quarterly lists of
        26, those of ``ALARMS``.

    Examples
    --------
    >>> past_record()["model"].iloc[0]
    'earlywarn'
    """
    tables = _shipped().tables
    rows = tables["records"].query("lead_months == 0")[list(COLUMNS)]
    return rows.merge(tables["list_record"], on=["window", "model"], validate="1:1")


def past_calibration() -> pd.DataFrame:
    """Return what was predicted and what happened, by size of risk.

    Returns
    -------
    DataFrame
        One row per (window, group of inspections), as from
        ``earlywarn.evaluation.performance.reliability``: shares, and the 90% band of chance.

    Examples
    --------
    >>> past_calibration()["window"].unique().tolist()
    ['development', 'confirmation', 'latest', 'from 2018', 'from 2022']
    """
    return _shipped().tables["reliability"].copy()


def past_warnings() -> pd.DataFrame:
    """Return whether and how long each Inadequate judgement had been on the lists of 26.

    Returns
    -------
    DataFrame
        One row per judgement, as returned by ``earlywarn.evaluation.watchlist.lead_time``. NaN
        where no list included the authority.

    Examples
    --------
    >>> (past_warnings()["warning_months"] >= 0).all()
    np.True_
    """
    return _shipped().tables["lead_time"].copy()


@functools.cache
def _shipped() -> Recorded:
    return read_recorded()


def past_in_brief(record: pd.DataFrame) -> str:
    """Summarise in one sentence how much to trust the list.

    Examples
    --------
    >>> past_in_brief(past_record()).startswith("On the inspections of 2022 to")
    True
    """
    row = _row(record, OURS)
    vain = row["inspected_at_26"] - row["events_at_26"]
    return (
        f"On the inspections of {past_years(record)} a list of the 26 highest included "
        f"{row['events_at_26']:.0f} of the {row['events']:.0f} that found an Inadequate area, and "
        f"{vain:.0f} that did not."
    )


def past_sentences(record: pd.DataFrame) -> list[str]:
    """Describe the record in plain words."""
    row = _row(record, OURS)
    rates, flags = _row(record, "three rates"), _row(record, "red flags")
    years, vain = past_years(record), row["inspected_at_26"] - row["events_at_26"]
    return [
        (
            f"On the {row['n']:.0f} inspections of {years}, each predicted by a model that "
            f"had learnt from earlier reports only, {row['events']:.0f} found an Inadequate area. "
            "Of two authorities, one judged Inadequate and one not, the first had been given the "
            "higher risk in "
            f"{_share(row, 'auc')} of pairs; "
            f"50% would be chance: {order_words(row['auc_lower'], row['auc_upper'])}."
        ),
        (
            f"A list of the 26 highest included {row['events_at_26']:.0f} of these "
            f"{row['events']:.0f} on the day the inspection began: {_share(row, 'recall_at_26')}. "
            f"{row['inspected_at_26']:.0f} authorities on the list were inspected, so "
            f"{vain:.0f} of them were not judged Inadequate."
        ),
        (
            f"For Requires improvement or worse the order was right in "
            f"{_share(row, 'auc_below_good')} of pairs, "
            f"{order_words(row['auc_below_good_lower'], row['auc_below_good_upper'])}."
        ),
        (
            f"As probabilities the risks were {_skill(row)} the recent share of Inadequate "
            f"judgements alone: Brier skill {_interval(row, 'brier_skill')}. "
            f"{past_level(record)}: {_interval(row, 'observed_expected')} "
            "Inadequate judgements for each one expected."
        ),
        (
            f"Each quarter's list of 26, followed for two years: {row['true_alarms']:.0f} "
            f"inspections of those on it found an Inadequate area and {row['false_alarms']:.0f} "
            f"did not; {row['unknown_authorities']:.0f} authorities on it were not inspected in "
            "that time, so nobody knows."
        ),
        (
            "A list by the three headline rates alone (referrals, re-referrals, repeat plans) "
            f"included {rates['events_at_26']:.0f}; one by a plain count of red flags included "
            f"{flags['events_at_26']:.0f}. {_differ(row, (rates, flags))}"
        ),
    ]


FROZEN = (
    "An earlier model, frozen at March 2025 and built by people who had not seen the outcomes, was "
    "tested on the 53 inspections reported after it. This was computed afterwards, not published "
    "beforehand. The order held up for Requires improvement or worse: right in 75% of pairs "
    "(61% to 88%), where the last judgement alone is right in 72%. The size of the risks did not: "
    "6.4 Inadequate judgements were expected, and there was 1."
)
"""The result of the prospective test, docs/prospective.md: of its date, not of this record."""


def past_level(record: pd.DataFrame) -> str:
    """Describe whether risks were at the right level, by resamples and the limits of a count.

    Examples
    --------
    >>> past_level(past_record())
    'The risks were too high, though hardly beyond chance'
    """
    row = _row(record, OURS)
    expected = row["events"] / row["observed_expected"]
    low, high = (float(limit / expected) for limit in byar_limits(row["events"]))
    return level_words(
        (row["observed_expected_lower"], row["observed_expected_upper"]), (low, high)
    )


def past_window(record: pd.DataFrame) -> str:
    """The window of the record that the sentences refer to."""
    return headline(set(record["window"]))


def past_years(record: pd.DataFrame) -> str:
    """Its years, in words.

    Examples
    --------
    >>> past_years(past_record()).startswith("2022 to")
    True
    """
    return years_of(past_window(record), set(record["window"]))


def _skill(row: Mapping[Hashable, Any]) -> str:
    return skill_words(row["brier_skill_lower"], row["brier_skill_upper"])


def _differ(row: Mapping[Hashable, Any], baselines: Iterable[Mapping[Hashable, Any]]) -> str:
    low, high = row["recall_at_26_lower"], row["recall_at_26_upper"]
    within = all(low <= baseline["recall_at_26"] <= high for baseline in baselines)
    return "These differences are within what chance could produce." if within else ""


def _row(record: pd.DataFrame, model: str) -> Mapping[Hashable, Any]:
    rows = record[(record["window"] == past_window(record)) & (record["model"] == model)]
    return rows.iloc[0].to_dict()


def _share(row: Mapping[Hashable, Any], name: str) -> str:
    low, high = row[f"{name}_lower"], row[f"{name}_upper"]
    return f"{row[name]:.0%} (95% interval {low:.0%} to {high:.0%})"


def _interval(row: Mapping[Hashable, Any], name: str) -> str:
    low, high = row[f"{name}_lower"], row[f"{name}_upper"]
    return f"{row[name]:.2f} (95% interval {low:.2f} to {high:.2f})"
