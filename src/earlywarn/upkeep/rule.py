"""The rule by which a challenger replaces the model in use, set before it decides anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from earlywarn.evaluation.protocol import FEWEST_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

FAULTS = (1, 2, 8, 9, 12, 13)
"""Numbered checks that look for a mistake in making the model. The others describe the limits of
the published data, for any model, or are measured on years that both models learnt from."""
MARGIN = 0.02
"""The share of the champion's log score by which the challenger may be worse. Half or less of the
first trials' gain over the base rate in the development years (0.03 to 0.05)."""
LEVEL = 0.90
"""The share between the limits, so that each side is a test at 5%."""

REPLACE, KEEP, UNKNOWN = "replace", "keep", "keep: not enough to tell"

RULE = (
    f"1. Keep, if one of the numbered checks {', '.join(map(str, FAULTS))} fails for the "
    "challenger: a mistake in the making comes first. "
    "2. Otherwise, if the champion is past its life, or may not be used since the figures have "
    f"drifted: replace, unless the challenger is shown to be worse by more than {MARGIN:.0%} of "
    "the champion's log score, for Inadequate or for below Good. "
    f"3. Otherwise, with fewer than {FEWEST_EVENTS} events or non-events that neither has seen, "
    "for Inadequate or for below Good: keep, there is not enough to tell. "
    f"4. Otherwise replace, if for both it is shown to be worse by no more than {MARGIN:.0%}; "
    "else keep. Shown: by the one-sided 95% limit of the paired difference, from resamples of "
    "whole authorities."
)
"""The rule in words, as in docs/how-to/retrain.md."""


class Decision(NamedTuple):
    """The rule's proposal, and the reason."""

    proposal: str
    reason: str


def decide(
    failed: Sequence[int], compared: pd.DataFrame, *, unusable: Sequence[str] = ()
) -> Decision:
    """Apply the rule.

    Parameters
    ----------
    failed : sequence of int
        The numbers of all checks that fail for the challenger.
    compared : DataFrame
        A row per event: ``event, inspections, seen, worse, worse_lower, worse_upper``, the last
        three as shares of the champion's log score.
    unusable : sequence of str
        Why the champion can no longer be used; empty if it can.

    Returns
    -------
    Decision

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"event": ["inadequate", "below good"], "inspections": [60, 60],
    ...     "seen": [1, 17], "worse": 0.0, "worse_lower": -0.01, "worse_upper": 0.01})
    >>> decide([3, 4], rows).proposal
    'keep: not enough to tell'
    >>> decide([3, 4], rows.assign(seen=[6, 17])).proposal
    'replace'
    """
    faults = [number for number in failed if number in FAULTS]
    if faults:
        return Decision(KEEP, f"numbered check {_listed(faults)} fails for the challenger")
    if unusable:
        return _in_place_of_the_unusable(compared, unusable)
    events, others = compared["seen"], compared["inspections"] - compared["seen"]
    few = compared[(events < FEWEST_EVENTS) | (others < FEWEST_EVENTS)]
    if len(few):
        counts = "; ".join(
            f"{row['event']}: {row['seen']} in {row['inspections']}"
            for row in few.to_dict("records")
        )
        return Decision(UNKNOWN, f"too few that neither model has seen ({counts})")
    wide = compared.loc[~(compared["worse_upper"] <= MARGIN), "event"]
    if len(wide):
        return Decision(KEEP, f"it may be worse by more than {MARGIN:.0%} for {_listed(wide)}")
    return Decision(REPLACE, f"it is worse by no more than {MARGIN:.0%} for either event")


def _in_place_of_the_unusable(compared: pd.DataFrame, unusable: Sequence[str]) -> Decision:
    why = "; ".join(unusable)
    worse = compared.loc[compared["worse_lower"] > MARGIN, "event"]
    if len(worse):
        return Decision(
            KEEP, f"it is shown to be worse for {_listed(worse)}; make another, since {why}"
        )
    return Decision(REPLACE, f"{why}, and the challenger is not shown to be worse")


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))
