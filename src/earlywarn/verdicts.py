"""What is said of rows once they are numbers: risks, intervals, bands, and the texts beside them.

Rows are taken in blocks; texts are made once for each pattern and handed out, since few rows differ
in what they lack or in what drives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.explanation import NONE
from earlywarn.inputs import Inputs, model_indicators
from earlywarn.rowwise import probabilities
from earlywarn.stats import FloatArray, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.model import RiskModel

Ints = npt.NDArray[np.int64]

BANDS: tuple[tuple[float, str], ...] = (
    (2.0, "much higher than usual"),
    (1.33, "higher than usual"),
    (0.75, "about usual"),
    (0.0, "lower than usual"),
)
"""The bands: how many times the recent share of Inadequate judgements the risk is, at the least."""

SCORED = "scored"
SIDES = (("drivers_up", 1.0), ("drivers_down", -1.0))
MOST_DRIVERS = 3
_WORD = 14
"""Columns whose pattern of gaps is looked at together: few enough for a table of all patterns."""


class Verdicts:
    """The answers to a number of rows, filled in block by block.

    Parameters
    ----------
    model : RiskModel
        What the rows are scored with.
    rows : int
        How many there are.
    explain : bool
        Whether contributions and drivers are wanted too.
    """

    def __init__(self, model: RiskModel, rows: int, *, explain: bool = False) -> None:
        self._model = model
        self._explain = explain
        records = model_indicators(model)
        self._titles = [record.title for record in records]
        self._names = ["baseline", *(record.id for record in records)]
        width = len(records)
        self._numbers = np.empty((4, rows))
        self._band = np.empty(rows, dtype=np.int8)
        self._gaps = np.empty((-(-width // _WORD), rows), dtype=np.int64)
        self._parts = np.empty((width + 1 if explain else 0, rows))
        self._drivers = np.empty((len(SIDES) if explain else 0, rows), dtype=np.int64)
        self.refusal = np.full(rows, "", dtype=object)

    def add(self, rows: slice, inputs: Inputs) -> None:
        """Say of the rows at this place what follows from their numbers."""
        model = self._model
        found = model.assess(inputs.values, inputs.noise, parts=self._explain, sd=True)
        reach = float(normal_quantile(0.95)) * found.sd
        odds = found.log_odds
        worse = odds + model.step(len(model.classes) - 2)
        for place, each in enumerate((odds, odds - reach, odds + reach, worse)):
            self._numbers[place, rows] = probabilities(each)
        self._band[rows] = _bands(model, self._numbers[0, rows])
        self._gaps[:, rows] = _gaps(inputs.values)
        self.refusal[rows] = inputs.refusal
        if self._explain:
            parts = found.contributions.T
            self._parts[:, rows] = parts
            # What stands in for a missing figure is part of the sum, and no driver.
            missing = np.isnan(inputs.values).T
            for place, (_, side) in enumerate(SIDES):
                self._drivers[place, rows] = _strongest(side * parts[1:], missing)

    def columns(self) -> dict[str, Any]:
        """The answers as columns; a refused row has none."""
        refused = self.refusal != ""
        for numbers in (self._numbers, self._parts):
            if refused.any():
                numbers[:, refused] = np.nan
        names = ("risk", "risk_lower", "risk_upper", "below_good")
        bands = [name for _, name in BANDS]
        told = {
            **dict(zip(names, self._numbers, strict=True)),
            "band": _handed_out(bands, self._band, refused),
            "missing_indicators": _handed_out(*_gap_texts(self._titles, self._gaps), refused),
            "model_id": _handed_out(
                [self._model.info.get("model_id", "")], np.zeros_like(self._band), refused
            ),
            "prior": np.where(refused, np.nan, expected_share(self._model)),
        }
        for name, column in zip(self._names, self._parts, strict=False):
            told[f"contribution_{name}"] = column
        for (name, _), codes in zip(SIDES, self._drivers, strict=False):
            told[name] = _handed_out(*_driver_texts(self._titles, codes), refused)
        return told

    def status(self) -> Any:
        """Of each row, that it was scored or why not."""
        places, reasons = pd.factorize(self.refusal)
        texts = [f"refused: {reason}" if reason else SCORED for reason in reasons]
        return _handed_out(texts, places, np.zeros(len(places), dtype=bool))


def _handed_out(
    texts: Sequence[str], places: npt.NDArray[Any], refused: npt.NDArray[np.bool_]
) -> Any:
    """A column of texts, each by its place among the different ones; none for a refused row."""
    whole = pd.Series([*texts, "", None])
    if refused.any():
        places = np.where(refused, len(texts) + 1, places)
    return whole.array.take(places.astype(np.intp))


def expected_share(model: RiskModel) -> float:
    """The share of the worst judgement that the model was set to; NaN if it does not say."""
    return float(model.info.get("prior", {}).get("risk", np.nan))


def _bands(model: RiskModel, risk: FloatArray) -> npt.NDArray[np.int8]:
    times = risk / expected_share(model)
    above = np.zeros(len(risk), dtype=np.int8)
    for edge, _ in BANDS:
        above += times < edge
    return above


def _gaps(values: FloatArray) -> Ints:
    """Which values are missing, as the bits of a few whole numbers a row."""
    unknown = np.isnan(values)
    words = np.zeros((-(-values.shape[1] // _WORD), len(values)), dtype=np.int64)
    for column, missing in enumerate(unknown.T):
        words[column // _WORD] |= missing.astype(np.int64) << (column % _WORD)
    return words


def _gap_texts(titles: list[str], words: Ints) -> tuple[list[str], Ints]:
    """The titles of what is missing, a text for each pattern, and each row's place among them."""
    texts, places = np.array([""], dtype=object), np.zeros(words.shape[1], dtype=np.int64)
    for number, word in enumerate(words):
        here = titles[number * _WORD : (number + 1) * _WORD]
        places, pairs = pd.factorize((places << _WORD) | word)
        patterns, which = np.unique(pairs & ((1 << _WORD) - 1), return_inverse=True)
        more = np.array([_listed(here, int(pattern)) for pattern in patterns], dtype=object)
        texts = _joined(texts[pairs >> _WORD], more[which])
    return texts.tolist(), places.astype(np.int64)


