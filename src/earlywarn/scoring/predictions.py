"""Predictions for rows of numbers: risks, intervals, bands, and the texts that go with them.

Rows are processed in blocks; texts are made once for each pattern and shared, since few rows differ
in what is missing or in their drivers.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.model.horizon import ahead, share_on
from earlywarn.model.kernels import BLOCK, SHARE, SHORTEST, probabilities, threads
from earlywarn.model.risk_model import SMALLEST_RISE
from earlywarn.scoring.preprocessing import Inputs, model_indicators
from earlywarn.scoring.text_columns import joined
from earlywarn.scoring.words import LAST, NONE, Terms, driver_texts
from earlywarn.statistics.distributions import logit, normal_cdf, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.int16]

BANDS: tuple[tuple[float, str], ...] = (
    (2.0, "much higher than usual"),
    (1.33, "higher than usual"),
    (0.75, "about usual"),
    (0.0, "lower than usual"),
)
"""The bands: the lower limit of each, as a multiple of the expected share of judgements."""

SCORED = "scored"
SIDES = ("drivers_up", "drivers_down")
MOST_DRIVERS = 3
FEW_TEXTS = 32
_WORD = 14
"""Columns whose gaps are handled together: few enough for a table of all patterns."""


class Predictions:
    """The results for a number of rows, filled in block by block.

    Parameters
    ----------
    model : RiskModel
        The model that scores the rows.
    rows : int
        The number of rows.
    explain : bool
        Whether contributions and drivers are included.
    names : bool
        Whether missing indicators are given by title; otherwise as a count and their names.
    """

    def __init__(
        self, model: RiskModel, rows: int, *, explain: bool = False, names: bool = True
    ) -> None:
        self._model = model
        self._explain = explain
        self._long = names
        self._records = model_indicators(model)
        width = len(self._records)
        self._once = [place for place, each in enumerate(self._records) if each.id in LAST]
        self._numbers = np.empty((4, rows))
        self._shares = np.empty(rows)
        self._band = np.empty(rows, dtype=np.int8)
        self._known = np.full(rows, width, dtype=np.int16)
        self._compared = np.zeros(rows, dtype=np.bool_)
        self._gaps = np.zeros((-(-width // _WORD), rows), dtype=np.int16)
        self._parts = np.empty((width + 1 if explain else 0, rows + SHORTEST))
        self._drivers: dict[int, tuple[Any, Any]] = {}
        self.refusal: dict[int, str] = {}

    def add(self, rows: slice, inputs: Inputs) -> None:
        """Work out the results of the rows at this place."""
        model = self._model
        room = self._parts[:, rows.start : rows.stop + SHORTEST] if self._explain else None
        to_come = ahead(model, inputs.years)
        found = model.assess(
            inputs.values,
            inputs.noise,
            parts=self._explain,
            sd=True,
            room=room,
            moved=to_come.worst,
        )
        sd = np.sqrt(np.maximum(found.sd**2 + to_come.variance, 0.0))
        reach = float(normal_quantile(0.95)) * sd
        odds = found.log_odds
        rise = model.rise(inputs.values, len(model.classes) - 2) + to_come.better - to_come.worst
        worse = odds + np.maximum(rise, SMALLEST_RISE)
        for place, each in enumerate((odds, odds - reach, odds + reach, worse)):
            self._numbers[place, rows] = probabilities(each)
        self._shares[rows] = share_on(expected_share(model), to_come.worst)
        self._band[rows] = _bands(self._shares[rows], self._numbers[0, rows])
        if inputs.compared is not None:
            self._compared[rows] = inputs.compared
        self.refusal.update({rows.start + row: why for row, why in inputs.refusal.items()})
        missing = np.isnan(inputs.values).T
        if missing.any():
            self._gaps[:, rows] = _gaps(missing)
            self._known[rows] -= missing.sum(axis=0, dtype=np.int16)
        if self._explain:
            terms = _strongest(found.contributions.T[1:], missing, self._once)
            refused = np.fromiter(inputs.refusal, dtype=np.intp, count=len(inputs.refusal))
            up, down = (
                driver_texts(self._records, side, inputs.facts, inputs.values, refused)
                for side in (terms[:MOST_DRIVERS], terms[MOST_DRIVERS:])
            )
            self._drivers[rows.start] = up, down

    def compared_with(self, reference: str) -> Any:
        """The reference of each row with a plain value; empty where levels were given."""
        return _handed_out(["", reference], self._compared.astype(np.intp))

    def columns(self) -> dict[str, Any]:
        """The results as columns; a refused row has none."""
        refused = np.zeros(len(self._band), dtype=np.bool_)
        refused[self._refused()] = True
        parts = self._parts[:, : len(refused)]
        for numbers in (self._numbers, parts):
            if refused.any():
                numbers[:, refused] = np.nan
        names = ("risk", "risk_lower", "risk_upper", "below_good")
        terms = ("baseline", *(record.id for record in self._records))
        contributions = (f"contribution_{term}" for term in terms)
        texts = self._texts(refused)
        return {
            **dict(zip(names, self._numbers, strict=True)),
            "band": texts["band"],
            "missing_indicators": texts["missing_indicators"],
            "known": self._known.astype(np.int64),
            "model_id": texts["model_id"],
            "prior": np.where(refused, np.nan, self._shares),
            **dict(zip(contributions, parts, strict=False)),
            **(self._driver_columns() if self._explain else {}),
            "status": texts["status"],
        }

    def _texts(self, refused: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """The columns of text; for many rows, made in parallel."""
        same = np.zeros(len(refused), dtype=np.int8)
        model_id = self._model.info.get("model_id", "")
        names = [record.title if self._long else record.id for record in self._records]
        makers: dict[str, Callable[[], Any]] = {
            "missing_indicators": lambda: self._missing(names, refused),
            "band": lambda: _handed_out([name for _, name in BANDS], self._band, refused),
            "model_id": lambda: _handed_out([model_id], same, refused),
            "status": self._status,
        }
        if len(refused) < SHARE:
            return {name: make() for name, make in makers.items()}
        with ThreadPoolExecutor(threads()) as pool:
            return dict(zip(makers, pool.map(lambda make: make(), makers.values()), strict=True))

    def _driver_columns(self) -> dict[str, Any]:
        """The blocks' drivers in the order of the rows."""
        blocks = [
            pd.DataFrame(dict(zip(SIDES, self._drivers[at], strict=True)))
            for at in sorted(self._drivers)
        ]
        whole = blocks[0] if len(blocks) == 1 else pd.concat(blocks, ignore_index=True)
        return {name: whole[name].array for name in SIDES}

    def _missing(self, names: list[str], refused: npt.NDArray[np.bool_]) -> Any:
        """What is missing in each row: titles, or a count and the indicators' names."""
        parts = _gap_texts(names, self._gaps)
        if not self._long:
            counts = ["", *(f"{count}: " for count in range(1, len(names) + 1))]
            parts = [_handed_out(counts, len(names) - self._known), *parts]
        if refused.any():
            parts[0][refused] = None
        return joined(parts)

    def _refused(self) -> npt.NDArray[np.intp]:
        return np.fromiter(self.refusal, dtype=np.intp, count=len(self.refusal))

    def _status(self) -> Any:
        """The status of each row: scored, or why not."""
        places = np.zeros(len(self._band), dtype=np.intp)
        codes, reasons = pd.factorize(np.array(list(self.refusal.values()), dtype=object))
        places[self._refused()] = codes + 1
        return _handed_out([SCORED, *(f"refused: {reason}" for reason in reasons)], places)


