"""One row an authority, for the whole country; and ``score_batch``, the door for other systems."""

from __future__ import annotations

import functools
import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from earlywarn.authorities import Register
from earlywarn.errors import ModelLifeWarning, ScoreError
from earlywarn.indicators.build import indicators_after, last_judgements
from earlywarn.model.kernels import in_threads
from earlywarn.model.serialisation import load_model
from earlywarn.scoring.batch import as_frame, beside
from earlywarn.scoring.defaults import model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.explanation import drivers
from earlywarn.scoring.predictions import BANDS, Verdicts
from earlywarn.scoring.preprocessing import Inputs, known_columns, read_rows
from earlywarn.scoring.reference import Reference
from earlywarn.statistics.distributions import logit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot

__all__ = ["BANDS", "BATCH_COLUMNS", "COLUMNS", "TOP_K", "at_prior", "score", "score_batch"]

COLUMNS = (
    "la_code",
    "la_name",
    "as_of",
    "risk",
    "risk_lower",
    "risk_upper",
    "below_good",
    "rank",
    "rank_lower",
    "rank_upper",
    "band",
    "top_k_probability",
    "previous_judgement",
    "previous_inspection",
    "drivers_up",
    "drivers_down",
    "missing_indicators",
    "data_through",
    "model_id",
    "prior",
)
"""The columns of ``score``, in order."""

AT_ONCE = 1 << 17
"""Rows that ``score_batch`` holds as numbers at a time, in each thread."""
TOP_K = 26
"""Authorities that were in intervention when the National Audit Office reported in 2016."""

BATCH_COLUMNS = (
    "risk",
    "risk_lower",
    "risk_upper",
    "below_good",
    "band",
    "missing_indicators",
    "model_id",
    "prior",
    "status",
)


def score(
    model: RiskModel | None = None,
    snapshot: Snapshot | None = None,
    *,
    top_k: int = TOP_K,
    prior: float | None = None,
) -> pd.DataFrame:
    """Score every authority that existed on the snapshot's date.

    Parameters
    ----------
    model : RiskModel, optional
        As ``earlywarn.load_model`` or ``earlywarn.train`` gives it; the one that ships if not
        given.
    snapshot : Snapshot, optional
        What ``panel.as_of(date)`` gave; what ships, as of its newest publication, if not given.
    top_k : int
        The length of list that ``top_k_probability`` is about.
    prior : float, optional
        A scenario: another share of Inadequate judgements than the model expects.

    Returns
    -------
    DataFrame
        One row an authority, highest risk first, with the columns of ``COLUMNS``. ``risk`` is the
        probability that an inspection starting on the date would give an Inadequate judgement;
        ``risk_lower`` and ``risk_upper`` are a 90% interval of it, ``rank_lower`` and
        ``rank_upper`` of the rank. ``below_good`` is the probability of Requires improvement or
        worse. ``prior`` is the share of Inadequate judgements that the model was set to.

    Warns
    -----
    ModelLifeWarning
        If the date is outside the model's life. ``score_batch`` refuses such rows.

    Raises
    ------
    IndicatorError
        If a Panel is given for a Snapshot.
    ScoreError
        If ``top_k`` or ``prior`` makes no sense.

    Examples
    --------
    >>> import earlywarn as ew
    >>> len(ew.score())
    153
    >>> scores = ew.score(ew.load_model(), ew.load_panel().as_of("2024-06-30"))
    >>> len(scores), bool(scores["risk"].between(0, 1).all())
    (153, True)
    """
    model, snapshot = model_or_shipped(model), snapshot_or_shipped(snapshot)
    held = last_judgements(snapshot)
    X = indicators_after(snapshot, held)
    if not isinstance(top_k, Integral) or not 1 <= top_k <= len(X):
        raise ScoreError(
            "not a length of list", where="top_k", found=str(top_k), expected=f"1 to {len(X)}"
        )
    _check_life(model, snapshot)
    model = model if prior is None else at_prior(model, prior)
    rows = X.reset_index()
    # No authority is left out of the country's list: what was doubtful about a figure is told by
    # the panel's findings, and the day by a warning.
    inputs = replace(read_rows(model, rows), refusal={})
    verdicts = Verdicts(model, len(rows))
    verdicts.add(slice(0, len(rows)), inputs)
    ranks = _ranks(model, inputs, top_k)
    up, down = drivers(model, X, model.contributions(inputs.values))
    table = pd.DataFrame(
        {
            **verdicts.columns(),
            **ranks,
            "la_code": rows["la_code"],
            "la_name": snapshot.authorities["la_name"].to_numpy(),
            "as_of": snapshot.as_of.isoformat(),
            "previous_judgement": held["previous_judgement"].to_numpy(),
            "previous_inspection": [
                None if pd.isna(day) else day.isoformat() for day in held["previous_inspection"]
            ],
            "drivers_up": up,
            "drivers_down": down,
            "data_through": snapshot.data_through.isoformat() if snapshot.data_through else None,
        }
    )
    return table.sort_values(["rank", "la_code"], ignore_index=True)[list(COLUMNS)]


def _check_life(model: RiskModel, snapshot: Snapshot) -> None:
    first, last = model.info.get("first_date", ""), model.info.get("sunset", "9999")
    if not first <= snapshot.as_of.isoformat() <= last:
        warnings.warn(
            f"the model {model.info.get('model_id', '')} is meant for {first} to {last}, not for "
            f"{snapshot.as_of}: retrain it (python -m earlywarn train), or ask for another day",
            ModelLifeWarning,
            stacklevel=3,
        )


