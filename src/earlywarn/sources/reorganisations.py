"""Assign figures of joint returns under one code, and of codes that outlived their authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.authorities import ENGLAND, Register
from earlywarn.sources.reporting_years import span
from earlywarn.sources.schema import KEY, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


def share_joint_leads(
    figures: pd.DataFrame, leads: Iterable[tuple[str, str]], file: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Copy a joint return under its lead's code to the partner too.

    Parameters
    ----------
    figures : pandas.DataFrame
        Figures with the columns of `KEY`, `value` and `joint`.
    leads : iterable of (str, str)
        Leads and partners. A partner with any value of its own in a period made its own return
        then, and nothing is shared.
    file : str
        The table, for the findings.
    """
    findings = []
    for lead, partner in leads:
        own = figures["value"].notna()
        returned = set(figures.loc[(figures["la_code"] == lead) & own, "period"])
        alone = set(figures.loc[(figures["la_code"] == partner) & own, "period"])
        periods = returned - alone
        if not periods:
            continue
        within = figures["period"].isin(periods)
        rows = figures[within & (figures["la_code"] == lead)].assign(joint=True)
        rest = figures[~(within & figures["la_code"].isin([lead, partner]))]
        figures = pd.concat([rest, rows, rows.assign(la_code=partner)], ignore_index=True)
        findings.append(
            Finding(
                "note",
                "joint-return-under-lead",
                f"the figures of {lead} for {_years(periods)} are a joint return with {partner}, "
                "which has none of its own: given to both",
                file,
                la_code=lead,
            )
        )
    return figures, findings


def settle_lifetimes(
    figures: pd.DataFrame, register: Register, series: str, file: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Assign figures after an authority's closure to its heirs; drop those without heirs.

    A period is outside an authority's life if it ends before the authority opened, or begins after
    it closed. Without a value, such a row is just a placeholder in the table and is left out. With
    a value it goes to the heirs (`Register.heirs`), as a joint row if they are several; where there
    is no clear heir, or the authority had not opened, it is left out and listed. An heir's own
    published value wins over what it would inherit.
    """
    days = {period: span(series, period) for period in figures["period"].unique()}
    keys = list(zip(figures["la_code"].tolist(), figures["period"].tolist(), strict=True))
    owners = {key: _owners(register, key[0], days[key[1]]) for key in dict.fromkeys(keys)}
    moved = np.array([owners[key] != key[:1] for key in keys], dtype=np.bool_)
    if not moved.any():
        return figures, []
    outside = figures[moved & figures["value"].notna()]
    heirs = [owners[keys[place]] for place in outside.index]
    inherited = outside.assign(heir=pd.Series(heirs, index=outside.index, dtype=object))
    inherited = inherited.explode("heir")
    findings = _tell(inherited, register, file)
    inherited = inherited[inherited["heir"].notna()]
    findings += _contradicted(inherited, figures[~moved], register, file)
    several = inherited.index.duplicated(keep=False)
    inherited = inherited.assign(la_code=inherited["heir"], joint=inherited["joint"] | several)
    return _with_inherited(figures[~moved], inherited.drop(columns="heir")), findings


def _owners(register: Register, code: str, days: tuple[date, date]) -> tuple[str, ...]:
    """The authorities to which a figure for these dates belongs."""
    if code == ENGLAND:
        return (code,)
    opened, closed = register.life(code)
    if opened is not None and days[1] < opened:
        return ()
    if closed is None or days[0] < closed:
        return (code,)
    heirs = [_owners(register, heir, days) for heir in register.heirs(code)]
    return tuple(owner for owners in heirs for owner in owners)


def _with_inherited(own: pd.DataFrame, inherited: pd.DataFrame) -> pd.DataFrame:
    if inherited.empty:
        return own.reset_index(drop=True)
    both = pd.concat([own.assign(turn=0), inherited.assign(turn=1)], ignore_index=True)
    both["hole"] = both["value"].isna()
    ordered = both.sort_values(["hole", "turn"], kind="stable")
    kept = ordered[~ordered.duplicated(KEY)].sort_index()
    return kept.drop(columns=["turn", "hole"]).reset_index(drop=True)


def _tell(inherited: pd.DataFrame, register: Register, file: str) -> list[Finding]:
    """A note for each run of years of one measure and authority."""
    findings = []
    labelled = inherited.assign(heir=inherited["heir"].replace({np.nan: None}))
    for names, rows in labelled.groupby(["la_code", "measure"], sort=True):
        code, measure = map(str, names)
        heirs = sorted({heir for heir in rows["heir"] if heir})
        fate = f"given to {' and '.join(heirs)}" if heirs else "left out: no clear successor"
        opened, closed = register.life(code)
        early = opened is not None and rows["period"].max() <= opened.year
        when = f"before it opened on {opened}" if early else f"after it closed on {closed}"
        findings.append(
            Finding(
                "note",
                "outside-lifetime",
                f"{measure} of {register.name_of(code)} ({code}) for {_years(rows['period'])}, "
                f"{when}: {'left out' if early else fate}",
                file,
                float(rows["line"].min()),
                code,
                column=measure,
            )
        )
    return findings


def _contradicted(
    inherited: pd.DataFrame, own: pd.DataFrame, register: Register, file: str
) -> list[Finding]:
    """Warn of each closed authority with figures for years in which its heir has different ones."""
    theirs = own.set_index(KEY)["value"]
    theirs = theirs[theirs.notna() & ~theirs.index.duplicated()]
    keys = pd.MultiIndex.from_arrays([inherited["heir"], inherited["measure"], inherited["period"]])
    values = theirs.reindex(keys).to_numpy()
    unlike = inherited[~np.isnan(values) & (values != inherited["value"].to_numpy())]
    return [
        Finding(
            "warning",
            "outlived",
            f"{measure} has figures of {register.name_of(str(code))} ({code}) for "
            f"{_years(rows['period'])}, after it closed, and "
            f"{' and '.join(sorted(set(rows['heir'])))} in its place have others: are the values "
            "in the rows of other authorities?",
            file,
            float(rows["line"].min()),
            str(code),
            float(rows["period"].min()),
            str(measure),
        )
        for (code, measure), rows in unlike.groupby(["la_code", "measure"], sort=True)
    ]


def _years(periods: Iterable[int]) -> str:
    return ", ".join(str(year) for year in sorted(set(periods)))