def _handed_out(
    texts: Any, places: npt.NDArray[Any], refused: npt.NDArray[np.bool_] | None = None
) -> Any:
    """A column of texts, each by its index among the distinct ones; none for a refused row."""
    # The few texts are often the same: for one row, making the array would take longest.
    few = len(texts) <= FEW_TEXTS
    different = _few_texts(tuple(texts)) if few else pd.array(texts, dtype="str")
    places = places.astype(np.intp)
    if refused is None or not refused.any():
        return different.take(places)
    return different.take(np.where(refused, -1, places), allow_fill=True)


@lru_cache(maxsize=256)
def _few_texts(texts: tuple[str, ...]) -> Any:
    return pd.array(list(texts), dtype="str")


def expected_share(model: RiskModel) -> float:
    """Return the share of the worst judgement that the model was set to; NaN if not recorded."""
    return float(model.info.get("prior", {}).get("risk", np.nan))


def band_probability(
    share: FloatArray, risk: FloatArray, lower: FloatArray, upper: FloatArray
) -> FloatArray:
    """Return the probability that a risk is in its own band, given its 90% interval.

    Parameters
    ----------
    share : ndarray of shape (n_rows,)
        The expected share of judgements, of which the bands are multiples.
    risk, lower, upper : ndarray of shape (n_rows,)
        The risk and the ends of its interval, which is normal in log-odds.

    Returns
    -------
    ndarray of shape (n_rows,)
        1 where the interval has no width.

    Examples
    --------
    >>> band_probability(*(np.array([x]) for x in (0.06, 0.06, 0.03, 0.115))).round(2)
    array([0.52])
    """
    sd = (logit(upper) - logit(lower)) / (2 * float(normal_quantile(0.95)))
    band = _bands(share, risk)
    edges = np.array([np.inf, *(edge for edge, _ in BANDS)])
    with np.errstate(divide="ignore"):
        high, low = (
            (logit(np.clip(edges[place] * share, 0.0, 1.0)) - logit(risk))
            for place in (band, band + 1)
        )
    sure = sd <= 0
    sd = np.where(sure, 1.0, sd)
    inside = normal_cdf(high / sd) - normal_cdf(low / sd)
    return np.where(sure, 1.0, inside)


