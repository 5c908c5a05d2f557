"""The Analysis Function's colours, and the style of each band.

The bands are ordered, so they share one hue from dark (highest) to light, and each also has a mark:
nothing depends on colour only. Lines of other kinds use the categorical colours, at most four.
"""

from __future__ import annotations

from dataclasses import dataclass

from earlywarn.scoring.predictions import BANDS
from earlywarn.scoring.standing_words import NOTHING

DARK_BLUE = "#12436D"
TURQUOISE = "#28A197"
DARK_PINK = "#801650"
ORANGE = "#F46A25"
CATEGORIES = (DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE)
"""https://analysisfunction.civilservice.gov.uk/policy-store/data-visualisation-colours-in-charts"""

FOCUS, CONTEXT = DARK_BLUE, "#BFBFBF"
"""One highlighted thing against all the others."""

INK, PAPER, LIMITS = "#0B0C0C", "#FFFFFF", "#C3D0DD"


@dataclass(frozen=True)
class BandStyle:
    """How a band is drawn: its colour, the colour of text on it, a mark, and a class for CSS."""

    band: str
    fill: str
    text: str
    mark: str
    css: str


_FILLS = (
    (DARK_BLUE, PAPER, "++"),
    ("#2073BC", PAPER, "+"),
    ("#A8CCF0", INK, ""),
    ("#EEF3F8", INK, "-"),
)
BAND_STYLES: tuple[BandStyle, ...] = tuple(
    BandStyle(band, fill, text, mark, f"b{place}")
    for place, ((_, band), (fill, text, mark)) in enumerate(zip(BANDS, _FILLS, strict=True), 1)
)


NO_BAND = BandStyle(NOTHING, PAPER, INK, "?", "b0")
"""The style of an authority about which nothing is known."""


def style_of(band: object) -> BandStyle:
    """Return how a band is drawn; a missing one is drawn as unknown.

    Examples
    --------
    >>> style_of("much higher than usual").mark, style_of(float("nan")).band
    ('++', 'nothing known')
    """
    return next((style for style in BAND_STYLES if style.band == band), NO_BAND)
