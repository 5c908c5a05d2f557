"""Bootstrap refits of the model that ships, against refits by other libraries in a loop."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from timing import Limit, Line, Section, in_turn, missing_peer

import earlywarn as ew
from earlywarn.indicators.timeline import Timeline
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.training import ages, design, scored_indicators, training_cases

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = 5
"""Number of refits of a peer: their time is scaled to all."""


def measure(refits: int, without: frozenset[str], inspections: int | None = None) -> Section:
    """Time the refits in training, with cases resampled by authority."""
    panel = ew.load_panel()
    cases = training_cases(panel.judgements).tail(inspections or 10**6)
    records = scored_indicators()
    X = design(Timeline(panel, panel.judgements), cases, records)
    grade = cases["grade"].to_numpy(dtype=np.int64)
    prior = prior_of(records, WeightPrior())
    given = {
        "clusters": cases["la_code"],
        "age": ages(cases, cases["published_on"].max()),
    }

    def fitted(times: int) -> RiskClassifier:
        return RiskClassifier(**prior, n_bootstrap=times).fit(X, grade, **given)

    ours = in_turn({"ours": lambda: fitted(refits)}, 1)["ours"]
    what = f"{refits:,} refits, {len(X)} inspections x {X.shape[1]} columns"
    complete = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    lines, left_out = [], []
    for package, (peer, call, aim) in _peers().items():
        if why := missing_peer(package, without):
            left_out.append(why)
            continue
        theirs = _loop(call, complete, grade) * refits / FEW
        lines.append(Line(what, ours, f"{peer} in a loop; {FEW} refits, scaled", theirs, aim))
    limits = [Limit(what, ours, "s", 20.0)]
    return Section("Refitting the model", lines, limits, left_out)


def _loop(call: Callable[[Any, Any], object], X: Any, grade: Any) -> float:
    """Seconds of a few refits, each on resampled cases."""
    draws = np.random.default_rng(0).integers(0, len(X), (FEW, len(X)))

    def refits() -> None:
        for draw in draws:
            call(X[draw], grade[draw])

    with warnings.catch_warnings():
        # Peers warn if they do not converge.
        warnings.simplefilter("ignore")
        return in_turn({"peer": refits}, 1)["peer"]


def _peers() -> dict[str, tuple[str, Callable[[Any, Any], object], float | None]]:
    return {
        "statsmodels": ("statsmodels OrderedModel, without a prior,", _ordered_model, 30.0),
        "mord": ("mord LogisticAT", _all_thresholds, None),
    }


def _ordered_model(X: Any, grade: Any) -> object:
    from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: PLC0415 - optional

    return OrderedModel(grade, X, distr="logit").fit(method="bfgs", disp=False)


def _all_thresholds(X: Any, grade: Any) -> object:
    from mord import LogisticAT  # noqa: PLC0415 - optional

    return LogisticAT(alpha=1.0).fit(X, grade)