def _listed(titles: list[str], pattern: int) -> str:
    return "; ".join(title for place, title in enumerate(titles) if pattern >> place & 1)


def _joined(left: npt.NDArray[np.object_], right: npt.NDArray[np.object_]) -> Any:
    between = np.where((left != "") & (right != ""), "; ", "").astype(object)
    return left + between + right


def _strongest(strength: FloatArray, missing: npt.NDArray[np.bool_]) -> Ints:
    """The three strongest terms of each row, packed in one number; ties go to the earlier term.

    The bits of a positive number order as it does. The last few are given to the term's place, so
    that one comparison finds both; strengths within a part in 10^13 of each other count as tied.
    """
    mask = (1 << len(strength).bit_length()) - 1
    best = np.zeros((MOST_DRIVERS, strength.shape[1]), dtype=np.int64)
    for term, (row, gap) in enumerate(zip(strength, missing, strict=True)):
        driving = (row > NONE) & ~gap
        key = (row.view(np.int64) & ~mask | (mask - term)) * driving
        for place in range(MOST_DRIVERS):
            best[place], key = np.maximum(best[place], key), np.minimum(best[place], key)
    none = len(strength)
    terms = np.where(best > 0, mask - (best & mask), none)
    packed = np.zeros(strength.shape[1], dtype=np.int64)
    for row in terms:
        packed = packed * (none + 1) + row
    return packed


def _driver_texts(titles: list[str], packed: Ints) -> tuple[list[str], Ints]:
    places, different = pd.factorize(packed)
    return [_unpacked(titles, int(code)) for code in different], places.astype(np.int64)


def _unpacked(titles: list[str], code: int) -> str:
    base, terms = len(titles) + 1, []
    for _ in range(MOST_DRIVERS):
        code, term = divmod(code, base)
        terms.append(term)
    return "; ".join(titles[term] for term in reversed(terms) if term < len(titles))
