"""Known judgements that are in no file: whole missing frameworks, and judgements that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from earlywarn.judgements.adding import added_judgements
from earlywarn.sources.schema import Finding
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from earlywarn.authorities import Register

FRAMEWORK_GONE, STANDS = "framework-not-read", "judgements-stand"
"""Names of findings: a framework without a file, and judgements kept besides the files'."""

_REMEDY = (
    "Put a table of them into the folder, or keep those known already (build --keep-judgements; "
    "read_published(..., keep_judgements=ew.load_judgements()))"
)


def without_judgements(read: pd.DataFrame, known: pd.DataFrame) -> dict[str, int]:
    """Count the known judgements of each framework that the others lack.

    Examples
    --------
    >>> import pandas as pd
    >>> known = pd.DataFrame({"framework": ["SIF", "SIF", "ILACS"]})
    >>> without_judgements(known[known["framework"] == "ILACS"], known)
    {'SIF': 2}
    """
    gone = known.loc[~known["framework"].isin(set(read["framework"])), "framework"]
    return {str(name): int(count) for name, count in gone.value_counts().items()}


def by_framework(counts: dict[str, int]) -> str:
    """Format counts by framework, as in messages.

    Examples
    --------
    >>> by_framework({"SIF": 168, "ILACS": 1})
    '168 under SIF and 1 under ILACS'
    """
    return " and ".join(f"{count} under {name}" for name, count in counts.items())


def check_frameworks_known(read: pd.DataFrame, known: pd.DataFrame) -> Iterator[Finding]:
    """Report the frameworks with known judgements but none in the files.

    Parameters
    ----------
    read, known : DataFrame
        Judgements of a panel just read, and the current ones.

    Yields
    ------
    Finding
        A warning with how many there are, and what to do; a note if the files contain no judgements
        at all, as with figures only.
    """
    if counts := without_judgements(read, known):
        message = (
            f"no file contains judgements under frameworks that are known: {by_framework(counts)}. "
            f"A model trained on this panel learns without them. {_REMEDY}"
        )
        severity = "warning" if len(read) else "note"
        yield Finding(severity, FRAMEWORK_GONE, message, found=", ".join(counts))


def standing_judgements(read: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The known judgements that are not in the files; a corrected start is the same inspection."""
    there = np.zeros(len(known), dtype=bool)
    for day in ("inspection_start", "published_on"):
        days = set(zip(read["la_code"], read[day], strict=True))
        pairs = zip(known["la_code"], known[day], strict=True)
        there |= np.array([pair in days for pair in pairs], dtype=bool)
    return known[~there]


def beside_the_files(
    read: pd.DataFrame, known: pd.DataFrame | None, register: Register
) -> tuple[pd.DataFrame, list[Finding]]:
    """Combine the files' judgements with known ones that are in no file.

    Returns
    -------
    DataFrame
        All of them, by authority and start.
    list of Finding
        A note of how many were kept.
    """
    older = None if known is None else standing_judgements(read, known)
    if older is None or older.empty:
        return read, []
    every = added_judgements(read, older, register, where="judgements to keep")
    message = counted(
        len(older),
        "judgement of the panel before is not among the files: it is kept",
        "judgements of the panel before are not among the files: they are kept",
    )
    return every, [Finding("note", STANDS, message)]
