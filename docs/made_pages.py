"""The pages that are made when the site is built, all below docs/generated.

Sphinx reads one folder only, so that what lies elsewhere in the project (notebooks, the guide for
contributors, the card of the model) is copied into it. What the program can say of itself, its
commands and its indicators, is asked of the program, so that it can't be out of date.
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import gallery

from earlywarn.cli.parser import main
from earlywarn.export.data_dictionary import EXPLANATION, KNOWN, SCORES
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.batch import BATCH_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sphinx.application import Sphinx

    from earlywarn.export.data_dictionary import Column
    from earlywarn.indicators.catalogue import Indicator

DOCS = Path(__file__).parent
ROOT = DOCS.parent
MADE = DOCS / "generated"

COPIES = {
    "CONTRIBUTING.md": "generated/contributing.md",
    "CHANGELOG.md": "generated/changelog.md",
    "models/README.md": "generated/model.md",
    "models/default/CARD.md": "generated/model-card.md",
    "models/default/TRANSPARENCY.md": "generated/transparency-record.md",
    "models/default/QUALITY.md": "generated/quality-log.md",
    "src/earlywarn/data/LICENCE-DATA.md": "generated/licence-data.md",
}
"""Files of the project outside docs, and where the site has them."""

LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)([^)\s#]+)(?=[)#])")
"""The target of a Markdown link to a file, without its fragment."""


def write_all() -> None:
    """Write every made page whose text is not there already."""
    for original, page in COPIES.items():
        _write(DOCS / page, (ROOT / original).read_text(encoding="utf-8"))
    for notebook in notebooks():
        _write(MADE / "notebooks" / notebook.name, notebook.read_text(encoding="utf-8"))
    _write(MADE / "notebooks.md", notebooks_page())
    _write(MADE / "commands.md", commands_page())
    _write(MADE / "indicators.md", indicators_page())
    _write(MADE / "columns.md", columns_page())
    _write(MADE / "gallery.md", gallery.page())
    for name, content in gallery.drawings():
        _write(MADE / "pictures" / f"{name}.png", content)


def notebooks() -> list[Path]:
    """The notebooks of the project in their order; none if there is no such folder."""
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def notebooks_page() -> str:
    """What leads to the notebooks; a sentence where a copy of the project has none."""
    names = [f"notebooks/{notebook.stem}" for notebook in notebooks()]
    tree = "\n".join(["```{toctree}", ":maxdepth: 1", "", *names, "```"])
    intro = (
        "The tests run them from top to bottom; here they are shown with the outputs they hold."
        if names
        else "This copy of the project has none."
    )
    return "\n\n".join(["# Notebooks", intro, *([tree] if names else [])]) + "\n"


def turn_links(_: Sphinx, page: str, source: list[str]) -> None:
    """Let the links of a page, as they stand in its original, lead to pages of the site."""
    original = _original(page)
    source[0] = LINK.sub(lambda link: _turned(link[1], original.parent), source[0])


def commands_page() -> str:
    """Every command with what ``--help`` says of it."""
    names = re.findall(r"^    (\w+)(?:\s|$)", _help(), re.MULTILINE)
    parts = [f"## {name}\n\n```text\n{_help(name)}```\n" for name in names if name != "COMMAND"]
    intro = (
        "What `python -m earlywarn COMMAND --help` shows for each. The exit code is 0 if it was "
        "done, 2 for an input error, with one line on standard error, 1 for an error in "
        "earlywarn itself, and 3 if `monitor` finds something that needs attention."
    )
    return "\n".join(["# Commands\n", intro, "", *parts])


def indicators_page() -> str:
    """The catalogue as a table for each family."""
    families = groupby(INDICATORS, key=lambda record: record.family)
    parts = [f"## {family.capitalize()}\n\n{_table(records)}" for family, records in families]
    intro = (
        "What is computed from the published figures. `python -m earlywarn catalogue` prints the "
        "same, and [`ew.INDICATORS`](../reference/records.md) holds it. An indicator that is not "
        "scored is computed and shown, and not weighed. [Methods](../methods.md) has the formulas."
    )
    return "\n".join(["# Indicators\n", intro, "", *parts])


def columns_page() -> str:
    """What every column of scores and explanations means."""
    added = [KNOWN[name] for name in BATCH_COLUMNS]
    parts = {
        "ew.score": ("One row an authority, highest risk first.", SCORES),
        "ew.explain": ("One row a term of an authority; the contributions add up.", EXPLANATION),
        "ew.score_batch": ("The rows as they were given, with these columns after them.", added),
    }
    intro = (
        "What stands in the frames and in the files made of them. In a workbook the sheet Notes "
        "says the same, and a CSV has it beside it as a [data dictionary]"
        "(../reference/frames.md#the-data-dictionary). Other frames have [a page of their own]"
        "(../reference/frames.md)."
    )
    sections = [
        f"## {name}\n\n{sentence}\n\n{_meanings(columns)}"
        for name, (sentence, columns) in parts.items()
    ]
    return "\n".join(["# Columns of scores and explanations\n", intro, "", *sections])


def _meanings(columns: Iterable[Column]) -> str:
    lines = ["| column | what | meaning | unit |", "|---" * 4 + "|"]
    lines += [f"| `{one.name}` | {one.label} | {one.meaning} | {one.unit} |" for one in columns]
    return "\n".join([*lines, ""])


def _table(records: Iterator[Indicator]) -> str:
    lines = ["| indicator | what | formula | unit | worse if | since | scored |", "|---" * 7 + "|"]
    for record in records:
        cells = (
            f"`{record.id}`",
            record.title,
            record.definition,
            record.unit,
            record.direction,
            str(record.first_year),
            "yes" if record.scored else "no",
        )
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _help(*command: str) -> str:
    printed = io.StringIO()
    with redirect_stdout(printed):
        main([*command, "--help"])
    return printed.getvalue()


def _original(page: str) -> Path:
    """The file that a page was copied from, or the page itself."""
    copied = {place: original for original, place in COPIES.items()}
    if page.startswith("generated/notebooks/"):
        return ROOT / "notebooks" / Path(page).name
    return ROOT / copied.get(f"{page}.md", f"docs/{page}.md")


def _turned(target: str, folder: Path) -> str:
    found = (folder / target).resolve()
    if not found.is_relative_to(ROOT):
        return target
    path = found.relative_to(ROOT).as_posix()
    sites = {**COPIES, "README.md": "index.md"}
    if path.startswith("notebooks/"):
        return f"/generated/{path}"
    if path in sites:
        return f"/{sites[path]}"
    return f"/{path.removeprefix('docs/')}" if path.startswith("docs/") else target


def _write(path: Path, content: str | bytes) -> None:
    """Write a file, but leave it alone if it is the same: Sphinx then need not read it again."""
    content = content.encode("utf-8") if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
