"""Compare an authority with its statistical neighbours, region, type, England, or a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import AuthorityError, PanelError, ScoreError
from earlywarn.indicators.build import newest_figures
from earlywarn.indicators.catalogue import INDICATORS, Indicator
from earlywarn.panel.naming import region_meant
from earlywarn.scoring.defaults import codes_meant, snapshot_or_shipped
from earlywarn.statistics.intervals import byar_limits, wilson_limits
from earlywarn.utils.arguments import several

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from earlywarn.panel.snapshot import Snapshot
    from earlywarn.statistics.arrays import FloatArray

GROUPS = ("neighbours", "region", "type", "England")
COLUMNS = (
    "la_code",
    "la_name",
    "as_of",
    "indicator",
    "title",
    "family",
    "unit",
    "direction",
    "value",
    "period",
    "own",
    "lower",
    "upper",
    "group",
    "group_value",
    "group_pooled",
    "group_known",
    "rank",
    "of",
    "quartile",
    "significance",
    "standing",
)
"""The columns of ``compare``, in order."""
CONFIDENCE = 0.95
FEWEST_FOR_QUARTILES = 4


def neighbours(snapshot: Snapshot | None, authority: str) -> pd.DataFrame:
    """List the statistical neighbours of an authority, closest first.

    Parameters
    ----------
    snapshot : Snapshot or None
        As returned by ``panel.as_of(date)``; None for the panel that ships with the package, as of
        its latest publication.
    authority : str
        A name or code.

    Returns
    -------
    DataFrame
        ``rank`` (1 is the closest), ``la_code``, ``la_name``, ``region``, ``closeness`` (in the
        publisher's words; missing, since the panel only has the order) and ``model``, the year of
        the neighbour model. Neighbours that no longer exist are marked in ``exists``.

    Raises
    ------
    AuthorityError
        If the authority is unknown, or did not exist on the date.
    PanelError
        If no neighbours of it were published by the date.

    Notes
    -----
    The models are those of the National Foundation for Educational Research (2021) and the
    Department for Education (2025).

    Examples
    --------
    >>> neighbours(None, "Leeds")["rank"].tolist()
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    """
    snapshot = snapshot_or_shipped(snapshot)
    code, register = snapshot.existing_code(authority), snapshot.register
    table = snapshot.neighbours
    own = table[table["la_code"] == code].sort_values("rank", ignore_index=True)
    if own.empty:
        raise PanelError(
            "no statistical neighbours were published",
            where=f"{register.name_of(code)} ({code})",
            found=f"as of {snapshot.as_of}, model {snapshot.neighbour_model or 'none'}",
            expected="an authority in the model, on a date after its publication",
            remedy='Compare with another group, such as with_="region".',
        )
    codes = own["neighbour_code"]
    regions = register.authorities.set_index("la_code")["region"]
    return pd.DataFrame(
        {
            "rank": own["rank"],
            "la_code": codes,
            "la_name": codes.map(register.name_of),
            "region": codes.map(regions),
            "closeness": pd.Series(pd.NA, index=own.index, dtype="str"),
            "model": own["model"],
            "exists": codes.isin(snapshot.authorities["la_code"]),
        }
    )


def compare(
    snapshot: Snapshot | None, authority: str, with_: str | Sequence[str] = "neighbours"
) -> pd.DataFrame:
    """Compare an authority's figures with those of a group.

    Parameters
    ----------
    snapshot : Snapshot or None
        As returned by ``panel.as_of(date)``; None for the panel that ships with the package, as of
        its latest publication.
    authority : str
        A name or code.
    with_ : str or sequence of str
        ``neighbours``, ``region`` (its own), ``type``, ``England``, the name of a region, or names
        and codes.

    Returns
    -------
    DataFrame
        One row per published indicator, with the authority's latest figure that is not too old:
        ``value``, its ``period``, its 95% limits ``lower`` and ``upper`` (Wilson for percentages,
        Byar for rates and ratios; none for amounts, or where the cases are unknown);
        ``group_value`` for the same year without the authority, pooled over the cases behind it
        where these are known (``group_pooled``), otherwise the mean; ``group_known``, how many in
        the group have one. ``rank`` of ``of`` and ``quartile`` are among the group and the
        authority: 1 is the best by the indicator's ``direction``, or the lowest where it has none;
        equal values share a rank. ``significance`` shows whether the group's value is outside the
        limits: ``higher``, ``lower``, ``similar`` or ``not tested``; ``standing`` is what that
        means: ``better``, ``worse``, ``similar``, or empty.

    Raises
    ------
    AuthorityError
        If an authority is unknown, or did not exist on the date.
    ScoreError
        If the group is empty, or is not one of these.
    PanelError
        If no neighbours of the authority were published by the date.

    Notes
    -----
    The group's value is treated as fixed, as in comparisons of local authorities by the Office for
    Health Improvement and Disparities, so with a small group the test finds too many differences.
    Some 30 indicators are tested at 95%, so one or two will differ by chance.

    Examples
    --------
    >>> table = compare(None, "Leeds", "region").set_index("indicator")
    >>> int(table.loc["caseload", "of"])
    15
    """
    snapshot = snapshot_or_shipped(snapshot)
    code = snapshot.existing_code(authority)
    name, codes = _group(snapshot, code, with_)
    figures = newest_figures(snapshot)
    rows = [
        {"la_code": code, "as_of": snapshot.as_of.isoformat(), "group": name, **row}
        for record in INDICATORS
        if record.kind != "history"
        for row in _rows(record, figures[figures["indicator"] == record.id], code, codes)
    ]
    frame = pd.DataFrame(rows)
    frame["la_name"] = snapshot.register.name_of(code)
    frame["own"] = [(code, indicator) in snapshot.own for indicator in frame["indicator"]]
    return frame.loc[:, list(COLUMNS)]


def _group(snapshot: Snapshot, code: str, with_: str | Sequence[str]) -> tuple[str, list[str]]:
    """The name of a group and its codes, without the authority itself."""
    table = snapshot.authorities.set_index("la_code")
    kind = with_.strip().lower() if isinstance(with_, str) else "own list"
    if kind == "neighbours":
        found = neighbours(snapshot, code)
        name = f"statistical neighbours ({snapshot.neighbour_model})"
        codes = found.loc[found["exists"], "la_code"].tolist()
    elif kind in ("region", "type"):
        column = {"region": "region", "type": "la_type"}[kind]
        name = str(table.loc[code, column])
        codes = table.index[table[column] == name].tolist()
    elif kind == "england":
        name, codes = "England", table.index.tolist()
    else:
        name, codes = _own_list(snapshot, with_)
    others = [one for one in codes if one != code]
    if not others:
        raise ScoreError(
            "there is no one to compare with",
            where=f"with_, {name}",
            found="the authority itself" if codes else "no authority",
            expected="at least one other",
        )
    return name, others


def _region(
    snapshot: Snapshot, text: str, unknown: AuthorityError | None = None
) -> tuple[str, list[str]]:
    """A region by its name, or the beginning of it."""
    table = snapshot.authorities
    try:
        name = region_meant(table["region"], text)
    except AuthorityError:
        raise ScoreError(
            "not a group",
            where="with_",
            found=repr(text),
            expected=f"{', '.join(GROUPS)}, a region's name, or names and codes of authorities, "
            "with commas or semicolons between",
        ) from unknown
    return name, table.loc[table["region"] == name, "la_code"].tolist()


def _own_list(snapshot: Snapshot, with_: str | Sequence[str]) -> tuple[str, list[str]]:
    if isinstance(with_, str):
        # "North East" is the region, though North East Lincolnshire begins with it.
        if with_.strip().casefold() in set(snapshot.authorities["region"].str.casefold()):
            return _region(snapshot, with_)
        try:  # some names contain a comma
            return "own list", codes_meant(snapshot, with_)
        except AuthorityError as error:
            if not {",", ";"} & set(with_):
                return _region(snapshot, with_, error)
    listed = with_.split(";" if ";" in with_ else ",") if isinstance(with_, str) else with_
    names = several(listed, str, "with_", expected="names or codes", fault=ScoreError)
    return "own list", codes_meant(snapshot, [name.strip() for name in names])


def _rows(
    record: Indicator, figures: pd.DataFrame, code: str, codes: list[str]
) -> Iterator[dict[str, Any]]:
    """The row of one indicator; without a value where the authority has none."""
    facts = {
        "indicator": record.id,
        "title": record.title,
        "family": record.family,
        "unit": record.unit,
        "direction": record.direction,
    }
    own = figures[figures["la_code"] == code].sort_values("period")
    if own.empty:
        empty = dict.fromkeys(COLUMNS[8:], np.nan) | {"significance": "not tested", "standing": ""}
        yield {**empty, **facts, "group_pooled": False, "group_known": 0, "of": 0}
        return
    newest = own.iloc[-1]
    of_year = figures[figures["period"] == newest["period"]]
    group = of_year[of_year["la_code"].isin(codes)]
    value, size = float(newest["value"]), float(newest["size"])
    lower, upper = _limits(record, value, size)
    usual, pooled = _pooled(record, group)
    yield {
        **facts,
        "value": value,
        "period": newest["period"],
        "lower": lower,
        "upper": upper,
        "group_value": usual,
        "group_pooled": pooled,
        "group_known": len(group),
        **_place(record, value, group["value"].to_numpy(dtype=float)),
        **_tested(record, lower, upper, usual),
    }


def _limits(record: Indicator, value: float, size: float) -> tuple[float, float]:
    """The 95% limits of a value from the cases behind it."""
    if record.kind == "amount" or not size > 0:
        return np.nan, np.nan
    if record.kind == "proportion" and value <= 100:
        low, high = wilson_limits(value / 100 * size, size, CONFIDENCE)
        return float(100 * low), float(100 * high)
    per = {"rate": 10_000, "proportion": 100}.get(record.kind, 1)
    low, high = byar_limits(value / per * size, CONFIDENCE)
    return float(per * low / size), float(per * high / size)


def _pooled(record: Indicator, group: pd.DataFrame) -> tuple[float, bool]:
    """The value of a group: over all the cases behind it, or else the mean of the authorities."""
    if group.empty:
        return np.nan, False
    value, size = (group[name].to_numpy(dtype=float) for name in ("value", "size"))
    if record.kind == "amount" or not (size > 0).all():
        return float(value.mean()), False
    return float((value * size).sum() / size.sum()), True


def _place(record: Indicator, value: float, others: FloatArray) -> dict[str, Any]:
    """Rank and quartile within the group and the authority: 1 is best, or lowest."""
    before = others > value if record.sign < 0 else others < value
    rank, of = int(before.sum()) + 1, len(others) + 1
    quartile = np.nan if of < FEWEST_FOR_QUARTILES else float(np.ceil(4 * rank / of))
    return {"rank": rank, "of": of, "quartile": quartile}


def _tested(record: Indicator, lower: float, upper: float, usual: float) -> dict[str, str]:
    if not np.isfinite([lower, upper, usual]).all():
        return {"significance": "not tested", "standing": ""}
    side = 1 if lower > usual else -1 if upper < usual else 0
    words = {1: "higher", -1: "lower", 0: "similar"}
    standing = {1: "worse", -1: "better", 0: ""}[side * record.sign]
    return {"significance": words[side], "standing": "similar" if side == 0 else standing}
