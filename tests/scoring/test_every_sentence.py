"""Every sentence of ``explain`` for England on one day, read back and held against its own row.

The reader knows the shape of the sentences and nothing of how they are made.
"""

from __future__ import annotations

import math
import re
from collections import Counter

import pandas as pd
import pytest

from earlywarn.indicators.build import build_indicators
from earlywarn.scoring.explanation import explain

FIGURE = r"(?P<{}>[\d,]+(?:\.\d)?)%?"
SHAPES = {
    "start": r"Where every authority starts: a risk of (?P<risk>[\d.]+)%, from how many .+",
    "last": r"The last inspection \(known to (?P<day>[\d-]+)\) was (?P<grade>.+) in "
    r"(?P<where>its worst area|the worst of three areas), which overall "
    r"(?P<whole>.+); this is the part for (?P<part>.+): (?P<effect>.+)",
    "no last": r"The last inspection \(known to [\d-]+\) is not known here: (?P<effect>.+)",
    "hole": r".+: no comparable figure published(?:; the other figures on (?P<family>.+) stand in)?"
    r": (?P<effect>.+)",
    "suppressed": r".+: a suppressed count, of 1 to 5: (?P<effect>.+)",
    "figure": rf"(?P<title>.+?): {FIGURE.format('value')} (?P<unit>.+?) in (?P<year>\d{{4}})"
    r"(?P<carried>, no newer figure published)?"
    rf"(?:, about {FIGURE.format('expected')} expected for its deprivation"
    r"|(?P<unknown>, compared as if of average deprivation, as its own is not known)"
    rf"|, England's pooled figure {FIGURE.format('england')})?"
    r"(?:, (?P<same>the same as all \d+ others with a figure)"
    r"|, (?P<side>higher|lower) than (?P<share>\d+)% of (?P<others>\d+) "
    r"others with a figure)?"
    r"(?P<held>, its effect held at the model's limit)?: (?P<effect>.+)",
}
GRADES = {
    "Good or Outstanding": {"previously_good": 1, "previously_inadequate": 0},
    "Requires improvement": {"previously_good": 0, "previously_inadequate": 0},
    "Inadequate": {"previously_good": 0, "previously_inadequate": 1},
}
PARTS = {
    ("previously_good", 1): "being Good or Outstanding",
    ("previously_good", 0): "being below Good",
    ("previously_inadequate", 1): "being Inadequate",
    ("previously_inadequate", 0): "not being Inadequate",
}


@pytest.fixture(scope="module")
def levels(snapshot) -> pd.DataFrame:
    return build_indicators(snapshot).droplevel("as_of")


@pytest.fixture(scope="module")
def rows(model, snapshot) -> pd.DataFrame:
    return explain(model, snapshot)


def test_every_sentence_says_what_its_row_says(rows: pd.DataFrame, levels: pd.DataFrame) -> None:
    values = {name: part["value"].dropna() for name, part in rows.groupby("indicator")}
    whole = rows[rows["family"] == "last inspection"].groupby("la_code")["contribution"].sum()
    read: Counter[str] = Counter()
    for row in rows.to_dict("records"):
        shape, said = _read(row["sentence"])
        read[shape] += 1
        if shape == "start":
            assert said["risk"] == f"{100 / (1 + math.exp(-row['contribution'])):.1f}"
            continue
        assert said["effect"] == _effect(row["contribution"]), row
        if shape == "last":
            assert GRADES[said["grade"]][row["indicator"]] == row["value"], row
            assert said["part"] == PARTS[row["indicator"], int(row["value"])]
            assert (said["where"] == "its worst area") == (said["grade"] != "Good or Outstanding")
            assert said["whole"] == _effect(whole[row["la_code"]]).replace("no", "has no", 1)
        elif shape == "figure":
            _check_figure(row, said, values[row["indicator"]])
            level = abs(levels.loc[row["la_code"], f"{row['indicator']}_z"])
            assert ("held" in said) == (level == 2.0), row  # none lies further out
            read["held"] += "held" in said
        else:
            assert math.isnan(row["value"]), row
    assert read.pop("held") > 100
    assert read.total() == len(rows)
    assert read["start"] == 153
    assert read["last"] == 2 * 153 - read["no last"]
    assert read["figure"] > 3500


def _read(sentence: str) -> tuple[str, dict[str, str]]:
    for shape, pattern in SHAPES.items():
        found = re.fullmatch(pattern, sentence)
        if found:
            return shape, {name: text for name, text in found.groupdict().items() if text}
    raise AssertionError(sentence)


def _effect(contribution: float) -> str:
    if abs(contribution) < 0.005:
        return "no effect on the risk"
    verb = "raises the risk" if contribution > 0 else "lowers the risk"
    return f"{verb} slightly" if abs(contribution) < 0.05 else verb


def _check_figure(row: dict[str, object], said: dict[str, str], values: pd.Series) -> None:
    assert int(said["year"]) == row["period"], row
    for name in ("value", "expected", "england"):
        if name in said:
            number = float(said[name].replace(",", ""))
            assert abs(number - row[name]) <= (0.5 if row[name] >= 100 else 0.05) + 1e-9, row
    assert ("expected" in said or "unknown" in said) == (row["family"] == "demand"), row
    # One population: what is compared like for like has no rank among all.
    assert not ({"side", "expected"} <= said.keys()), row
    others = len(values) - 1
    if "side" in said:
        assert int(said["others"]) == others, row
        strictly = (values < row["value"]) if said["side"] == "higher" else (values > row["value"])
        share = 100 * strictly.sum() / others
        assert share - 1 - 1e-9 <= int(said["share"]) <= share + 1e-9, row
        other_side = 100 - share - 100 * ((values == row["value"]).sum() - 1) / others
        assert share >= other_side - 1e-9, row
    if "same" in said:
        assert (values == row["value"]).all(), row
