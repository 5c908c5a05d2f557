"""Compare files with the current panel: a new copy must contain what is already known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.sources.schema import KEY, Finding
from earlywarn.utils.dates import ordinals_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from earlywarn.authorities import Register

UNLIKE = "unlike-the-known"
GONE = "known-and-gone"
_NAMED = 5
_COUNTS = ("numerator", "denominator")
_CELLS = ("value", *_COUNTS, "status", "source")


def check_figures_known(
    read: pd.DataFrame, known: pd.DataFrame, register: Register
) -> list[Finding]:
    """Compare figures with those known from the same releases.

    Parameters
    ----------
    read, known : DataFrame
        Observations of a panel just read, and of the current panel.
    register : Register
        For names in messages.

    Returns
    -------
    list of Finding
        A warning for figures that differ from the known ones of a release, are new in it, or are
        gone from it; a note for whole years that are gone, and for a release older than those
        known. Newer releases are not compared, as each restates earlier years.
    """
    gone = list(_years_gone(read, known))
    known = known[known["measure"].isin(set(read["measure"]))]  # nothing to compare
    by_measure = pd.Series(ordinals_of(known["vintage"])).groupby(known["measure"].to_numpy())
    first, last = (
        read["measure"].map(days).to_numpy() for days in (by_measure.min(), by_measure.max())
    )
    day = ordinals_of(read["vintage"])
    findings = [*_older(read[day < first], known), *gone]
    held = read[(first <= day) & (day <= last)]
    if held.empty:
        return findings
    beside = _beside(held, read, known)
    unread, unknown = beside["source"].isna(), beside["source_known"].isna()
    return [
        *findings,
        *_unlike(beside[~unread & ~unknown], register),
        *_new(beside[unknown], register),
        *_figures_gone(_gone(held, known), register),
    ]


def _older(read: pd.DataFrame, known: pd.DataFrame) -> Iterator[Finding]:
    """A note for each release older than those known: a truncated copy looks the same."""
    if read.empty:
        return
    first = known.sort_values("vintage", kind="stable").drop_duplicates(KEY)
    both = read.merge(first, on=KEY, suffixes=("", "_known"))
    both["moved"] = both["value"].notna() & (both["value"] != both["value_known"])
    for row in rows_of(
        both.groupby(["source", "vintage"])["moved"].agg(["sum", "size"]).reset_index()
    ):
        message = (
            f"{row['source']} is taken for a release of {row['vintage']}, older than those known: "
            f"{row['sum']} of {row['size']} figures differ from the first of those. If it is a "
            "newer one without its last years, its figures are dated too early"
        )
        yield Finding("note", "older-than-the-known", message, row["source"])


def _beside(held: pd.DataFrame, read: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Each figure of the releases read, as in the files and as known.

    A panel leaves out what a release only repeats, so each of the two is the latest up to its date.
    A known restatement by a release also counts where the files only repeat.
    """
    release = ["measure", "family", "vintage"]
    mine, theirs = (frame.assign(family=family_of(frame["source"])) for frame in (held, known))
    restated = theirs.merge(mine[release].drop_duplicates(), on=release)
    figures = pd.concat([mine, restated])[[*KEY, "vintage"]].drop_duplicates()
    figures = _by_day(figures)
    for frame, suffix in ((read, ""), (known, "_known")):
        cells = _by_day(frame)[[*KEY, "day", *_CELLS]]
        named = {name: name + suffix for name in _CELLS}
        figures = pd.merge_asof(figures, cells.rename(columns=named), on="day", by=KEY)
    return figures


