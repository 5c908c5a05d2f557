"""The dated register of English local authorities: codes, names, regions, mergers and splits.

An authority is identified by its three-digit code, as text: the nine-character code can change
without the place changing. Which authorities exist depends on the date: one that opens on a day
exists from that day, and one that closes on a day existed until the day before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import AuthorityError
from earlywarn.utils.csv_text import csv_rows, decoded, plain_line
from earlywarn.utils.dates import as_date
from earlywarn.utils.names import near_names, plain_name, short_name
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from pathlib import Path

ENGLAND = "ENG"
"""The code of the rows for England itself."""

REGISTER_COLUMNS: dict[str, tuple[str, ...]] = {
    "authorities": ("la_code", "la_name", "region", "la_type", "opened", "closed", "aliases"),
    "area_codes": ("gss_code", "la_code"),
    "reorganisations": ("date", "predecessor", "successor", "kind"),
}
"""The columns of the register's three tables, in a file and in a frame."""

KINDS = ("continues", "merger", "split")
_KEYS = {"authorities": ["la_code"], "area_codes": ["gss_code"]}
_ENGLAND_TEXTS = frozenset({"eng", "england", "e92000001", "970"})


@dataclass(frozen=True)
class Reorganisation:
    """One line of a reorganisation: on `date`, `successor` took over from `predecessor`.

    `kind` is "merger" (many to one), "split" (one to many, the whole area divided) or "continues"
    (one to one, essentially the same place).
    """

    date: date
    predecessor: str
    successor: str
    kind: str


