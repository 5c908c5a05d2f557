"""Turn contributions into rows that a reader understands: what drove the score, and which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import Indicator, get_indicator, model_column
from earlywarn.indicators.standardise import REACH
from earlywarn.model.horizon import on_day
from earlywarn.scoring.defaults import codes_meant, model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.freshness import marked
from earlywarn.scoring.preprocessing import model_indicators, read_rows
from earlywarn.scoring.words import (
    LAST,
    NONE,
    effect,
    figure,
    last_inspection,
    last_part,
    own_figure,
)
from earlywarn.statistics.distributions import expit, normal_cdf

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.snapshot import Snapshot
    from earlywarn.statistics.arrays import FloatArray

COLUMNS = (
    "la_code",
    "la_name",
    "as_of",
    "term",
    "indicator",
    "family",
    "value",
    "unit",
    "england",
    "neighbours",
    "percentile",
    "contribution",
    "sign_stability",
    "sentence",
    "period",
    "expected",
    "own",
)
"""The columns of an explanation, in order."""

_WHOLE = ", which overall "
"""The separator between the last grade and its total effect on the risk."""
_HELD = "its effect held at the model's limit"
"""The note on a figure so far from the middle that a further one would count the same."""
_AVERAGE = "compared as if of average deprivation, as its own is not known"


def explain(
    model: RiskModel | str | Sequence[str] | None = None,
    snapshot: Snapshot | None = None,
    authorities: str | Sequence[str] | None = None,
    *,
    la_code: str | None = None,
) -> pd.DataFrame:
    """Explain what each authority's risk is made of.

    Parameters
    ----------
    model : RiskModel, optional
        As returned by ``earlywarn.load_model`` or ``earlywarn.train``. Default: the one that ships
        with the package. A name, a code or a list of them in this place means the authorities.
    snapshot : Snapshot, optional
        As returned by ``panel.as_of(date)``. Default: the panel that ships with the package, as of
        its latest publication.
    authorities : str or sequence of str, optional
        Names, beginnings of names or codes, in the order wanted. Default: all authorities.
    la_code : str, optional
        The same for one authority.

    Returns
    -------
    DataFrame
        For each authority one row ``baseline`` and one per indicator, strongest first: its value
        and unit, England's value, the mean of its statistical neighbours, the share of the other
        authorities that are strictly lower (0 to 1), its contribution in log-odds, how certain the
        direction of its weight is (0.5 to 1), a sentence, the year of the value (England's and the
        neighbours' are for the same year), the value expected for its deprivation where it is
        compared like for like, and whether it is the caller's own figure. The contributions of an
        authority sum to ``log(risk / (1 - risk))``. ``attrs["freshness"]`` shows how fresh each
        source was.

    Warns
    -----
    OverdueWarning
        If a source is older on the snapshot's date than its cadence allows.

    Raises
    ------
    AuthorityError
        If an authority is unknown, or its name is the beginning of several.
    IndicatorError
        If a Panel is given instead of a Snapshot.

    Examples
    --------
    >>> import earlywarn as ew
    >>> rows = ew.explain("Leeds")
    >>> rows["term"].iloc[0], rows["la_name"].iloc[0]
    ('baseline', 'Leeds')
    >>> rows = ew.explain(ew.load_model(), ew.load_panel().as_of("2024-06-30"), "Leeds")
    >>> rows["term"].iloc[0], rows["la_name"].iloc[0]
    ('baseline', 'Leeds')
    """
    if isinstance(model, (str, Sequence)):
        model, authorities = None, model if authorities is None else authorities
    model, snapshot = model_or_shipped(model), snapshot_or_shipped(snapshot)
    codes = codes_meant(snapshot, la_code if authorities is None else authorities)
    X = build_indicators(snapshot)
    given, model = model, on_day(model, snapshot.as_of)
    parts = contribution_frame(model, X)
    names = snapshot.authorities.set_index("la_code")["la_name"].to_dict()
    known = _Known.of(X, parts, snapshot)
    facts = {record.id: _facts(record, known, codes) for record in model_indicators(model)}
    stability = sign_stability(model)
    terms = parts.loc[codes].to_dict("records")
    rows = [
        row
        for code, own in zip(codes, terms, strict=True)
        for row in _authority_rows((code, names[code]), own, facts, stability)
    ]
    frame = pd.DataFrame(rows)
    frame["as_of"] = snapshot.as_of.isoformat()
    return marked(frame.loc[:, list(COLUMNS)], given, snapshot)


def said_once(rows: pd.DataFrame) -> pd.DataFrame:
    """Combine an authority's rows of the last inspection into one, with its grade and effect.

    For lists of what raises and what lowers the risk, in which each fact appears once.

    Examples
    --------
    >>> import earlywarn as ew
    >>> rows = ew.explain("Leeds")
    >>> once = said_once(rows)
    >>> whole, parts = (float(frame["contribution"].sum()) for frame in (once, rows))
    >>> len(rows) - len(once), abs(whole - parts) < 1e-9
    (1, True)
    """
    parts = rows[rows["indicator"].isin(LAST)]
    if len(parts) < 2:
        return rows
    whole = float(parts["contribution"].sum())
    fact = parts["sentence"].iloc[0].split(_WHOLE)[0].rsplit(": ", 1)[0]
    kept = rows.drop(parts.index[1:])
    first = kept.index == parts.index[0]
    kept["contribution"] = np.where(first, whole, kept["contribution"])
    kept["sentence"] = np.where(first, f"{fact}: {effect(whole)}", kept["sentence"])
    size = np.where(kept["term"] == "indicator", kept["contribution"].abs(), np.inf)
    return kept.iloc[np.argsort(-size, kind="stable")]


def contribution_frame(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """Contributions by authority (rows) and term (columns: ``baseline`` and indicator ids)."""
    names = ["baseline", *(record.id for record in model_indicators(model))]
    codes = X.index.get_level_values("la_code")
    inputs = read_rows(model, X.reset_index(drop=True))
    return pd.DataFrame(model.contributions(inputs.values), index=codes, columns=names)


def sign_stability(model: RiskModel) -> dict[str, float]:
    """The probability, given the fit's uncertainty, that each weight has the right sign."""
    sd = np.sqrt(np.diag(model.covariance)[1:])
    certainty = normal_cdf(np.abs(model.coefficients) / np.maximum(sd, 1e-12))
    return {
        record.id: float(share)
        for record, share in zip(model_indicators(model), certainty, strict=True)
    }


@dataclass(frozen=True)
class _Known:
    """A date's indicators and contributions, each column taken out of its frame once."""

    rows: pd.Index
    X: Mapping[str, FloatArray]
    parts: Mapping[str, FloatArray]
    in_all: FloatArray
    """The total contribution of the last inspection, where it has more than one."""
    through: str | None
    own: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, X: pd.DataFrame, parts: pd.DataFrame, snapshot: Snapshot) -> _Known:
        """What is known on the date of the snapshot."""
        weighed = [name for name in LAST if name in parts.columns]
        several = len(weighed) > 1
        reports = snapshot.judgements["published_on"]
        return cls(
            rows=X.index.get_level_values("la_code"),
            X={str(name): column.to_numpy() for name, column in X.items()},
            parts={str(name): column.to_numpy() for name, column in parts.items()},
            in_all=parts[weighed].sum(axis=1).to_numpy() if several else np.full(len(X), np.nan),
            through=str(reports.max()) if len(reports) else None,
            own=frozenset(snapshot.own),
        )


