"""One authority's explanation as a card, shown in a notebook or saved as an HTML or SVG file."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import UsageError
from earlywarn.report.authority_charts import waterfall_chart
from earlywarn.report.page import template_environment
from earlywarn.scoring.defaults import model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.freshness import freshness, overdue_words
from earlywarn.scoring.national import hindsight, score
from earlywarn.scoring.standing_words import band_name, judgement_words, rank_words
from earlywarn.utils.files import check_outputs, write_whole, written_to
from earlywarn.utils.formatting import long_date, percent, signed
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.snapshot import Snapshot

ENDINGS = (".html", ".svg")
QUIET = 0.005
"""Contributions closer to zero than this, in log-odds, are not listed."""
_LETTERS = 62
"""Characters in a line of a picture's heading."""


@dataclass(frozen=True, repr=False)
class ExplanationCard:
    """What an authority's risk is made of, for a notebook or a file.

    Attributes
    ----------
    name : str
        The authority.
    summary : str
        Its risk in a sentence.
    html : str
        The card as a part of a page, with its picture inside.
    svg : str
        The picture with a heading, as a separate file.
    """

    name: str
    summary: str
    html: str
    svg: str

    def __repr__(self) -> str:
        """The risk in a sentence, and how to keep the card."""
        return f"{self.summary}\n  save('card.html') or save('card.svg') keeps it"

    def _repr_html_(self) -> str:
        return self.html

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Save the card as one self-contained file, without scripts or network.

        Parameters
        ----------
        path : str or Path
            Ending in ``.html`` for the whole card, or ``.svg`` for the picture.
        overwrite : bool
            Whether an existing file may be replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        UsageError
            If the ending is neither of these, or the file can't be written or may not be replaced.
        """
        file = as_path(path, "path")
        if file.suffix.lower() not in ENDINGS:
            raise UsageError(
                "not a kind of card",
                where=str(file),
                found=file.suffix or "no ending",
                expected=" or ".join(ENDINGS),
            )
        check_outputs(file, overwrite=overwrite)
        with written_to(file):
            text = self.svg if file.suffix.lower() == ".svg" else self._page()
            write_whole(file, text, overwrite=overwrite)
        return file

    def _page(self) -> str:
        return (
            '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "img-src data:; style-src 'unsafe-inline'\">\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.name)}: what its risk is made of</title>\n"
            "<style>body{font-family:Arial,Helvetica,sans-serif;color:#0B0C0C;max-width:44rem;"
            "margin:1rem auto;padding:0 1rem;line-height:1.5}img{max-width:100%;height:auto}"
            "</style>\n</head>\n"
            f"<body>\n<main>\n<h1>{escape(self.name)}</h1>\n"
            f"{_raised(self.html)}</main>\n</body>\n</html>\n"
        )


def explanation_card(
    model: RiskModel | str | Sequence[str] | None = None,
    snapshot: Snapshot | None = None,
    authority: str | Sequence[str] | None = None,
) -> ExplanationCard:
    """Make a card of what one authority's risk is made of.

    Parameters
    ----------
    model : RiskModel, optional
        Default: the model that ships with the package. A name or code in this place means the
        authority.
    snapshot : Snapshot, optional
        Default: the panel that ships with the package, as of its latest publication.
    authority : str
        A name, the beginning of one, or a code.

    Returns
    -------
    ExplanationCard
        A notebook shows it; ``save`` writes it as HTML or SVG.

    Raises
    ------
    UsageError
        If no authority is named, or several are.
    AuthorityError
        If the authority is unknown, or did not exist on the date.
    MissingExtraError
        If jinja2 is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> card = ew.explanation_card("Leeds")
    >>> card.name, card.svg[:4], "Last judgement known" in card.html
    ('Leeds', '<svg', True)
    """
    if isinstance(model, (str, Sequence)):
        model, authority = None, model if authority is None else authority
    if not isinstance(authority, str):
        raise UsageError(
            "a card shows one authority",
            where="authority",
            found="none" if authority is None else repr(authority),
            expected="a name or a code",
        )
    model, snapshot = model_or_shipped(model), snapshot_or_shipped(snapshot)
    rows = explain(model, snapshot, authority)
    scores = score(model, snapshot)
    row = scores[scores["la_code"] == rows["la_code"].iloc[0]].iloc[0].to_dict()
    shown = _facts(row, len(scores), rows, model, snapshot)
    chart = waterfall_chart(row["la_code"], row["la_name"], rows)
    shown |= {"picture": chart.picture_link(), "alt": chart.alt}
    summary = (
        f"{row['la_name']}: risk of an Inadequate judgement if inspected on {shown['as_of']}: "
        f"{shown['risk']} (90% interval {shown['low']} to {shown['high']}), {band_name(row)}"
    )
    html = template_environment().get_template("explanation.html").render(**shown)
    return ExplanationCard(row["la_name"], summary, html, _headed(chart.picture(), summary))


def _facts(
    row: dict[str, Any], count: int, rows: pd.DataFrame, model: RiskModel, snapshot: Snapshot
) -> dict[str, Any]:
    day = row["previous_inspection"]
    inspected = "" if pd.isna(day) else f", inspected from {long_date(day)}"
    return {
        "name": row["la_name"],
        "as_of": long_date(snapshot.as_of),
        "risk": percent(row["risk"]),
        "low": percent(row["risk_lower"]),
        "high": percent(row["risk_upper"]),
        "band": band_name(row),
        "rank": rank_words(row, count),
        "usual": percent(row["prior"]),
        "judged": long_date(row["judgements_through"]),
        "held": f"{judgement_words(row)}{inspected}",
        "figures": f"{long_date(snapshot.data_through)}{hindsight(model, snapshot)}",
        "overdue": overdue_words(freshness(model, snapshot)),
        "start": signed(rows.loc[rows["term"] == "baseline", "contribution"].iloc[0]),
        "sides": [("Raises the risk", _side(rows, 1)), ("Lowers the risk", _side(rows, -1))],
        "model_id": model.info.get("model_id", ""),
        "sunset": long_date(model.info.get("sunset")),
    }


def _side(rows: pd.DataFrame, sign: int) -> list[tuple[str, str]]:
    """What moves the risk in one direction, strongest first: the contribution and its sentence."""
    terms = rows[(rows["term"] == "indicator") & (sign * rows["contribution"] >= QUIET)]
    return [
        (signed(row["contribution"]), str(row["sentence"]).rsplit(": ", 1)[0])
        for row in terms.to_dict("records")
    ]


def _headed(picture: str, heading: str) -> str:
    """A picture and a heading above it, as one picture."""
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', picture)
    width, height = (int(side) for side in size.groups()) if size else (0, 0)
    lines = textwrap.wrap(heading, _LETTERS)
    above = 18 * len(lines) + 10
    words = "".join(
        f'<text x="4" y="{18 * place + 16}" font-family="Arial,Helvetica,sans-serif" '
        f'font-size="13" font-weight="700" fill="#0B0C0C">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    inner = picture.replace("<svg", f'<svg y="{above}" width="{width}" height="{height}"', 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + above}" '
        f'role="img"><title>{escape(heading)}</title>{words}{inner}</svg>\n'
    )


def _raised(html: str) -> str:
    """The headings of a part, one level up: on a separate page no level may be skipped."""
    return html.replace("h3>", "h2>").replace("h4>", "h3>")
