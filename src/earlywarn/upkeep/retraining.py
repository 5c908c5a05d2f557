"""Champion and challenger: a new model against the one in use, by a rule that was set before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import TrainingError, UsageError
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import GRADES, get_target
from earlywarn.model.serialisation import fingerprint, load_model, model_file, save_model
from earlywarn.model.training import design, train, training_cases
from earlywarn.panel.storage import panel_digest
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.preprocessing import model_indicators, read_rows
from earlywarn.statistics.metrics import auc, brier, log_score
from earlywarn.upkeep.publishing import chances_of_counts
from earlywarn.utils.dates import as_date
from earlywarn.utils.files import check_outputs, write_whole
from earlywarn.utils.progress import Progress

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel

FEWEST_UNSEEN = 30
"""Below this many unseen inspections nothing is replaced: chance would decide."""
WORSE = 0.002
"""How much worse the mean log score may be and still count as equal."""
UNSEEN = timedelta(days=365)
_LAST_GRADE = frozenset({"previously_good", "previously_inadequate"})
RULE = (
    f"Replace if all hold: (1) at least {FEWEST_UNSEEN} inspections that neither model saw; (2) "
    f"the challenger's mean log score on them is no more than {WORSE} worse; (3) its expected "
    "number of Inadequate judgements is no further from the number seen; (4) every indicator of "
    "published figures keeps the sign that the catalogue gives it. Otherwise keep."
)
"""The rule, as docs/evaluation.md has it."""


@dataclass(frozen=True, eq=False)
class Retrained:
    """A challenger beside the champion.

    Attributes
    ----------
    champion, challenger : RiskModel
        The challenger learnt from all judgements given. The figures are those of the same recipe
        stopped a year before the newest report, so that there is something it has not seen.
    figures : DataFrame
        ``model, inspections, seen, expected, chance_of_as_few, auc, brier, log_score``.
    checks : DataFrame
        ``number, title, passed, sentence``: the parts of the rule.
    changes : DataFrame
        ``la_code, la_name, risk_champion, risk_challenger, term, change``: a row a part; for each
        authority the changes add up to that of its log-odds, to 1e-9.
    proposal : str
        ``replace`` or ``keep``.
    saved : Path or None
        Where the challenger was written, if asked.
    """

    champion: RiskModel
    challenger: RiskModel
    figures: pd.DataFrame
    checks: pd.DataFrame
    changes: pd.DataFrame
    proposal: str
    saved: Path | None = None


def retrain(
    panel: Panel,
    judgements: pd.DataFrame | None = None,
    *,
    against: RiskModel | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    refits: int | None = None,
    progress: Progress | None = None,
) -> Retrained:
    """Train a challenger, hold it against the champion, and propose which to use.

    Parameters
    ----------
    panel : Panel
    judgements : DataFrame, optional
        Those of the panel if not given.
    against : RiskModel, optional
        The champion; the model that ships if not given.
    out : str or Path, optional
        A folder for the challenger, with its line (``lineage.json``). Nothing is written if not
        given; the champion is never touched.
    overwrite : bool
        Whether a model in ``out`` may be replaced.
    refits : int, optional
        Bootstrap refits for the uncertainty, where fewer than usual will do.
    progress : Progress, optional
        What to report to; silent if not given.

    Returns
    -------
    Retrained

    Raises
    ------
    TrainingError
        If no inspection is left that neither model has seen.

    Examples
    --------
    >>> import earlywarn as ew
    >>> done = ew.retrain(ew.load_panel())  # doctest: +SKIP
    >>> done.proposal  # doctest: +SKIP
    'keep'
    """
    if out is not None:
        check_outputs(model_file(out), overwrite=overwrite, make_folders=True, what="a model")
    told = progress or Progress()
    champion = load_model() if against is None else against
    known = panel.judgements if judgements is None else judgements
    options: dict[str, Any] = {} if refits is None else {"refits": refits}
    options |= {"target": champion.info["target"]["name"], "progress": told}
    timeline = Timeline(panel, known)
    stop = known["published_on"].max() - UNSEEN
    earlier = train(panel, known, until=stop, timeline=timeline, **options)
    challenger = train(panel, known, timeline=timeline, **options)
    figures = _figures(champion, earlier, known, timeline)
    checks = _checks(figures, challenger)
    proposal = "replace" if checks["passed"].all() else "keep"
    changes = _changes(champion, challenger, panel.with_judgements(known))
    saved = None
    if out is not None:
        saved = save_model(challenger, out, overwrite=overwrite)
        line = _lineage(champion, challenger, panel, proposal)
        write_whole(saved.parent / "lineage.json", json.dumps(line, indent=1) + "\n")
    return Retrained(champion, challenger, figures, checks, changes, proposal, saved)


def _figures(
    champion: RiskModel, earlier: RiskModel, known: pd.DataFrame, timeline: Timeline
) -> pd.DataFrame:
    cuts = [
        as_date(model.info["training"]["until"], "until", TrainingError)
        for model in (champion, earlier)
    ]
    cut: date = max(cuts)
    question = get_target(champion.info["target"]["name"])
    cases = training_cases(known, target=question)
    cases = cases[cases["inspection_start"] > cut]
    if cases.empty:
        raise TrainingError(
            "no inspection is left that neither model has seen",
            found=f"none that began after {cut}",
            remedy="Give newer judgements, or an older model to hold it against.",
        )
    y = (cases["grade"] == len(GRADES) - 1).to_numpy(float)
    rows = []
    for name, model in (("champion", champion), ("challenger", earlier)):
        X = design(timeline, cases, model_indicators(model))
        p = np.asarray(model.risk(read_rows(model, X.reset_index(drop=True)).values))
        chance, seen = chances_of_counts(p), int(y.sum())
        rows.append(
            {
                "model": name,
                "inspections": len(y),
                "seen": seen,
                "expected": float(p.sum()),
                "chance_of_as_few": float(chance[: seen + 1].sum()),
                "auc": auc(p, y) if 0 < seen < len(y) else np.nan,
                "brier": brier(p, y),
                "log_score": log_score(p, y),
            }
        )
    return pd.DataFrame(rows)


def _checks(figures: pd.DataFrame, challenger: RiskModel) -> pd.DataFrame:
    ours, new = (figures.iloc[row] for row in (0, 1))
    miss = [abs(float(row["expected"]) - float(row["seen"])) for row in (ours, new)]
    weights = zip(challenger.columns, challenger.coefficients, challenger.orientation, strict=True)
    # The last grade is no published figure: its levels have weights of their own.
    wrong = sum(
        bool(weight * sign < 0) for name, weight, sign in weights if name not in _LAST_GRADE
    )
    worse = float(new["log_score"]) - float(ours["log_score"])
    rows = [
        (
            "enough that neither saw",
            int(new["inspections"]) >= FEWEST_UNSEEN,
            f"{new['inspections']} inspections, {FEWEST_UNSEEN} are needed",
        ),
        ("log score no worse", worse <= WORSE, f"{worse:+.4f}, {WORSE} is allowed"),
        (
            "level no further off",
            miss[1] <= miss[0],
            f"{miss[1]:.1f} off, the champion {miss[0]:.1f}",
        ),
        ("signs as the catalogue has them", wrong == 0, f"{wrong} against"),
    ]
    table = pd.DataFrame(rows, columns=["title", "passed", "sentence"])
    table.insert(0, "number", range(1, len(table) + 1))
    return table


def _changes(champion: RiskModel, challenger: RiskModel, panel: Panel) -> pd.DataFrame:
    """What would change for each authority, by the parts of each model's own explanation."""
    snapshot = panel.as_of(panel.newest_publication)
    parts = []
    for name, model in (("champion", champion), ("challenger", challenger)):
        rows = explain(model, snapshot)
        rows = rows.assign(part=rows["indicator"].where(rows["term"] != "baseline", "baseline"))
        parts.append(
            rows.groupby(["la_code", "la_name", "part"])["contribution"].sum().rename(name)
        )
    both = pd.concat(parts, axis=1).fillna(0.0)
    both["change"] = both["challenger"] - both["champion"]
    odds = both.groupby(level="la_code")[["champion", "challenger"]].transform("sum")
    risks = odds.apply(lambda column: 1 / (1 + np.exp(-column))).add_prefix("risk_")
    table = both[["change"]].join(risks).reset_index().rename(columns={"part": "term"})
    order = ["la_code", "la_name", "risk_champion", "risk_challenger", "term", "change"]
    return table[order]


def _lineage(
    champion: RiskModel, challenger: RiskModel, panel: Panel, proposal: str
) -> dict[str, Any]:
    if champion.info["target"] != challenger.info["target"]:
        raise UsageError("the two models are about different targets")
    return {
        "model": challenger.info["model_id"],
        "digest": fingerprint(challenger),
        "parent": champion.info["model_id"],
        "parent_digest": fingerprint(champion),
        "panel_digest": panel_digest(panel.manifest),
        "training": challenger.info["training"],
        "rule": RULE,
        "proposal": proposal,
    }
