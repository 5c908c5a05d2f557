"""The result of a retraining: its record, as JSON for machines and as a page for people."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.model.serialisation import FILE_NAME, from_text, to_text
from earlywarn.upkeep.plain import records
from earlywarn.upkeep.rule import RULE
from earlywarn.utils.files import check_outputs, folder_for, write_together, written_to

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel

JSON, PAGE = "retrained.json", "retrained.md"
_SHOWN, _PARTS = 15, 3
"""The number of authorities on the page, and of parts for each."""
_LEAST = 0.0005
"""Log-odds below which a change would be shown as 0.000."""
UNCHANGED = "Nothing changes: no authority's log-odds would move by as much as 0.001."
"""What is shown if there are no changes."""
_HOW = (
    "For this, the challenger is trained only up to the champion's cut-off. *As few* and *as many* "
    "are exact if each forecast is right and inspections are independent of each other. The limits "
    "of what is compared are one-sided 95% limits."
)


@dataclass(frozen=True, eq=False)
class Retrained:
    """A challenger and the champion, compared.

    Attributes
    ----------
    champion, challenger : RiskModel
        The challenger is learnt from all judgements given; its ``info["line"]`` says where it comes
        from, parents first.
    figures : DataFrame
        ``event, model, inspections, seen, expected, chance_of_as_few, chance_of_as_many, auc,
        brier, log_score``, on the inspections that neither model has seen. For the challenger they
        are those of its recipe, with its figures, trained up to the champion's cut.
    compared : DataFrame
        ``event, inspections, seen, worse, worse_lower, worse_upper``: how much worse the
        challenger's log score is, as a share of the champion's; one-sided 95% limits.
    checks : DataFrame
        The numbered checks of the challenger: ``number, title, status, sentence``.
    changes : DataFrame
        ``la_code, la_name, risk_champion, risk_challenger, term, change``: a row per part; for each
        authority the changes add up to the change in its log-odds, to 1e-9.
    proposal, reason : str
        ``replace``, ``keep`` or ``keep: not enough to tell``, and why, under ``rule``.
    rule : str
        The rule, in words.
    saved : tuple of Path
        The files written.
    replaced : bool
        Whether the champion's file now contains the challenger.
    """

    champion: RiskModel
    challenger: RiskModel
    figures: pd.DataFrame
    compared: pd.DataFrame
    checks: pd.DataFrame
    changes: pd.DataFrame
    proposal: str
    reason: str
    rule: str = RULE
    saved: tuple[Path, ...] = ()
    replaced: bool = False


def check_places(out: str | Path | None, *, overwrite: bool) -> None:
    """Refuse a folder that can't be written to, before anything is trained."""
    if out is not None:
        for name in (FILE_NAME, JSON, PAGE):
            check_outputs(Path(out) / name, overwrite=overwrite, make_folders=True, what="a model")


def write_retrained(
    done: Retrained,
    out: str | Path | None,
    *,
    in_place_of: Path | None = None,
    overwrite: bool = True,
) -> tuple[Path, ...]:
    """Write the challenger and the account of it, all or nothing.

    Parameters
    ----------
    done : Retrained
    out : path or None
        A folder.
    in_place_of : Path, optional
        The champion's file, to be replaced by the challenger; the champion is kept next to it.
    overwrite : bool
        Whether files in ``out`` that another run has written meanwhile may be replaced.

    Returns
    -------
    tuple of Path
        What was written.
    """
    text = to_text(done.challenger)
    from_text(text, where="the challenger")
    contents: dict[Path, str | bytes] = {}
    if out is not None:
        folder = Path(out)
        contents[folder / FILE_NAME] = text
        contents[folder / JSON] = json.dumps(account(done), indent=1, allow_nan=False) + "\n"
        contents[folder / PAGE] = page(done)
    may_go = set(contents) if overwrite else set()
    if in_place_of is not None:
        kept = in_place_of.with_name(f"{done.champion.info['model_id']}.json")
        contents[kept] = in_place_of.read_bytes()
        contents[in_place_of] = text
        may_go |= {kept, in_place_of}
    if not contents:
        return ()
    first = next(iter(contents))
    with written_to(first), folder_for(first.parent):
        write_together(contents, overwrite=may_go)
    return tuple(contents)


def account(done: Retrained) -> dict[str, Any]:
    """The complete record of a retraining as plain JSON values."""
    return {
        "proposal": done.proposal,
        "reason": done.reason,
        "rule": done.rule,
        "champion": done.champion.info["model_id"],
        "challenger": done.challenger.info["model_id"],
        "line": done.challenger.info["line"],
        **{
            name: records(getattr(done, name))
            for name in ("figures", "compared", "checks", "changes")
        },
    }


def page(done: Retrained) -> str:
    """The account as a Markdown page."""
    champion, challenger = (one.info["model_id"] for one in (done.champion, done.challenger))
    moved = largest_changes(done.changes)
    most = "The largest, with the parts that add most;" if len(moved) else UNCHANGED
    parts = [
        f"# {challenger} against {champion}",
        f"**Proposed: {done.proposal}.** Reason: {done.reason}.",
        f"The rule, set before: {done.rule}",
        "## On the inspections that neither has seen",
        _HOW,
        _table(done.figures),
        "How much worse the challenger's log score is, as a share of the champion's:",
        _table(done.compared),
        "## Numbered checks of the challenger",
        _table(done.checks),
        "## What would change, for whom and why",
        f"{most} `{JSON}` has all, and they add up exactly.",
        *([_table(moved)] if len(moved) else []),
    ]
    return "\n\n".join(parts) + "\n"


def largest_changes(changes: pd.DataFrame, shown: int = _SHOWN) -> pd.DataFrame:
    """The authorities whose log-odds would change most: ``authority, now, then, step, why``.

    Those that would not change are left out.
    """
    rows = []
    for (_, name), own in changes.groupby(["la_code", "la_name"], sort=True):
        most = own.loc[own["change"].abs().sort_values(ascending=False, kind="stable").index]
        why = [f"{r['term']} {r['change']:+.2f}" for r in most.head(_PARTS).to_dict("records")]
        first, step = own.iloc[0], float(own["change"].sum())
        risks = [f"{100 * first[f'risk_{who}']:.1f}%" for who in ("champion", "challenger")]
        rows.append((name, *risks, step, ", ".join(why)))
    table = pd.DataFrame(rows, columns=["authority", "now", "then", "step", "why"])
    table = table[table["step"].abs() >= _LEAST]
    order = table["step"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].head(shown).reset_index(drop=True)


def _table(frame: pd.DataFrame) -> str:
    def cell(value: Any) -> str:
        if isinstance(value, float):
            return "" if math.isnan(value) else f"{value:.3f}"
        return str(value).replace("|", "\\|")

    rows = [[str(name).replace("_", " ") for name in frame], ["---"] * frame.shape[1]]
    rows += [[cell(value) for value in row.values()] for row in frame.to_dict("records")]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