def _facts(record: Indicator, known: _Known, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is known about one indicator for some authorities, compared with all others."""
    X = known.X
    value, none = X[record.id], np.full(len(known.rows), np.nan)
    below, above, others = _shares(value)
    history = record.kind == "history"
    period = none if history else X[record.id + "_period"]
    columns = {
        "value": value,
        "england": none if history else value - X[record.id + "_gap"],
        "neighbours": none if history else value - X[record.id + "_neighbour_gap"],
        "percentile": none if history else below,
        "contribution": known.parts[record.id],
        "period": period,
        "expected": X[record.id + "_expected"] if record.like_for_like else none,
        "known": ~np.isnan(X[model_column(record)]),
        "above": above,
        "held": np.abs(X[model_column(record)]) >= REACH,
        "others": np.full(len(known.rows), others),
        "carried": period < np.max(period, initial=-np.inf, where=np.isfinite(period)),
        "good": X[LAST[0]],
        "inadequate": X[LAST[1]],
        "in_all": known.in_all,
    }
    # Only the requested ones become records: this saves a tenth of a second for one of 153.
    rows = known.rows.get_indexer(pd.Index(codes))
    cells = zip(*(column[rows].tolist() for column in columns.values()), strict=True)
    return {
        code: {
            **dict(zip(columns, row, strict=True)),
            "through": known.through,
            "own": (code, record.id) in known.own,
        }
        for code, row in zip(codes, cells, strict=True)
    }


def _shares(value: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """The shares of others that are strictly lower and strictly higher, and their number.

    Suppressed counts are small, and are not included.
    """
    ordered = np.sort(value[np.isfinite(value)])
    others = max(len(ordered) - 1, 1)
    below = np.searchsorted(ordered, value, side="left") / others
    above = (len(ordered) - np.searchsorted(ordered, value, side="right")) / others
    known = np.isfinite(value) & (len(ordered) > 1)
    return np.where(known, below, np.nan), np.where(known, above, np.nan), others


def _authority_rows(
    who: tuple[str, str],
    terms: Mapping[Hashable, float],
    facts: Mapping[str, Mapping[str, dict[str, Any]]],
    stability: Mapping[str, float],
) -> list[dict[str, object]]:
    """The rows of one authority: the common baseline, then its indicators, strongest first."""
    code, name = who
    baseline = {
        **dict.fromkeys(COLUMNS, np.nan),
        "la_code": code,
        "la_name": name,
        **dict.fromkeys(("term", "indicator", "family"), "baseline"),
        "unit": "",
        "own": False,
        "contribution": terms["baseline"],
        "sentence": _start(float(expit(terms["baseline"]))),
    }
    rows: list[dict[str, object]] = [baseline]
    for record in sorted(map(get_indicator, facts), key=lambda record: -abs(terms[record.id])):
        fact = facts[record.id][code]
        rows.append(
            {
                "la_code": code,
                "la_name": name,
                "term": "indicator",
                "indicator": record.id,
                "family": record.family,
                "unit": record.unit,
                "sign_stability": stability[record.id],
                **fact,
                "sentence": _sentence(record, fact),
            }
        )
    return rows


def _start(risk: float) -> str:
    return (
        f"Where every authority starts: a risk of {100 * risk:.1f}%, "
        "from how many inspections are expected to find an Inadequate area"
    )


def _sentence(record: Indicator, row: Mapping[str, Any]) -> str:
    """One indicator of one authority, in plain English, with all parts about one population."""
    value, does = row["value"], effect(row["contribution"])
    if record.kind == "history":
        return f"{_last(record, row)}: {does}"
    if not row["known"]:
        weight = abs(row["contribution"]) >= NONE
        stand_in = f"; the other figures on {record.family} stand in" if weight else ""
        return f"{record.title}: no comparable figure published{stand_in}: {does}"
    if np.isnan(value):
        return f"{record.title}: a suppressed count, of 1 to 5: {does}"
    unit = record.unit.removeprefix("% ")
    year = "" if row["own"] else f" in {row['period']:.0f}"
    facts = [f"{record.title}: {figure(record, value)} {unit}{year}"]
    facts += [own_figure(row["period"])] if row["own"] else []
    facts += ["no newer figure published"] if row["carried"] else []
    held = [_HELD] if row["held"] else []
    return f"{', '.join([*facts, *_beside(record, row), *held])}: {does}"


def _last(record: Indicator, row: Mapping[str, Any]) -> str:
    """The grade, its total effect, and which part of that the row is."""
    through = f" (known to {row['through']})" if row["through"] else ""
    fact = f"The last inspection{through} {last_inspection(row['good'], row['inadequate'])}"
    if np.isnan(row["value"]) or np.isnan(row["in_all"]):
        return fact
    whole = effect(row["in_all"]).replace("no effect", "has no effect")
    return f"{fact}{_WHOLE}{whole}; this is the part for {last_part(record, row['value'])}"


def _beside(record: Indicator, row: Mapping[str, Any]) -> Iterator[str]:
    """What the figure is compared with; a rank only if all figures are for one year."""
    if record.like_for_like:
        known = np.isfinite(row["expected"])
        expected = f"about {figure(record, row['expected'])} expected for its deprivation"
        yield expected if known else _AVERAGE
        return
    if np.isfinite(row["england"]):
        yield f"England's pooled figure {figure(record, row['england'])}"
    if not row["carried"] and np.isfinite(row["percentile"]):
        yield _standing(row["percentile"], row["above"], row["others"])


def _standing(below: float, above: float, others: int) -> str:
    """Whole per cent, rounded down so as not to overstate it."""
    if below == above == 0:
        return f"the same as all {others} others with a figure"
    side, share = ("higher", below) if below >= above else ("lower", above)
    return f"{side} than {min(int(100 * share + 1e-9), 99)}% of {others} others with a figure"
