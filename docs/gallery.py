"""The pictures that ``earlywarn.report`` draws, each beside the code that drew it.

The code that the page shows is the code that is run, so that neither can be out of date.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Iterator

DPI = 80
BEGIN = """
import earlywarn as ew
from earlywarn import report

panel, model = ew.load_panel(), ew.load_model()
snapshot = panel.as_of("2026-08-31")
scores = ew.score(model, snapshot)
"""


class Picture(NamedTuple):
    """A picture of the gallery."""

    title: str
    drawn: str
    """What is drawn, for those who do not see it; the picture's own title is its message."""
    code: str


PICTURES = {
    "ranked_intervals": Picture(
        "The head of the list",
        "A dot an authority for its risk, on a line for its 90% interval.",
        "report.ranked_intervals(scores.head(15))",
    ),
    "tile_map": Picture(
        "The country",
        "A map of England with a square an authority, coloured and marked by band.",
        "report.tile_map(scores)",
    ),
    "waterfall": Picture(
        "Why one authority stands where it stands",
        "Bars from the usual risk to the authority's own, one for each family of indicators.",
        'report.waterfall(ew.explain(model, snapshot, "Leeds"))',
    ),
    "history": Picture(
        "One indicator over the years",
        "Lines by year for the authority, its statistical neighbours and England.",
        'report.history(panel, "383", "rereferrals")',
    ),
    "funnel": Picture(
        "One indicator, all authorities",
        "Dots by number of cases, between lines for the 95% and the 99.8% limits.",
        'report.funnel(snapshot, "rereferrals")',
    ),
    "calibration": Picture(
        "Whether the risks came true",
        "Dots for groups of inspections, predicted against happened, beside the diagonal.",
        "from earlywarn.report.track_record import past_calibration\n\n"
        "groups = past_calibration()\n"
        'apart = groups["window"].isin(["development", "confirmation", "latest"])\n'
        "report.calibration(groups[apart])",
    ),
    "lead_time": Picture(
        "How long the list had warned",
        "A line an Inadequate judgement, as long as it had stood on the list before.",
        "from earlywarn.report.track_record import past_warnings\n\n"
        "report.lead_time(past_warnings())",
    ),
}


def page() -> str:
    """The page: it names each picture by the file that ``drawings`` gives."""
    intro = (
        "Each kind of figure, drawn from the figures that ship when this site was built. What it "
        "shows stands in its title. `report.NAME.frame(...)` gives the numbers, and "
        "[the reference](../reference/figures.md) says what each takes."
    )
    parts = [
        f"## {shown.title}\n\n```python\n{shown.code}\n```\n\n![{shown.drawn}](pictures/{name}.png)"
        for name, shown in PICTURES.items()
    ]
    return "\n\n".join(["# Gallery", intro, f"```python{BEGIN}```", *parts]) + "\n"


def drawings() -> Iterator[tuple[str, bytes]]:
    """Each picture's name and its content."""
    names: dict[str, Any] = {}
    exec(BEGIN, names)  # noqa: S102 - our own code, which the page shows
    for name, shown in PICTURES.items():
        *before, last = shown.code.splitlines()
        exec("\n".join(before), names)  # noqa: S102 - as above
        axes = eval(last, names)  # noqa: S307 - as above
        figure = axes.get_figure(root=True)
        stream = io.BytesIO()
        figure.savefig(stream, dpi=DPI, metadata={"Software": None})
        plt.close(figure)
        yield name, stream.getvalue()
