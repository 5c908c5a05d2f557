"""Find the authority that a person means: by code, by name, or by the beginning of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earlywarn.errors import AuthorityError
from earlywarn.utils.names import beginning_with, plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from earlywarn.authorities import Register


def code_meant(register: Register, text: object, among: Iterable[str] | None = None) -> str:
    """Return the three-digit code of the authority that a person means.

    Parameters
    ----------
    register : Register
        The register of authorities.
    text : str or number
        As for ``Register.code_of``, or the beginning of a name. Files only accept the former.
    among : iterable of str, optional
        The codes of the authorities whose names may be abbreviated. Default: all.

    Returns
    -------
    str

    Raises
    ------
    AuthorityError
        If it is none of these, or several names begin with it; the message lists them.

    Examples
    --------
    >>> from earlywarn.authorities import Register
    >>> register = Register.load()
    >>> code_meant(register, "Newcastle"), code_meant(register, "St Helen's")
    ('391', '342')
    """
    found = candidates(register, text, among)
    if len(found) == 1:
        return found[0]
    if not found:
        return register.code_of(text)  # This raises, with the nearest names.
    listed = ", ".join(f"{register.name_of(code)} ({code})" for code in found)
    raise AuthorityError(
        "several authorities have names that begin so",
        where="authority",
        found=repr(text),
        expected="enough of the name to mean one",
        remedy=f"It may be: {listed}.",
    )


def candidates(register: Register, text: object, among: Iterable[str] | None = None) -> list[str]:
    """Return the codes that a person may mean: none, one, or those of names beginning with it.

    Parameters
    ----------
    register, text, among
        As for ``code_meant``.

    Examples
    --------
    >>> from earlywarn.authorities import Register
    >>> register = Register.load()
    >>> candidates(register, "E08000035"), candidates(register, "Atlantis")
    (['383'], [])
    """
    found = register.find(text)
    if found is not None:
        return [found]
    wanted = register.codes if among is None else frozenset(among)
    names = {name: code for name, code in register.by_name.items() if code in wanted}
    return beginning_with(plain_name(str(text)), names)


def region_meant(regions: Iterable[str], text: str) -> str:
    """Return the region that a person means, by its name or the beginning of it.

    Parameters
    ----------
    regions : iterable of str
        The names of the regions.
    text : str
        What the person wrote.

    Raises
    ------
    AuthorityError
        If it is none of them, or the beginning of several; the message lists them.

    Examples
    --------
    >>> region_meant(["North East", "North West"], "north w")
    'North West'
    """
    names = {plain_name(name): name for name in sorted(set(regions))}
    plain = plain_name(text)
    found = [names[plain]] if plain in names else beginning_with(plain, names)
    if len(found) == 1:
        return found[0]
    raise AuthorityError(
        "several regions have names that begin so" if found else "no such region",
        where="region",
        found=repr(text),
        expected=" or ".join(found) if found else ", ".join(names.values()),
    )