@dataclass(frozen=True, eq=False)
class Register:
    """Which authorities existed when, and what each is called.

    Attributes
    ----------
    authorities : pandas.DataFrame
        `la_code, la_name, region, la_type, opened, closed, aliases`; dates are `datetime.date` or
        None (open since before 2013; not closed); aliases are separated by semicolons.
    area_codes : pandas.DataFrame
        `gss_code, la_code`: every nine-character code, old and new.
    reorganisations : pandas.DataFrame
        `date, predecessor, successor, kind`.

    Examples
    --------
    >>> register = Register.load()
    >>> len(register.existing("2016-01-01")), len(register.existing("2023-04-01"))
    (152, 153)
    >>> register.code_of("Durham"), register.code_of("E06000047"), register.code_of("840.0")
    ('840', '840', '840')
    """

    authorities: pd.DataFrame
    area_codes: pd.DataFrame
    reorganisations: pd.DataFrame

    @classmethod
    def load(cls, folder: str | Path | None = None) -> Register:
        """Load the register that ships with the package, extended by the tables in a folder.

        Parameters
        ----------
        folder : path, optional
            Where `authorities.csv`, `area_codes.csv` and `reorganisations.csv` are, if they exist.
            A row replaces the shipped row with the same code, except where its cells are blank.

        Raises
        ------
        AuthorityError
            If a table can't be read as a register table, or contradicts itself.
        """
        tables = {} if folder is None else _folder_tables(as_path(folder, "folder", AuthorityError))
        return _shipped().extended(tables) if tables else _shipped()

    def extended(self, tables: dict[str, pd.DataFrame]) -> Register:
        """Return this register with rows added or replaced.

        Parameters
        ----------
        tables : dict of str to pandas.DataFrame
            Any of "authorities", "area_codes" and "reorganisations"; text, or as in a register.

        Raises
        ------
        AuthorityError
            If a row is malformed, or names an authority that is in neither table.

        Examples
        --------
        >>> more = pd.DataFrame({"la_code": ["936"], "closed": ["2027-04-01"]})
        >>> Register.load().extended({"authorities": more}).existed("936", "2027-04-01")
        False
        """
        frames = {
            name: _merged(getattr(self, name), _typed(table, name, name), name)
            for name, table in tables.items()
        }
        register = replace(self, **frames)
        _check_whole(register)
        return register

    def existing(self, on: date | str) -> pd.DataFrame:
        """The authorities that existed on a date, by code: `la_code, la_name, region, la_type`."""
        rows = self.authorities["la_code"].isin(self.codes_on(on))
        columns = ["la_code", "la_name", "region", "la_type"]
        return self.authorities.loc[rows, columns].sort_values("la_code", ignore_index=True)

    def codes_on(self, on: date | str) -> frozenset[str]:
        """The three-digit codes of the authorities that existed on a date."""
        day = as_date(on, "on", AuthorityError)
        return frozenset(code for code, life in self._lives.items() if _alive(life, day))

    def existed(self, la_code: str, on: date | str) -> bool:
        """Whether an authority, by its three-digit code, existed on a date."""
        if la_code == ENGLAND:
            return True
        return _alive(self.life(la_code), as_date(on, "on", AuthorityError))

    def life(self, la_code: str) -> tuple[date | None, date | None]:
        """The dates on which an authority opened and closed; None where that was not since 2013."""
        self._known(la_code)
        return self._lives[la_code]

    def code_of(self, text: object) -> str:
        """The three-digit code of an authority, however it is written.

        Parameters
        ----------
        text : str or number
            A three-digit code (also 314 or "314.0" from a spreadsheet), a nine-character code, or a
            name. A name that two authorities have had means the later one.

        Returns
        -------
        str
            The three-digit code, or `ENGLAND`.

        Raises
        ------
        AuthorityError
            If it is none of these; the message gives the nearest names.

        Examples
        --------
        >>> Register.load().code_of("Kingston upon Hull")
        '810'
        """
        found = self.find(text)
        if found is None:
            raise self._unknown(text)
        return found

    def find(self, text: object) -> str | None:
        """The same as `code_of`, but None where that raises.

        Examples
        --------
        >>> Register.load().find("Atlantis") is None
        True
        """
        plain = plain_name(str(text))
        if plain in _ENGLAND_TEXTS:
            return ENGLAND
        number = re.fullmatch(r"(\d{3})(?:\.0+)?", str(text).strip())
        if number and number[1] in self._lives:
            return number[1]
        found = self._by_area_code.get(plain) or self.by_name.get(plain)
        return found or self._by_short_name.get(short_name(plain))

    def codes_of(self, text: object) -> tuple[str, ...]:
        """The codes of a joint return such as "314 / 318"; for a single authority, its one code.

        Examples
        --------
        >>> Register.load().codes_of("314 / 318")
        ('314', '318')
        """
        return tuple(self.code_of(part) for part in str(text).split("/"))

    def name_of(self, code: str) -> str:
        """The name of an authority, by its three-digit code."""
        if code == ENGLAND:
            return "England"
        self._known(code)
        return self._names[code]

    def successors(self, code: str) -> tuple[Reorganisation, ...]:
        """What an authority became; empty while it exists.

        Examples
        --------
        >>> [(change.successor, change.kind) for change in Register.load().successors("928")]
        [('940', 'split'), ('941', 'split')]
        """
        self._known(code)
        return tuple(change for change in self._changes if change.predecessor == code)

    def predecessors(self, code: str) -> tuple[Reorganisation, ...]:
        """What an authority was made from; empty if it existed before 2013."""
        self._known(code)
        return tuple(change for change in self._changes if change.successor == code)

    def heirs(self, code: str) -> tuple[str, ...]:
        """The codes to which a closed authority's later figures belong, where that is clear.

        For a split, all its parts; for an authority that continues, its one successor; for a
        merger, none, since a part is not the whole.
        """
        changes = self.successors(code)
        clean = changes and all(change.kind in {"split", "continues"} for change in changes)
        return tuple(change.successor for change in changes) if clean else ()

    @cached_property
    def codes(self) -> frozenset[str]:
        """The three-digit codes of all authorities, past and present."""
        return frozenset(self.authorities["la_code"])

    @cached_property
    def _lives(self) -> dict[str, tuple[date | None, date | None]]:
        table = self.authorities
        spans = zip(table["opened"], table["closed"], strict=True)
        return dict(zip(table["la_code"], spans, strict=True))

    @cached_property
    def _names(self) -> dict[str, str]:
        return dict(zip(self.authorities["la_code"], self.authorities["la_name"], strict=True))

    @cached_property
    def _changes(self) -> tuple[Reorganisation, ...]:
        return tuple(
            Reorganisation(*row) for row in self.reorganisations.itertuples(index=False, name=None)
        )

    @cached_property
    def _by_area_code(self) -> dict[str, str]:
        pairs = zip(
            self.area_codes["gss_code"].str.lower(), self.area_codes["la_code"], strict=True
        )
        return dict(pairs)

    @cached_property
    def by_name(self) -> dict[str, str]:
        """The code of each normalised name and alias; if two authorities share one, the later's."""
        # Of two authorities with the same name, the later comes last and so is the one kept.
        ordered = self.authorities.assign(when=[o or date.min for o, _ in self._lives.values()])
        ordered = ordered.sort_values(["when", "la_code"], kind="stable")
        names = dict(zip(ordered["la_name"].map(plain_name), ordered["la_code"], strict=True))
        aliases = {
            plain_name(alias): code
            for code, many in zip(ordered["la_code"], ordered["aliases"], strict=True)
            for alias in many.split(";")
            if alias.strip()
        }
        return aliases | names

    @cached_property
    def _by_short_name(self) -> dict[str, str]:
        codes: dict[str, set[str]] = {}
        for name, code in self.by_name.items():
            codes.setdefault(short_name(name), set()).add(code)
        return {name: min(found) for name, found in codes.items() if name and len(found) == 1}

    def _known(self, code: str) -> None:
        if code not in self._lives:
            raise self._unknown(code)

    def _unknown(self, text: object) -> AuthorityError:
        names = self.by_name
        near = near_names(plain_name(str(text)), names)
        codes = list(dict.fromkeys(names[name] for name in near))[:3]
        hints = ", ".join(f"{self._names[code]} ({code})" for code in codes)
        return AuthorityError(
            "no authority is known by this name or code",
            where="authority",
            found=repr(text),
            expected="a name, a three-digit code or a nine-character code of the register",
            remedy=f"The nearest names are: {hints}."
            if hints
            else "A new authority goes into authorities.csv of the folder that is read.",
        )