def _by_day(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(day=ordinals_of(frame["vintage"])).sort_values("day", kind="stable")


def _unlike(figures: pd.DataFrame, register: Register) -> list[Finding]:
    """A warning for each figure that differs from the known one."""
    unlike = _unlike_columns(figures)
    rows = figures.assign(field=unlike.idxmax(axis=1))[unlike.any(axis=1)].sort_values(KEY)
    findings = [_other_than_known(row, register) for row in rows_of(rows.head(_NAMED))]
    by_year = (
        rows[_NAMED:].groupby(["source", "measure", "period"]).size().reset_index(name="figures")
    )
    for row in rows_of(by_year):
        message = (
            f"{row['figures']} more figures of {row['measure']} for {row['period']} differ from "
            "those known for the same release"
        )
        findings.append(_of_a_year(UNLIKE, message, row))
    return findings


def _unlike_columns(figures: pd.DataFrame) -> pd.DataFrame:
    """What differs from the known figure: value, a count or status.

    Another table may leave out the counts, or give another reason for a missing value.
    """
    own_table = family_of(figures["source"]) == family_of(figures["source_known"])
    unlike = {}
    for name in ("value", *_COUNTS):
        here, there = figures[name], figures[f"{name}_known"]
        other = (here != there) & (here.notna() | there.notna())
        both = here.notna() & there.notna()
        unlike[name] = other & (own_table | both) if name in _COUNTS else other
    unlike["status"] = own_table & (figures["status"] != figures["status_known"])
    return pd.DataFrame(unlike)


def _other_than_known(row: dict[str, Any], register: Register) -> Finding:
    field = row["field"]
    found = cell_text(row[field])
    return Finding(
        "warning",
        UNLIKE,
        f"{field} of {row['measure']} of {with_code(row['la_code'], register)} for {row['period']} "
        f"is {found}, and the release of {row['vintage']} is known to say "
        f"{cell_text(row[f'{field}_known'])}: download {row['source']} again",
        row["source"],
        la_code=row["la_code"],
        period=row["period"],
        column=row["measure"],
        found=found,
    )


def _gone(read: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Figures that the tables had before and no longer have, in years that were read."""
    asked = read.assign(family=family_of(read["source"]))
    until = asked.groupby(["measure", "family"])["vintage"].max()
    before = known.assign(family=family_of(known["source"])).merge(
        until.rename("until").reset_index(), on=["measure", "family"]
    )
    before = before[ordinals_of(before["vintage"]) <= ordinals_of(before["until"])]
    years = ["measure", "period"]
    gone = before[~_among(before, read, KEY) & _among(before, read, years)]
    return gone.drop_duplicates(KEY)


def _years_gone(read: pd.DataFrame, known: pd.DataFrame) -> Iterator[Finding]:
    """A note for each table with known years that are not in any file."""
    theirs = known.assign(family=family_of(known["source"]))
    theirs = theirs[theirs["family"].isin(set(family_of(read["source"])))]
    gone = theirs[~_among(theirs, read, ["measure", "period"])]
    for family, part in gone.groupby("family"):
        years = part.groupby("measure")["period"].agg(lambda all_: sorted(set(all_)))
        named = "; ".join(
            f"{measure} of {', '.join(map(str, own))}" for measure, own in years.items()
        )
        message = f"{family} is also known for years that these files don't contain: {named}"
        yield Finding("note", "years-not-read", message, str(family))


def _among(rows: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> npt.NDArray[np.bool_]:
    """Which rows have a key that is also among others."""
    there = pd.MultiIndex.from_frame(others[key].drop_duplicates())
    return np.asarray(pd.MultiIndex.from_frame(rows[key]).isin(there))


def _figures_gone(gone: pd.DataFrame, register: Register) -> Iterator[Finding]:
    for row in _by_year(gone):
        names = _first_named(row["la_code"], register)
        message = f"{row['measure']} for {row['period']} is known for {names}, which these files "
        message += "don't hold: were rows lost?"
        yield _of_a_year(GONE, message, row)


def _new(figures: pd.DataFrame, register: Register) -> Iterator[Finding]:
    """A warning for figures that their release is known not to contain."""
    for row in _by_year(figures):
        names = _first_named(row["la_code"], register)
        message = f"{row['measure']} for {row['period']} of {names} is not known, although the "
        message += "release is: are there rows under another code or year?"
        yield _of_a_year(UNLIKE, message, row)


def _by_year(figures: pd.DataFrame) -> list[dict[str, Any]]:
    """The authorities for each measure and year of a table."""
    by_year = figures.groupby(["source", "measure", "period"])["la_code"].agg(sorted)
    return rows_of(by_year.reset_index())


def _of_a_year(code: str, message: str, row: dict[str, Any]) -> Finding:
    about = {"period": row["period"], "column": row["measure"]}
    return Finding("warning", code, message, row["source"], **about)


def _first_named(codes: Sequence[str], register: Register) -> str:
    """The first of several authorities, and how many more there are."""
    return first_few([with_code(code, register) for code in codes])


def first_few(names: Sequence[str]) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def check_neighbours_known(
    read: pd.DataFrame, known: pd.DataFrame, register: Register
) -> list[Finding]:
    """Compare statistical neighbours with those known of the same model.

    Parameters
    ----------
    read, known : DataFrame
        Neighbours of a panel just read, and of the current panel.
    register : Register
        For names in messages.

    Returns
    -------
    list of Finding
        A warning for authorities with different neighbours, a note for those not in any file.
    """
    key = ["model", "la_code", "rank"]
    both = read.merge(known, on=key, how="outer", suffixes=("", "_known"), indicator=True)
    lacking = ~_among(both, read, ["model", "la_code"])
    other = both["_merge"].ne("both")
    for name in ("neighbour_code", "published_on"):
        other |= both[name].ne(both[f"{name}_known"])
    new = ~both["model"].isin(set(known["model"]))
    findings = []
    for model, part in both[other & ~lacking & ~new].groupby("model"):
        names = _first_named(sorted(set(part["la_code"])), register)
        message = f"neighbours of {names} are not those known for the model of {model}"
        findings.append(Finding("warning", UNLIKE, message, "neighbours", column=str(model)))
    for model, part in both[lacking].groupby("model") if len(read) else ():
        names = _first_named(sorted(set(part["la_code"])), register)
        message = f"neighbours of {names} are known for the model of {model}: no file has them"
        findings.append(Finding("note", GONE, message, "neighbours", column=str(model)))
    return findings


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows, by column name."""
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def family_of(source: pd.Series) -> pd.Series:
    """The table without its year: "C1 2025" is C1. There are few distinct names in many rows."""
    places, names = source.factorize(use_na_sentinel=False)
    families = [name.split(" ")[0] if isinstance(name, str) else name for name in names]
    return pd.Series(pd.array(families, dtype="str").take(places), index=source.index)


def with_code(code: object, register: Register) -> str:
    """An authority's name with its code, as in messages."""
    return f"{register.name_of(str(code))} ({code})"


def cell_text(cell: Any) -> str:
    """A cell as shown in messages."""
    if cell is None or pd.isna(cell):
        return "missing"
    # All digits: in England's millions, only the last one may differ.
    return f"{cell:.12g}" if isinstance(cell, float) else str(cell)
