"""Publish what is said today in a register, and hold what was said against what came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import RegisterError
from earlywarn.evaluation.baselines import RIVALS
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import get_target
from earlywarn.model.serialisation import fingerprint
from earlywarn.model.training import ages, training_cases
from earlywarn.panel.panel import load_judgements, load_panel
from earlywarn.panel.storage import panel_digest
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.scoring.national import score
from earlywarn.statistics.metrics import auc, brier, log_score
from earlywarn.upkeep.chain import append_entry, broken, read_register
from earlywarn.utils.dates import as_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel
    from earlywarn.upkeep.chain import Entry

BASELINES = ("trailing base rate", "previous judgement", "previous judgement and time since")
"""The simple rules that are published beside the model: they need the judgements only."""
OURS = "earlywarn"
_COLUMNS = ["la_code", "la_name", "risk", "risk_lower", "risk_upper", "below_good", "rank"]


@dataclass(frozen=True, eq=False)
class Verification:
    """What a register says, held against what came.

    Attributes
    ----------
    entries : int
        How many there are; their chain is whole.
    cases : DataFrame
        A row an inspection: ``la_code, inspection_start, entry, as_of, kind, lead_days,
        inadequate``, and the risk by the model and each baseline.
    figures : DataFrame
        ``kind, model, inspections, seen, expected, chance_of_as_few, chance_of_as_many, auc,
        brier, brier_skill, log_skill, median_lead_days``. Skill is against the trailing base rate.
    """

    entries: int
    cases: pd.DataFrame
    figures: pd.DataFrame


def publish(
    to: str | Path,
    *,
    model: RiskModel | None = None,
    panel: Panel | None = None,
    as_of: date | str | None = None,
    replay: bool = False,
) -> Path:
    """Append what the model says of every authority to a register.

    Parameters
    ----------
    to : str or Path
        The folder of the register; made if it is missing.
    model : RiskModel, optional
        The one that ships if not given.
    panel : Panel, optional
        The one that ships if not given.
    as_of : date or ISO text, optional
        The day that the forecast is made for: the newest publication in the panel if not given.
    replay : bool
        Mark the entry as computed afterwards: never to be called published before the event.

    Returns
    -------
    Path
        The entry's file.

    Raises
    ------
    RegisterError
        If the register has been changed, or has an entry of this day or a later one.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.publish("register")  # doctest: +SKIP
    PosixPath('register/0001.csv')
    """
    model = model_or_shipped(model)
    panel = load_panel() if panel is None else panel
    day = panel.newest_publication if as_of is None else as_date(as_of, "as_of", RegisterError)
    scores = score(model, panel.as_of(day))
    table = scores[_COLUMNS].merge(_baselines(model, panel, day), on="la_code", how="left")
    numbers = table.select_dtypes("float").columns
    table[numbers] = table[numbers].map(lambda value: float(f"{value:.8g}"))
    facts = {
        "kind": "replay, computed afterwards" if replay else "published",
        "as_of": day.isoformat(),
        "written": datetime.now(UTC).date().isoformat(),
        "model": str(model.info["model_id"]),
        "model_digest": fingerprint(model),
        "panel_digest": panel_digest(panel.manifest),
        "target": str(model.info["target"]["name"]),
    }
    return append_entry(Path(to), facts, table.sort_values("la_code", ignore_index=True))


def _baselines(model: RiskModel, panel: Panel, day: date) -> pd.DataFrame:
    """The risks by the simple rules, learnt from what the model learnt from."""
    cut = as_date(model.info["training"]["until"], "until", RegisterError)
    known = panel.judgements[panel.judgements["published_on"] <= cut]
    cases = training_cases(known, until=cut, target=get_target(model.info["target"]["name"]))
    timeline = Timeline(panel, panel.judgements)
    pairs = zip(cases["la_code"], cases["inspection_start"], strict=True)
    past = pd.DataFrame([timeline.last_inspection(start).loc[code] for code, start in pairs])
    today = timeline.last_inspection(day).astype(float)
    table = pd.DataFrame({"la_code": today.index})
    for rule in RIVALS:
        if rule.name in BASELINES:
            fitted = rule.fit(
                past.reset_index(drop=True).astype(float), cases["grade"], ages(cases, cut)
            )
            table[rule.name] = np.asarray(fitted.risk(rule.columns(today)))
    return table


def verify(register: str | Path, judgements: pd.DataFrame | None = None) -> Verification:
    """Check a register's chain, and score its entries against what came since.

    Parameters
    ----------
    register : str or Path
        The folder of the register.
    judgements : DataFrame, optional
        As ``earlywarn.load_judgements`` gives them; those that ship if not given.

    Returns
    -------
    Verification
        Each inspection is held against the last entry of a day before it began.

    Raises
    ------
    RegisterError
        If an entry was changed, removed, reordered or slipped in: each is named.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.verify("register").figures  # doctest: +SKIP
    """
    folder = Path(register)
    entries, faults = read_register(folder)
    if faults:
        raise broken(folder, faults)
    came = load_judgements() if judgements is None else judgements
    cases = _cases(entries, came)
    groups = cases.groupby("kind", sort=True) if len(cases) else ()
    figures = [row for kind, rows in groups for row in _figures(str(kind), rows)]
    return Verification(len(entries), cases, pd.DataFrame(figures))


def _cases(entries: Sequence[Entry], came: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for position, inspection in enumerate(came.to_dict("records")):
        start: date = inspection["inspection_start"]
        before = [e for e in entries if e.facts["as_of"] < start.isoformat()]
        if not before:
            continue
        entry = before[-1]
        said = entry.forecasts[entry.forecasts["la_code"] == inspection["la_code"]]
        if said.empty:
            continue
        label = get_target(entry.facts["target"]).label(came.iloc[[position]]).iloc[0]
        day = date.fromisoformat(entry.facts["as_of"])
        rows.append(
            {
                "la_code": inspection["la_code"],
                "inspection_start": start,
                "entry": entry.number,
                "as_of": day,
                "kind": entry.facts["kind"],
                "lead_days": (start - day).days,
                "inadequate": label,
                OURS: float(said["risk"].iloc[0]),
            }
            | {name: float(said[name].iloc[0]) for name in BASELINES}
        )
    columns = ["la_code", "inspection_start", "entry", "as_of", "kind", "lead_days", "inadequate"]
    table = pd.DataFrame(rows, columns=[*columns, OURS, *BASELINES])
    return table[table["inadequate"].notna()].reset_index(drop=True)


def _figures(kind: str, rows: pd.DataFrame) -> list[dict[str, Any]]:
    y = rows["inadequate"].to_numpy(float)
    base = rows[BASELINES[0]].to_numpy(float)
    found = []
    for name in (OURS, *BASELINES):
        p = rows[name].to_numpy(float)
        chance, seen = chances_of_counts(p), int(y.sum())
        found.append(
            {
                "kind": kind,
                "model": name,
                "inspections": len(y),
                "seen": seen,
                "expected": float(p.sum()),
                "chance_of_as_few": float(chance[: seen + 1].sum()),
                "chance_of_as_many": float(chance[seen:].sum()),
                "auc": auc(p, y) if 0 < seen < len(y) else np.nan,
                "brier": brier(p, y),
                "brier_skill": 1 - brier(p, y) / brier(base, y),
                "log_skill": 1 - log_score(p, y) / log_score(base, y),
                "median_lead_days": float(rows["lead_days"].median()),
            }
        )
    return found


def chances_of_counts(p: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The exact distribution of how many of independent events happen (Poisson binomial).

    Parameters
    ----------
    p : ndarray of shape (n,)
        The probability of each.

    Returns
    -------
    ndarray of shape (n + 1,)
        The probability of 0, 1, ..., n of them.

    Examples
    --------
    >>> chances_of_counts(np.array([0.5, 0.5]))
    array([0.25, 0.5 , 0.25])
    """
    chance = np.ones(1)
    for one in p:
        chance = np.convolve(chance, [1 - one, one])
    return chance