def _check_whole(register: Register) -> None:
    """Refuse a register whose tables contradict each other."""
    table, changes = register.authorities, register.reorganisations
    used = {*register.area_codes["la_code"], *changes["predecessor"], *changes["successor"]}
    missing = sorted(used - set(table["la_code"]))
    if missing:
        raise AuthorityError(
            "the register names authorities that it does not describe",
            where="authorities.csv",
            found=", ".join(missing),
            expected="a row for each code of area_codes.csv and reorganisations.csv",
            remedy="Add the missing rows to authorities.csv.",
        )
    nameless = table.loc[(table["la_name"] == "") | (table["region"] == ""), "la_code"]
    if len(nameless):
        raise AuthorityError(
            "a new authority has no name or no region",
            where="authorities.csv",
            found=f"la_code {nameless.iloc[0]}",
            expected=", ".join(REGISTER_COLUMNS["authorities"]),
            remedy="Fill in la_name and region.",
        )
    _check_days(register)


def _check_days(register: Register) -> None:
    """Refuse a reorganisation on a date other than its authorities' closing or opening."""
    for day, old, new, _ in register.reorganisations.itertuples(index=False, name=None):
        closed, opened = register.life(old)[1], register.life(new)[0]
        if closed != day or opened != day:
            raise AuthorityError(
                f"{old} is listed as becoming {new} on a date that is not theirs",
                where="reorganisations.csv",
                found=f"{day}, where {old} closed on {closed} and {new} opened on {opened}",
                expected="one day in all three",
                remedy="Give authorities.csv the closed and opened dates.",
            )


def _folder_tables(folder: Path) -> dict[str, pd.DataFrame]:
    return {
        name: _read_table(path.read_bytes(), name, str(path))
        for name in REGISTER_COLUMNS
        if (path := folder / f"{name}.csv").is_file()
    }


