"""Errors that a user can cause, in one form: what is wrong, found, expected, and what to do."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


class EarlyWarnError(Exception):
    """Base of every error that a user of earlywarn can cause.

    Parameters
    ----------
    problem : str
        What is wrong, as a short clause.
    where : str, optional
        Where it is wrong: a file and line, a column, an authority, an argument.
    found, expected : str, optional
        What was found, and what would have been right.
    remedy : str, optional
        What to do about it, as a sentence.

    Examples
    --------
    >>> print(EarlyWarnError("not a date", where="as_of", found="'soon'",
    ...                      expected="a date such as 2025-03-31"))
    as_of: not a date: found 'soon'; expected a date such as 2025-03-31.
    """

    def __init__(
        self,
        problem: str,
        *,
        where: str = "",
        found: str = "",
        expected: str = "",
        remedy: str = "",
    ) -> None:
        self.problem = problem
        self.where = where
        self.found = found
        self.expected = expected
        self.remedy = remedy
        super().__init__(self._sentence())

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only arguments are lost by the default pickling, and joblib workers pickle errors.
        return (_rebuild, (type(self), self.as_dict()))

    def as_dict(self) -> dict[str, str]:
        """The parts of the message, for callers that answer with structured errors."""
        return {
            "problem": self.problem,
            "where": self.where,
            "found": self.found,
            "expected": self.expected,
            "remedy": self.remedy,
        }

    def _sentence(self) -> str:
        head = f"{self.where}: {self.problem}" if self.where else self.problem
        facts = [f"found {self.found}"] if self.found else []
        facts += [f"expected {self.expected}"] if self.expected else []
        sentence = f"{head}: {'; '.join(facts)}" if facts else head
        return f"{sentence}. {self.remedy}".rstrip() if self.remedy else f"{sentence}."


def _rebuild(kind: type[EarlyWarnError], parts: dict[str, str]) -> EarlyWarnError:
    return kind(parts.pop("problem"), **parts)


class SourceError(EarlyWarnError):
    """A published file, or a folder of them, can't be read as what it claims to be."""


class AuthorityError(EarlyWarnError):
    """An authority is unknown, or did not exist on the date asked for."""


class FetchError(EarlyWarnError):
    """An official service can't be reached, or gives an unexpected answer."""


class RegisterError(EarlyWarnError):
    """A register of forecasts has been altered, or can't be written to."""


class PanelError(EarlyWarnError):
    """A panel folder, a panel or an as-of date is not as it should be."""


class IndicatorError(EarlyWarnError):
    """Indicators can't be built from what was given."""


class OutcomeError(EarlyWarnError):
    """Judgements or targets are not as they should be."""


class ModelError(EarlyWarnError):
    """A model can't be applied to what was given."""


class StoreError(EarlyWarnError):
    """A model file can't be trusted, or may not be written."""


class TrainingError(EarlyWarnError, ValueError):
    """A model can't be trained on what was given."""


class ScoreError(EarlyWarnError):
    """Rows or authorities can't be scored."""


class BacktestError(EarlyWarnError):
    """A backtest can't be run on what was given."""


class CardError(EarlyWarnError):
    """A model's card can't be written from what was given."""


class UsageError(EarlyWarnError):
    """A command or an argument is unknown to earlywarn."""


class MissingExtraError(EarlyWarnError):
    """An optional package is needed but not installed."""


class DataQualityWarning(UserWarning):
    """Some cells of a published file were read with reservations; the findings list each one."""


class ModelLifeWarning(UserWarning):
    """A model was used for a date outside its life, or before the end of its training period."""


class GradeOrderWarning(UserWarning):
    """Grades have no order, an order other than Ofsted's, or lack the worst: it may be wrong."""


class OverdueWarning(UserWarning):
    """A source is older than its release cadence allows: there should be something newer."""


class RowsWarning(UserWarning):
    """A column does not seem to be what its name says; the rows are scored unchanged."""


class LeftBehindWarning(UserWarning):
    """The output was written, but the disk did not confirm it, or a leftover remains."""


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional module, or raise an error that names the extra to install.

    Parameters
    ----------
    module : str
        The module's import name.
    extra : str
        The extra of earlywarn that includes it.

    Raises
    ------
    MissingExtraError
        If it is not installed.

    Examples
    --------
    >>> require("json", extra="data").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"the optional package {module} is not installed",
            remedy=f'Install it with: python -m pip install "earlywarn[{extra}]".',
        ) from error
