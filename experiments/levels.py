"""Row 48 of docs/experiments.md: how often a level's interval holds the true level, by size.

    python -m experiments.levels

A year of 150 authorities is drawn again and again: true levels, then counts by chance, of
proportions (binomial) and of rates (Poisson). They go through the doors of production, and each
level plus and minus 1.645 standard errors is held against the true one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import get_indicator
from earlywarn.indicators.standardise import REACH, compare, distribution, stabilise
from earlywarn.statistics.distributions import normal_quantile

if TYPE_CHECKING:
    from earlywarn.indicators.catalogue import Indicator

AUTHORITIES, YEARS, SEED = 150, 400, 20160913
SIZES = (30, 100, 300, 1000, 3000, 10_000)
"""Cases of a proportion; expected events of a rate."""
USUAL = {"rereferrals": (0.2, 0.08), "referral_rate": (0.04, 0.03)}
"""Of each indicator, the middle share or rate, and the spread of the stabilised scale: about those
of today's figures."""


def cases_of(size: float, record: Indicator, middle: float) -> float:
    """The cases, or the children, of an authority of a size."""
    return size if record.kind == "proportion" else size / middle


def covered(name: str, sizes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Of one drawn year, whether each true level lies in its interval, as it is and held."""
    record, (middle, spread) = get_indicator(name), USUAL[name]
    proportion = record.kind == "proportion"
    centre = np.arcsin(np.sqrt(middle)) if proportion else np.sqrt(middle)
    true = rng.standard_normal(len(sizes))
    at = np.maximum(centre + spread * true, 0.0)
    cases = np.rint([cases_of(size, record, middle) for size in sizes])
    if proportion:
        share = 100 * rng.binomial(cases.astype(int), np.sin(at) ** 2) / cases
    else:
        share = 10_000 * rng.poisson(cases * at**2) / cases
    y, sd = stabilise(record, share, cases)
    year = distribution(y, sd)
    assert year is not None  # noqa: S101 - 150 authorities are enough
    z, se = compare(y, sd, np.nan, year)
    reach = float(normal_quantile(0.95)) * se
    held = np.clip(true, -REACH, REACH)
    return tuple(np.abs(z - one) <= reach + 1e-12 for one in (true, held))


def table() -> pd.DataFrame:
    """Coverage by indicator and size: all authorities alike, and of many sizes side by side."""
    rows = []
    for name in USUAL:
        rng = np.random.default_rng(SEED)
        for size in SIZES:
            sizes = np.full(AUTHORITIES, float(size))
            alike = np.array([covered(name, sizes, rng) for _ in range(YEARS)])
            rows.append((name, "all alike", size, *alike.mean(axis=(0, 2))))
        mixed = np.repeat(np.array(SIZES, dtype=float), AUTHORITIES // len(SIZES))
        found = np.array([covered(name, mixed, rng) for _ in range(YEARS)])
        rows += [
            (name, "mixed", size, *found[:, :, mixed == size].mean(axis=(0, 2))) for size in SIZES
        ]
    return pd.DataFrame(rows, columns=["indicator", "sizes", "cases", "true", "held"])


def main() -> None:
    """Print the table."""
    print("| indicator | sizes | cases | true level | true level, held within 2 |")
    print("|---|---|---|---|---|")
    for row in table().to_dict("records"):
        print(
            f"| {row['indicator']} | {row['sizes']} | {row['cases']} | {row['true']:.3f} | "
            f"{row['held']:.3f} |"
        )


if __name__ == "__main__":
    main()