def _bands(share: FloatArray, risk: FloatArray) -> npt.NDArray[np.int8]:
    times = risk / share
    above = np.zeros(len(risk), dtype=np.int8)
    for edge, _ in BANDS:
        above += times < edge
    return above


def _gaps(missing: npt.NDArray[np.bool_]) -> Words:
    """Which columns lack a value, as the bits of a few integers per row."""
    words = np.zeros((-(-len(missing) // _WORD), missing.shape[1]), dtype=np.int16)
    for column, gap in enumerate(missing):
        words[column // _WORD] |= gap.astype(np.int16) << (column % _WORD)
    return words


def _gap_texts(titles: list[str], words: Words) -> list[Any]:
    """The titles of what is missing: a column for each bit word, to be joined row by row."""
    before = words[0] > 0
    columns = [_word_texts(titles[:_WORD], words[0])]
    for number, word in enumerate(words[1:], start=1):
        if word.any():
            here = titles[number * _WORD : (number + 1) * _WORD]
            columns.append(_word_texts(here, word | before.astype(np.int16) << _WORD))
            before |= word > 0
    return columns


def _word_texts(titles: list[str], word: Words) -> Any:
    """The texts of one bit word; an extra bit means that others come before them."""
    places, patterns = _distinct(word, 2 << _WORD)
    texts = [_joined(titles, pattern) for pattern in patterns.tolist()]
    return _handed_out(texts, places)


def _joined(titles: list[str], pattern: int) -> str:
    here = [title for place, title in enumerate(titles) if pattern >> place & 1]
    return "; ".join(["", *here] if here and pattern >> _WORD else here)


def _distinct(codes: Words | Ints, most: int) -> tuple[npt.NDArray[np.intp], Ints]:
    """The index of each code among the distinct ones, and these.

    Many codes use a table of all below ``most``, which is quicker than sorting.
    """
    if len(codes) < most:
        few, places = np.unique(codes, return_inverse=True)
        return places, few.astype(np.int64)
    there = np.zeros(most, dtype=np.bool_)
    there[codes] = True
    different = np.flatnonzero(there)
    places = np.empty(most, dtype=np.intp)
    places[different] = np.arange(len(different))
    return places[codes], different


def _strongest(
    parts: FloatArray, missing: npt.NDArray[np.bool_], once: Sequence[int] = ()
) -> Terms:
    """The positions of the three strongest terms of each row, raising and then lowering.

    The terms of one fact, ``once``, count together, as the first of them.

    The last bits of each term are replaced by its position, so that sorting carries the positions
    along; terms within a part in 10^13 of each other count as tied, and ties go to the earlier one.
    """
    none, size = parts.shape
    width = max(none, MOST_DRIVERS)
    mask = (1 << width.bit_length()) - 1
    places = (mask - np.arange(width))[:, None]
    # From the strongest raising term, and from the strongest lowering one.
    ends = [*range(-1, -MOST_DRIVERS - 1, -1), *range(MOST_DRIVERS)]
    found = np.empty((len(ends), size), dtype=np.int8)
    # A little wider than a block: columns a power of two apart would compete for the cache.
    room = np.zeros((width, min(size, BLOCK) + 8))
    for start in range(0, size, BLOCK):
        rows = slice(start, min(start + BLOCK, size))
        tagged = room[:, : rows.stop - start]
        # The substitute for a missing figure is part of the sum, but not a driver.
        np.multiply(parts[:, rows], ~missing[:, rows], out=tagged[:none])
        for place in once[1:]:
            tagged[once[0]] += tagged[place]
            tagged[place] = 0.0
        bits = tagged.view(np.int64)
        bits &= ~mask
        bits |= places
        ordered = np.ascontiguousarray(tagged.T)
        ordered.sort(axis=1)
        strongest = ordered.T[ends]
        strongest[MOST_DRIVERS:] *= -1
        term = mask - (strongest.view(np.int64) & mask)
        term[strongest <= NONE] = none
        found[:, rows] = term
    return found
