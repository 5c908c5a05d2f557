"""Add new judgements to existing ones: one row per inspection; contradictions are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import AuthorityError, OutcomeError
from earlywarn.judgements.schema import AREAS, COLUMNS, check_judgements, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from earlywarn.authorities import Register

_GRADED = ("overall", *AREAS)


def added_judgements(
    held: pd.DataFrame, new: pd.DataFrame, register: Register, *, where: str = "new judgements"
) -> pd.DataFrame:
    """Add new judgements to existing ones.

    Parameters
    ----------
    held : DataFrame
        Judgements as returned by `read_judgements`.
    new : DataFrame
        The same columns; `la_code` may also contain names. Inspections that are already there are
        left out; a blank grade is filled in.
    register : Register
        The register of authorities.
    where : str
        What the new ones are, for the error.

    Returns
    -------
    DataFrame
        All of them, by authority and start.

    Raises
    ------
    OutcomeError
        If a row is not a judgement, or contradicts an existing one or another new one.
    AuthorityError
        If an authority is unknown.

    Notes
    -----
    Two rows of an authority are the same inspection if they began on the same day, or were
    published on the same day and one of the starts is known only to the month.
    """
    checked = check_judgements(new)
    rows = [_plain(row) for row in checked.reindex(columns=list(COLUMNS)).to_dict("records")]
    kept = [_plain(row) for row in held.reindex(columns=list(COLUMNS)).to_dict("records")]
    for place, row in enumerate(rows, start=1):
        row["la_code"] = _code(row["la_code"], register, f"{where}, row {place}")
        row_name = f"{where}, row {place}, {register.name_of(row['la_code'])}"
        _check(row, register, row_name)
        twin = next((one for one in kept if _is_same(one, row)), None)
        if twin is None:
            kept.append(row)
        else:
            _join(twin, row, row_name)
    ordered = sorted(kept, key=lambda row: (row["la_code"], row["inspection_start"]))
    return frame_of(ordered)


def without_last_judgement(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """List the authorities that have judgements in one frame but not in another.

    Examples
    --------
    >>> few = pd.DataFrame({"la_code": ["383"]})
    >>> without_last_judgement(pd.DataFrame({"la_code": ["383", "373"]}), few)
    ['373']
    """
    return sorted(set(before["la_code"]) - set(after["la_code"]))


def _plain(row: Any) -> dict[str, Any]:
    return {name: None if pd.isna(cell) else cell for name, cell in row.items()}


def _code(text: Any, register: Register, where: str) -> str:
    try:
        return register.code_of("" if text is None else text)
    except AuthorityError as error:
        raise AuthorityError(
            error.problem,
            where=where,
            found=error.found,
            expected=error.expected,
            remedy=error.remedy,
        ) from error


def _check(row: dict[str, Any], register: Register, where: str) -> None:
    start, published = row["inspection_start"], row["published_on"]
    if published < start:
        raise OutcomeError(
            "the report was published before the inspection started",
            where=where,
            found=f"published {published}, start {start}",
            expected="a publication on or after the start",
            remedy="Correct one of the two dates; the report gives both.",
        )
    if not register.existed(row["la_code"], start):
        raise OutcomeError(
            "the authority did not exist when the inspection started",
            where=where,
            found=f"start {start}",
            expected="an authority of that day",
        )
    if all(row[name] is None for name in _GRADED):
        raise OutcomeError(
            "there is no judgement in the row",
            where=where,
            found="blank cells only",
            expected=f"at least one grade among {', '.join(_GRADED)}",
        )


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one["la_code"] != other["la_code"]:
        return False
    return bool(
        one["inspection_start"] == other["inspection_start"]
        or one["published_on"] == other["published_on"]
    )


def _join(held: dict[str, Any], new: dict[str, Any], where: str) -> None:
    """Fill in what the existing row lacks; refuse what contradicts it."""
    starts = {held["inspection_start"], new["inspection_start"]}
    by_month = "month" in (held["start_precision"], new["start_precision"])
    if by_month and len({start.replace(day=1) for start in starts}) == 1:
        exact = new if held["start_precision"] == "month" else held
        held["inspection_start"] = exact["inspection_start"]
        held["start_precision"] = exact["start_precision"]
    elif len(starts) > 1:
        raise _contradiction("inspection_start", held, new, where)
    for name in ("framework", "published_on", *_GRADED):
        if held[name] is None:
            held[name] = new[name]
        elif new[name] is not None and new[name] != held[name]:
            raise _contradiction(name, held, new, where)


def _contradiction(
    name: str, held: dict[str, Any], new: dict[str, Any], where: str
) -> OutcomeError:
    return OutcomeError(
        f"contradicts an existing judgement, in {name}",
        where=where,
        found=str(new[name]),
        expected=f"{held[name]}, of the inspection that began on {held['inspection_start']} "
        f"({held['source'] or 'no source given'})",
        remedy="Correct the row, or replace all judgements with panel.with_judgements.",
    )


def named(codes: Iterable[str], register: Register, *, most: int = 5) -> str:
    """List the names of a few authorities, and how many more there are."""
    listed = list(codes)
    few = ", ".join(register.name_of(code) for code in listed[:most])
    return few if len(listed) <= most else f"{few} and {len(listed) - most} more"
