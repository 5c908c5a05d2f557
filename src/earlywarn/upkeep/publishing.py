"""Publish today's forecasts in a register, together with those of simple rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.errors import RegisterError
from earlywarn.evaluation.baselines import BASELINES, below_good
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import get_target
from earlywarn.model.serialisation import fingerprint
from earlywarn.model.training import ages, training_cases
from earlywarn.panel.panel import panel_or_shipped
from earlywarn.panel.storage import panel_digest
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.scoring.national import score
from earlywarn.upkeep.chain import BELOW, PUBLISHED, REPLAY, append_entry
from earlywarn.utils.arguments import several
from earlywarn.utils.dates import as_date, this_day
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel

BY_JUDGEMENTS = ("trailing base rate", "previous judgement", "previous judgement and time since")
"""The simple rules that use judgements only: they are fitted in a second."""
BY_ALL = tuple(rule.name for rule in BASELINES if not rule.at_random)
"""All simple rules: those using figures are fitted to every inspection's, in a minute."""
_SETS = {"judgements": BY_JUDGEMENTS, "all": BY_ALL}
_COLUMNS = ["la_code", "la_name", "risk", "risk_lower", "risk_upper", "below_good", "rank"]


def publish(
    to: str | Path,
    *,
    model: RiskModel | None = None,
    panel: Panel | None = None,
    as_of: date | str | None = None,
    baselines: str | Sequence[str] = "judgements",
    replay: bool = False,
) -> Path:
    """Append the model's forecasts for every authority to a register.

    Parameters
    ----------
    to : str or Path
        The folder of the register; created if missing.
    model : RiskModel, optional
        Default: the one that ships with the package.
    panel : Panel, optional
        Default: the one that ships with the package.
    as_of : date or ISO text, optional
        The date of the forecast. Default: that of the latest publication in the panel.
    baselines : str or sequence of str
        The simple rules to publish with the model: ``judgements`` for those that use judgements
        only, ``all`` (which takes a minute), or their names.
    replay : bool
        Mark the entry as computed afterwards, so that it never counts as published before the
        event.

    Returns
    -------
    Path
        The entry's file.

    Raises
    ------
    RegisterError
        If the register has been changed, has an entry for this date or a later one, or the date is
        in the past and the entry is not marked as a replay.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.publish("register")  # doctest: +SKIP
    PosixPath('register/0001.csv')
    """
    folder, model = as_path(to, "to", RegisterError), model_or_shipped(model)
    panel = panel_or_shipped(panel)
    day = panel.newest_publication if as_of is None else as_date(as_of, "as_of", RegisterError)
    rules = (baselines,) if isinstance(baselines, str) else baselines
    names = several(rules, str, "baselines", expected="names of simple rules", fault=RegisterError)
    names = _SETS.get(names[0], names) if len(names) == 1 else names
    _refuse(panel, day, names, replay=replay)
    scores = score(model, panel.as_of(day))
    by_rules = _by_rules(model, panel, day, names)
    table = scores[_COLUMNS].merge(by_rules, on="la_code", how="left")
    numbers = table.select_dtypes("float").columns
    table[numbers] = table[numbers].map(lambda value: float(f"{value:.8g}"))
    facts = {
        "kind": REPLAY if replay else PUBLISHED,
        "as_of": day.isoformat(),
        "written": datetime.now(UTC).date().isoformat(),
        "model": str(model.info["model_id"]),
        "model_digest": fingerprint(model),
        "panel_digest": panel_digest(panel.manifest),
        "target": str(model.info["target"]["name"]),
    }
    return append_entry(folder, facts, table.sort_values("la_code", ignore_index=True))


def _refuse(panel: Panel, day: date, baselines: Sequence[str], *, replay: bool) -> None:
    strange = [name for name in baselines if name not in BY_ALL]
    if strange:
        raise RegisterError(
            "no such simple rule",
            where="baselines",
            found=strange[0],
            expected=", ".join([*_SETS, *BY_ALL]),
        )
    if day > this_day():
        raise RegisterError(
            "the date is in the future",
            where="as_of",
            found=day.isoformat(),
            expected=f"today, {this_day()}, or an earlier date",
            remedy="Publish on the day itself: figures and reports may still come before it.",
        )
    if not replay and day < panel.newest_publication:
        raise RegisterError(
            "more is known now than on this date, so it can't be published as today's forecast",
            where="as_of",
            found=day.isoformat(),
            expected=f"{panel.newest_publication}, the latest publication in the panel, or later",
            remedy="Mark it as computed afterwards (replay=True, --replay), or leave the date out.",
        )


def _by_rules(model: RiskModel, panel: Panel, day: date, baselines: Sequence[str]) -> pd.DataFrame:
    """The simple rules' forecasts for the date, learnt from the same cases as the model."""
    cut = as_date(model.info["training"]["until"], "until", RegisterError)
    known = panel.judgements[panel.judgements["published_on"] <= cut]
    cases = training_cases(known, until=cut, target=get_target(model.info["target"]["name"]))
    timeline = Timeline(panel, panel.judgements)
    figures = not set(baselines) <= set(BY_JUDGEMENTS)
    pairs = list(zip(cases["la_code"], cases["inspection_start"], strict=True))
    past = timeline.last_inspections(pairs)
    if figures:  # which take longer
        past = pd.concat([timeline.rows(pairs), past], axis=1).astype(float)
    today = timeline.last_inspection(day).astype(float)
    if figures:
        today = pd.concat([timeline.at(day).droplevel("as_of").astype(float), today], axis=1)
    columns = {"la_code": today.index.to_numpy()}
    for rule in BASELINES:
        if rule.name in baselines:
            fitted = rule.fit(past, cases["grade"], ages(cases, cut))
            X = rule.columns(today)
            columns[rule.name] = np.asarray(fitted.risk(X))
            columns[rule.name + BELOW] = np.asarray(below_good(fitted, X))
    return pd.DataFrame(columns)