def at_prior(model: RiskModel, prior: float) -> RiskModel:
    """The model under another share of Inadequate judgements than the model expects.

    Raises
    ------
    ScoreError
        If the share is not between 0 and 1, or the model doesn't say what it was set to.
    """
    if not isinstance(prior, Real) or not 0 < prior < 1:
        raise ScoreError(
            "not a share",
            where="prior",
            found=str(prior),
            expected="a number between 0 and 1, such as 0.08",
        )
    expected = model.info.get("prior", {}).get("risk")
    if expected is None:
        raise ScoreError(
            "the model does not say which share it was set to",
            where="prior",
            remedy="Score it without a prior.",
        )
    moved = model.shifted(float(logit(prior) - logit(expected)))
    info = {**model.info, "prior": {**model.info["prior"], "risk": prior, "scenario": True}}
    return moved.with_info({**info, "model_id": f"{info['model_id']}-prior-{prior:g}"})


def score_batch(
    rows: Any,
    model: RiskModel | None = None,
    *,
    explain: bool = False,
    errors: Literal["report", "raise"] = "report",
    snapshot: Snapshot | None = None,
) -> pd.DataFrame:
    """Score rows from anywhere: each by itself, in the order given.

    Parameters
    ----------
    rows : DataFrame, Arrow table, iterable of dicts, or path to CSV, Parquet or JSON lines
        Columns by the catalogue's names; ``la_code`` and ``as_of`` are optional. Other columns are
        passed through untouched.
    model : RiskModel, optional
        The model that ships if not given.
    explain : bool
        Whether to add the contributions (``contribution_baseline``, ``contribution_...``) and the
        drivers as text.
    errors : {"report", "raise"}
        What to do with a row that can't be scored: say so in ``status``, or stop.
    snapshot : Snapshot, optional
        Compare plain figures within the newest year of this day, in place of the year before the
        model's cut. Rows with an ``la_code`` get what they lack of it (deprivation, cases) from the
        snapshot, so that the published figures give the risks of ``score``.

    Returns
    -------
    DataFrame
        The rows as given, and ``risk, risk_lower, risk_upper, below_good, band, missing_indicators,
        model_id, prior, status``; ``prior`` is the share of Inadequate judgements that the model
        was set to, and ``status`` is ``scored`` or says why not.

    Raises
    ------
    ScoreError
        If nothing in the rows can be scored by its name, a column would be overwritten, the rows
        can't be read, or with ``errors="raise"`` at the first row that can't be scored.

    Notes
    -----
    A row's answer depends on the row and the model alone: it is the same to the last bit for the
    row by itself, in a million, and in any order.

    Examples
    --------
    >>> import earlywarn as ew
    >>> rows = [{"la_code": "383", "rereferrals": 31.0, "agency_workers": 140.0}]
    >>> ew.score_batch(rows)["status"].item()
    'refused: agency_workers is above 100'
    """
    if errors not in ("report", "raise"):
        raise ScoreError(
            "not a way to treat errors",
            where="errors",
            found=repr(errors),
            expected="'report' or 'raise'",
        )
    model = load_model() if model is None else model
    frame = as_frame(rows)
    _check_frame(frame, explain=explain, model=model)
    verdicts = Verdicts(model, len(frame), explain=explain)
    register = _register()
    reference = None if snapshot is None else Reference.of_snapshot(snapshot)

    def work(place: slice) -> None:
        here = read_rows(model, frame.iloc[place], register=register, reference=reference)
        verdicts.add(place, here)

    in_threads(work, len(frame), most=AT_ONCE)
    if errors == "raise" and verdicts.refusal:
        raise _refused(verdicts.refusal)
    added = pd.DataFrame(verdicts.columns(), index=frame.index, copy=False)
    return beside(frame, added)


@functools.cache
def _register() -> Register:
    """The register that ships, read once: reading it takes longer than scoring a row."""
    return Register.load()


def _refused(refusal: Mapping[int, str]) -> ScoreError:
    first = min(refusal)
    return ScoreError(
        "a row can't be scored",
        where=f"row {first}",
        found=refusal[first],
        expected="numbers in the catalogue's units, or nothing where a figure is not known",
        remedy='Mend the row, or use errors="report" to score the others.',
    )


def _ranks(model: RiskModel, inputs: Inputs, top_k: int) -> dict[str, Any]:
    """Ranks, their 90% intervals and the chance of the top k, from equally credible models."""
    draws = model.draws(inputs.values, inputs.noise)
    order = np.empty(draws.shape, dtype=np.int32)
    places = np.argsort(-draws, axis=1)
    np.put_along_axis(order, places, np.arange(1, draws.shape[1] + 1)[None, :], axis=1)
    rank = np.argsort(np.argsort(-model.log_odds(inputs.values), kind="stable")) + 1
    low = np.quantile(order, 0.05, axis=0, method="lower").astype(int)
    high = np.quantile(order, 0.95, axis=0, method="higher").astype(int)
    return {
        "rank": rank,
        "rank_lower": np.minimum(low, rank),
        "rank_upper": np.maximum(high, rank),
        "top_k_probability": (order <= top_k).mean(axis=0),
    }


def _check_frame(frame: pd.DataFrame, *, explain: bool, model: RiskModel) -> None:
    clash = [
        name
        for name in frame.columns
        if name in BATCH_COLUMNS
        or (explain and str(name).startswith(("contribution_", "drivers_")))
    ]
    if clash:
        raise ScoreError(
            "the rows have columns that scoring would overwrite",
            found=", ".join(map(str, clash)),
            expected="none of them",
            remedy="Rename or drop them.",
        )
    if len(frame) and not known_columns() & set(frame.columns):
        raise ScoreError(
            "no column of the rows is in the catalogue",
            found=", ".join(map(str, frame.columns[:8])) or "no columns",
            expected=f"names such as {', '.join(model.columns[:3])}",
            remedy="python -m earlywarn catalogue prints them.",
        )
