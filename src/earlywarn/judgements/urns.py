"""Check Ofsted's references (URN): each belongs to one authority across all tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earlywarn.judgements.rows import are_one_place
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from earlywarn.authorities import Register
    from earlywarn.judgements.rows import Inspection


def doubts_about_urns(inspections: Iterable[Inspection], register: Register) -> list[Finding]:
    """Warn of each row whose URN an earlier row has for another authority, or the reverse.

    Parameters
    ----------
    inspections : iterable of Inspection
        As read, from all tables.
    register : Register
        The authorities: an heir may keep the URN of its predecessor.

    Returns
    -------
    list of Finding
        Empty where no table has URNs.
    """
    owners: dict[str, Inspection] = {}
    named: dict[str, Inspection] = {}
    findings = []
    for one in inspections:
        if not one.urn:
            continue
        code = one.row["la_code"]
        owner = owners.setdefault(one.urn, one)
        first = named.setdefault(code, one)
        if not are_one_place(owner.row["la_code"], code, register):
            message = f"URN {one.urn}, which {owner.where} has too: one URN is of one authority"
        elif first.urn != one.urn:
            message = f"URN {one.urn}, where {first.where} has {first.urn}"
        else:
            continue
        words = f"{one.where}: {message}; were two authorities swapped? Check both rows"
        findings.append(Finding("warning", "odd-urn", words, one.member, la_code=code))
    return findings
