"""Every fault that a user can cause, said in one way: what is wrong, found, expected, and to do."""

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
        The thing it is wrong with: a file and line, a column, an authority, an argument.
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
    """A published file, or a folder of them, can't be read as what it should be."""


class AuthorityError(EarlyWarnError):
    """An authority is not known, or not on the date asked for."""


class FetchError(EarlyWarnError):
    """An official service can't be reached, or answers what it should not."""


class RegisterError(EarlyWarnError):
    """A register of forecasts is not as it was written, or can't be written to."""


class PanelError(EarlyWarnError):
    """A panel folder, a panel or an as-of date is not as it should be."""


class IndicatorError(EarlyWarnError):
    """Indicators can't be built from what was given."""


class OutcomeError(EarlyWarnError):
    """Judgements or targets are not as they should be."""


class ModelError(EarlyWarnError):
    """A model can't be used on what was given."""


class StoreError(EarlyWarnError):
    """A model file is not to be trusted, or may not be written."""


class TrainingError(EarlyWarnError, ValueError):
    """A model can't be learnt from what was given."""


class ScoreError(EarlyWarnError):
    """Rows or authorities can't be scored."""


class BacktestError(EarlyWarnError):
    """A backtest can't be run on what was given."""


class CardError(EarlyWarnError):
    """A model's card can't be written from what was given."""


class UsageError(EarlyWarnError):
    """A command or an argument is not one that earlywarn knows."""


class MissingExtraError(EarlyWarnError):
    """An optional package is needed and not installed."""


class DataQualityWarning(UserWarning):
    """Cells of a published file were read with a reservation; the findings list each of them."""


class ModelLifeWarning(UserWarning):
    """A model was used for a day outside its life, or before the day until which it has learnt."""


class GradeOrderWarning(UserWarning):
    """Grades without an order, in another than Ofsted's, or without the worst: it may be wrong."""


class OverdueWarning(UserWarning):
    """A source is older on the day than its cadence allows: something newer should be there."""


class RowsWarning(UserWarning):
    """A column of rows does not seem to be what it is called; the rows are scored as they stand."""


class LeftBehindWarning(UserWarning):
    """What was to be written is there, but the disk did not confirm it, or something is left."""


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Parameters
    ----------
    module : str
        The module's import name.
    extra : str
        The extra of earlywarn that installs it.

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
