"""A quality log as in the Aqua Book: checks, assumptions, provenance and sign-off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.cards.facts import plain
from earlywarn.cards.items import blank
from earlywarn.evaluation.record_page import markdown
from earlywarn.utils.files import package_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earlywarn.cards.facts import Facts
    from earlywarn.evaluation.stored_record import Recorded
    from earlywarn.panel.panel import Panel

DOCUMENT = "docs/assumptions.md"
EVIDENCE = {"strong": 0, "some": 1, "weak": 2}
IMPACT = {"low": 0, "medium": 1, "high": 2}
NOT_RATED = "not rated"
COLUMNS = ("id", "assumption", "evidence", "effect if wrong", "owner", "reviewed")

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")

MEANING = {
    1: "A model that had seen the future would make the whole record worthless.",
    2: "The same, for a single figure.",
    3: "The dates assumed are deliberately late, so that the past looks worse, not better. Today's "
    "scores do not depend on them.",
    4: "Too many parameters for the events would make the weights chance.",
    5: "If it does not beat the last grade, the last grade will do.",
    6: "The size of the risks can't be relied on; their order is not affected.",
    7: "A rank that may lie anywhere in half of the list says little: use the band and interval.",
    8: "The figures or the day are outside what the model learnt from.",
    9: "An authority would be missing, or have another's figures.",
    10: "Past forecasts used figures as corrected later. This can't be put right where "
    "first-published files are not available, and says nothing against today's scores.",
    11: "The model would be less right for one kind of authority than for another.",
    12: "A record that leaves inspections out can flatter.",
    13: "Figures as informative as this would be a sign of a leak.",
}
"""What it means if a check fails, by its number."""

VERIFIED = (
    ("V1", "A snapshot holds nothing published after its day", "tests/test_leaks.py"),
    ("V2", "The fit agrees with another implementation", "tests/model/test_ordinal.py"),
    (
        "V3",
        "Contributions add up, whatever is missing",
        "tests/scoring/test_explanation.py",
    ),
    (
        "V4",
        "Intervals cover simulated truths as often as they claim",
        "tests/model/test_classifier.py",
    ),
    (
        "V5",
        "Statistics agree with golden numbers of named sources",
        "tests/statistics/test_regression.py",
    ),
    (
        "V6",
        "Faulty published files are refused, not repaired",
        "tests/sources/test_malformed.py",
    ),
    (
        "V7",
        "A doctored, cut-off or foreign model file is refused",
        "tests/model/test_serialisation.py",
    ),
    (
        "V8",
        "A row scored alone, in a batch or in the table gets the same",
        "tests/scoring/test_national.py",
    ),
    (
        "V9",
        "The record's measures agree with their definitions",
        "tests/evaluation/test_performance.py",
    ),
    ("V10", "Every figure of these records comes from the program", "tests/cards/test_cards.py"),
)
"""Was it built right: what was verified, and by which test in the source tree."""

VALIDATED = (
    (
        "W1",
        "Does it predict, on inspections of later years?",
        "{window_head}: AUC {auc_head}; the order was {order_words}; the risks were {skill_words}",
    ),
    (
        "W2",
        "Does it do better than simple rules?",
        "In AUC better beyond chance than: {better_than}. Not better beyond chance than: {alike}",
    ),
    (
        "W3",
        "Are its probabilities right?",
        "Observed over expected {observed_expected_head}: {level_words}",
    ),
    ("W4", "Is it as right for every kind of authority?", "{fairness_words}"),
    (
        "W5",
        "Would a list have helped in time?",
        "A list of {top_k} had {found_head} of {events_head}, and {vain_head} others inspected",
    ),
    (
        "W6",
        "Does it answer what its users ask?",
        "Not done by the library. " + blank("what users said, who and when"),
    ),
    (
        "W7",
        "Has someone outside repeated it?",
        "Not done. " + blank("independent review: by whom, when, with what result"),
    ),
)
"""Is it the right thing: what was validated, and the result."""

SIGN_OFF = (
    ("Commissioner", "that the question is the right one, and the limits are understood"),
    ("Analyst", "that the work was done as described, on the data named here"),
    ("Analytical assurer", "that it was checked, by someone who did not do the work"),
    ("Approver (senior responsible owner)", "that it may be used, for what, and until when"),
)


def quality_log(facts: Facts, recorded: Recorded, panel: Panel) -> str:
    """Write the log as Markdown.

    Parameters
    ----------
    facts : Facts
    recorded : Recorded
    panel : Panel
    """
    parts = [
        facts.fill(_HEAD),
        "## Versions\n\n" + markdown(versions(facts)),
        _checks(facts, recorded),
        _verification(facts),
        _assumptions(facts),
        facts.fill(_UNCERTAINTY),
        _provenance(facts, panel),
        _sign_off(),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD = (
    "# Quality log: {model_id}\n\n"
    "For a model of earlywarn, in the manner of the Aqua Book. Written by `python -m earlywarn "
    "card`; every figure comes from the model, the panel and the record of its backtest. What only"
    " the owner can say is marked `[TO BE COMPLETED BY THE OWNER: ...]`.\n\n"
    "**Purpose.** To say how far this may be relied on for its use: one reason among others to "
    "offer support and to ask questions. It is not fit to decide anything by itself "
    "({doc_readme}). **Proportion of effort for this use:** "
    + blank("what is at stake in this use, and the quality assurance that it calls for")
)
_UNCERTAINTY = (
    "## Uncertainty\n\nEach risk and rank has a {interval} interval from {refits} refits, for "
    "what was learnt from few events, for how the weights may differ from those assumed, for "
    "small counts and missing figures, and for what other forms of the model would give an "
    "authority (a standard deviation of {form_sd} in log-odds). {held_words}. Each measure of the "
    "record has a {level} interval from {resamples} resamples of whole authorities. Not covered by "
    "any interval: other causes that no figure shows, a change of framework, the drift of the "
    "share of Inadequate judgements after the cut-off ({until}), differences between inspectors, "
    "and which authorities are inspected. {doc_limits} says what follows."
)


def versions(facts: Facts) -> pd.DataFrame:
    """What was used, and its identifiers."""
    rows = {
        "model": "{model_id}",
        "question": "{target}, version {target_version}: {question}",
        "learnt from": "{inspections} inspections, {events} events, reports up to {until}",
        "may be used": "{first_date} to {sunset}",
        "catalogue of indicators": "digest {catalogue}",
        "panel": "digest {panel}, published up to {newest}",
        "record of the backtest": "by earlywarn {record_version}, checks as of {checked_on}",
        "earlywarn": "{version}",
        "machine and packages": blank("where it is run, and the versions installed there"),
    }
    return pd.DataFrame({"thing": list(rows), "which": [facts.fill(v) for v in rows.values()]})


def checks(recorded: Recorded) -> pd.DataFrame:
    """The numbered checks, each with what it means and, if it failed, room for a decision."""
    rows = recorded.tables["checks"].to_dict("records")
    return pd.DataFrame(
        [
            {
                "no.": str(row["number"]),
                "fault looked for": plain(row["title"]),
                "result": f"**{row['status']}**" if row["status"] == "fail" else row["status"],
                "found": plain(row["sentence"]),
                "if it fails": MEANING.get(row["number"], ""),
                "decision": blank("accepted or not, why, by whom")
                if row["status"] == "fail"
                else "none needed",
            }
            for row in rows
        ]
    )


def _checks(facts: Facts, recorded: Recorded) -> str:
    opening = facts.fill(
        "## Numbered checks\n\n{checks_passed} of {checks} passed, {checks_failed} failed: "
        "{failed}. A check that fails is not put right by leaving it out: it is either accepted "
        "for a use or it is not. Run on the list of {checked_on} by `python -m earlywarn backtest`."
    )
    return f"{opening}\n\n{markdown(checks(recorded))}"


def _verification(facts: Facts) -> str:
    verified = pd.DataFrame(VERIFIED, columns=["no.", "verified", "by"])
    verified["by"] = [f"`{name}`" for name in verified["by"]]
    validated = pd.DataFrame(
        [(number, asked, facts.fill(found)) for number, asked, found in VALIDATED],
        columns=["no.", "validated", "found"],
    )
    return (
        "## Verification: was it built right?\n\nTests of the source tree, run before a release. "
        "This log can't know the result in your installation: "
        f"{blank('result and date of the tests, .ci/run')}\n\n{markdown(verified)}\n\n"
        "## Validation: is it the right thing?\n\n"
        f"{markdown(validated)}"
    )


def _assumptions(facts: Facts) -> str:
    table = assumptions()
    counts = table["rating"].value_counts()
    counted = ", ".join(
        f"{counts[name]} {name}" for name in ("red", "amber", "green", NOT_RATED) if name in counts
    )
    shown = table[
        ["id", "assumption", "strength", "impact", "rating", "evidence", "effect if wrong"]
    ].rename(columns={"strength": "evidence is", "impact": "impact if wrong", "rating": "colour"})
    shown["colour"] = [f"**{name}**" if name == "red" else name for name in shown["colour"]]
    reviewed = table["reviewed"].max()
    return (
        f"## Assumptions\n\n{len(table)} assumptions: {counted}. Red is little evidence for "
        "something that matters; it is a reason for care, not a fault. The maintainers judge, and "
        "nobody "
        f"outside has reviewed it; last reviewed {reviewed}. {facts['doc_assumptions']} says why "
        f"each is made.\n\n{markdown(shown)}"
    )


def sources(panel: Panel) -> pd.DataFrame:
    """The published files that the panel was made from."""
    return pd.DataFrame(
        [
            {
                "file": f"`{plain(source['path'])}`",
                "read as": plain(source.get("recognised_as") or "not used"),
                "rows": f"{source.get('rows') or 0:,}",
                "sha256": f"`{plain(source['sha256'])}`",
            }
            for source in panel.manifest.get("sources", [])
        ],
        columns=["file", "read as", "rows", "sha256"],
    )


def _provenance(facts: Facts, panel: Panel) -> str:
    found = panel.findings.groupby(["severity", "code"]).size().reset_index(name="n")
    found["n"] = found["n"].astype(str)
    opening = facts.fill(
        "## Data provenance\n\nPanel with digest {panel}: {figures} figures of {measures} measures "
        "for {first_period} to {last_period}, {judgements} inspections, published up to {newest}. "
        "{assumed} of figures have an assumed publication date, {without_value} have no "
        "value, {joint} come from joint returns. From {check_10}. {doc_sources} gives each table's "
        "pitfalls and how to rebuild the panel. Contains public sector information licensed under "
        "the Open Government Licence."
    )
    return (
        f"{opening}\n\n{markdown(sources(panel))}\n\nFindings while reading "
        f"({facts['findings']}):\n\n{markdown(found)}"
    )


def _sign_off() -> str:
    rows = pd.DataFrame(
        [(role, says, blank("name"), blank("date")) for role, says in SIGN_OFF],
        columns=["role", "signs", "name", "date"],
    )
    return f"## Sign-off\n\nNobody has signed.\n\n{markdown(rows)}"


def colour(evidence: str, impact: str) -> str:
    """Rate an assumption red, amber or green, by its evidence and its impact if wrong.

    Examples
    --------
    >>> colour("weak", "medium"), colour("some", "medium"), colour("strong", "medium")
    ('red', 'amber', 'green')
    """
    if evidence not in EVIDENCE or impact not in IMPACT:
        return NOT_RATED
    return ("green", "green", "amber", "red", "red")[EVIDENCE[evidence] + IMPACT[impact]]


def assumptions(text: str | None = None) -> pd.DataFrame:
    """List every assumption with its rating.

    Parameters
    ----------
    text : str, optional
        The document. Default: the one that ships with the package.

    Returns
    -------
    DataFrame
        One row per assumption: the columns of ``COLUMNS``, ``strength`` of the evidence,
        ``impact`` and ``rating``.

    Examples
    --------
    >>> assumptions().set_index("id").loc["M7", ["strength", "impact", "rating"]].tolist()
    ['some', 'low', 'green']
    """
    if text is None:
        text = package_path(DOCUMENT).read_text(encoding="utf-8")
    rows, rated = [], {}
    for row in _rows(text):
        if "assumption" in row:
            rows.append({name: row[name] for name in COLUMNS})
        elif "impact" in row:
            rated[row["id"]] = (row["evidence"], row["impact"])
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    pairs = [rated.get(name, (NOT_RATED, NOT_RATED)) for name in frame["id"]]
    return frame.assign(
        strength=[evidence for evidence, _ in pairs],
        impact=[impact for _, impact in pairs],
        rating=[colour(*pair) for pair in pairs],
    )


def _rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of the tables in a Markdown page, by column; links are reduced to their text."""
    head: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            head = []
            continue
        cells = [_LINK.sub(r"\1", cell.strip()) for cell in line.strip("|").split("|")]
        if not head:
            head = cells
        elif set("".join(cells)) != {"-"}:
            yield dict(zip(head, cells, strict=True))