@cache
def _shipped() -> Register:
    """The register that ships, read only once because every panel needs it."""
    data = resources.files("earlywarn") / "data"
    tables = {
        name: _read_table((data / f"{name}.csv").read_bytes(), name, f"{name}.csv")
        for name in REGISTER_COLUMNS
    }
    return Register(**tables)


def _read_table(data: bytes, name: str, where: str) -> pd.DataFrame:
    text, _ = decoded(data, where, AuthorityError)
    (_, header), *rows = csv_rows(text, where, AuthorityError)
    rows = [(line, cells) for line, cells in rows if any(cells)]
    wrong = [(line, len(cells)) for line, cells in rows if len(cells) != len(header)]
    if wrong or len(set(header)) < len(header):
        line, count = wrong[0] if wrong else (1, len(header))
        raise AuthorityError(
            "not a table that can be read",
            where=f"{where}, line {line}",
            found=f"{count} cells" if wrong else "two columns with the same name",
            expected=f"a CSV file of the columns {', '.join(REGISTER_COLUMNS[name])}",
            remedy="Correct the line.",
        )
    return _typed(pd.DataFrame([cells for _, cells in rows], columns=header), name, where)


def _typed(table: pd.DataFrame, name: str, where: str) -> pd.DataFrame:
    """The table with the register's columns, dates as dates, codes checked."""
    columns = REGISTER_COLUMNS[name]
    key = _KEYS.get(name, list(columns))
    missing = [column for column in key if column not in table.columns]
    if missing:
        raise AuthorityError(
            "a column is missing",
            where=where,
            found=", ".join(map(str, table.columns)),
            expected=", ".join(columns),
        )
    typed = {}
    for column in columns:
        cells = table[column].tolist() if column in table.columns else [""] * len(table)
        given = ["" if pd.isna(cell) else cell for cell in cells]
        if column in {"date", "opened", "closed"}:
            place = f"{where}, {column}"
            days = [as_date(day, place, AuthorityError) if day else None for day in given]
            typed[column] = pd.Series(days, index=table.index, dtype=object)
        else:
            typed[column] = pd.Series([plain_line(str(c)) for c in given], table.index, "str")
    _check_codes(full := pd.DataFrame(typed), name, where)
    return full


def _check_codes(table: pd.DataFrame, name: str, where: str) -> None:
    for column in {"la_code", "predecessor", "successor"} & set(table.columns):
        wrong = table.loc[~table[column].str.fullmatch(r"[0-9]{3}"), column]
        if len(wrong):
            raise AuthorityError(
                "not a three-digit code",
                where=f"{where}, {column}",
                found=repr(wrong.iloc[0]),
                expected="three digits, such as 936",
            )
    if name == "reorganisations":
        wrong = table.loc[~table["kind"].isin(KINDS), "kind"]
        if len(wrong):
            raise AuthorityError(
                "not a kind of reorganisation",
                where=f"{where}, kind",
                found=repr(wrong.iloc[0]),
                expected=", ".join(KINDS),
            )


def _merged(old: pd.DataFrame, new: pd.DataFrame, name: str) -> pd.DataFrame:
    if name not in _KEYS:
        return pd.concat([old, new]).drop_duplicates(ignore_index=True)
    key = _KEYS[name]
    given = new.replace("", None).astype(object).set_index(key)
    both = given.combine_first(old.astype(object).set_index(key)).reset_index()
    both = both[list(old.columns)].astype(object)
    dated = [column for column in ("opened", "closed") if column in both.columns]
    texts = [column for column in both.columns if column not in dated]
    both[dated] = both[dated].where(both[dated].notna(), None)
    both[texts] = both[texts].fillna("").astype(str)
    order = both[key[0]].map({code: i for i, code in enumerate(old[key[0]])})
    return both.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def _alive(life: tuple[date | None, date | None], day: date) -> bool:
    opened, closed = life
    return (opened is None or opened <= day) and (closed is None or day < closed)
