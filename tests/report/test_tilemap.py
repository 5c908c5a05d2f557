"""The tile map: one tile an authority, near where it lies, whatever authorities there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from earlywarn.authorities import Register
from earlywarn.report.palette import BAND_STYLES
from earlywarn.report.tilemap import (
    SOFT,
    assign_tiles,
    neighbours_kept,
    shipped_tiles,
    spread_out,
    tile_name,
    tiles_for,
)


@pytest.fixture(scope="module")
def register() -> Register:
    return Register.load()


@pytest.fixture(scope="module")
def centroids(real_data) -> pd.DataFrame:
    places = pd.read_csv(real_data / "compiled" / "authority_centroids.csv", dtype=str)
    places[["easting", "northing"]] = places[["easting", "northing"]].astype(float)
    return places.sort_values("la_code", ignore_index=True)


def test_every_authority_of_today_has_a_tile_of_its_own(register):
    today = set(register.existing("2026-03-31")["la_code"])
    tiles = shipped_tiles()
    assert set(tiles) == today
    assert len(set(tiles.values())) == len(today) == 153


def test_the_shipped_layout_is_what_the_code_makes_of_the_centroids(centroids):
    made = assign_tiles(centroids["easting"], centroids["northing"])
    tiles = shipped_tiles()
    shipped = np.array([tiles[code] for code in centroids["la_code"]])
    assert np.array_equal(made, shipped)


def test_neighbours_stay_near_each_other(centroids):
    tiles = shipped_tiles()
    cells = [tiles[code] for code in centroids["la_code"]]
    assert neighbours_kept(centroids["easting"], centroids["northing"], cells) > 0.8


@pytest.mark.parametrize(
    ("one", "way", "other"),
    [
        ("929", "north of", "908"),  # Northumberland, Cornwall
        ("908", "west of", "886"),  # Cornwall, Kent
        ("341", "west of", "810"),  # Liverpool, Hull
        ("302", "north of", "306"),  # Barnet, Croydon
    ],
)
def test_compass_directions_hold(one, way, other):
    tiles = shipped_tiles()
    axis = 1 if way == "north of" else 0
    assert tiles[one][axis] < tiles[other][axis]


@given(
    arrays.arrays(
        float,
        st.tuples(st.integers(2, 25), st.just(2)),
        elements=st.floats(0, 1000, allow_nan=False),
        unique=True,
    )
)
@settings(max_examples=15, deadline=None)
def test_no_two_places_share_a_tile(places):
    tiles = assign_tiles(places[:, 0], places[:, 1])
    assert len({tuple(tile) for tile in tiles.tolist()}) == len(places)
    assert tiles.min() == 0


def test_crowded_places_are_pushed_apart():
    places = np.vstack([np.random.default_rng(1).normal(0, 0.01, (20, 2)), [[9, 9], [-9, -9]]])
    apart = spread_out(places)
    distance = np.sqrt(((apart[:20, None] - apart[None, :20]) ** 2).sum(axis=2))
    np.fill_diagonal(distance, 9)
    assert distance.min() > 0.5


def test_authorities_of_an_earlier_day_get_tiles_beside_their_heirs(register):
    codes = register.existing("2016-06-30")["la_code"]
    tiles = tiles_for(codes, register)
    assert tiles["la_code"].tolist() == sorted(codes)
    assert not tiles.duplicated(["column", "row"]).any()
    cumbria = tiles.set_index("la_code").loc["909", ["column", "row"]]
    column, row = shipped_tiles()["942"]
    assert max(abs(cumbria["column"] - column), abs(cumbria["row"] - row)) <= 1


def test_an_authority_without_kin_is_placed_below_the_map(register):
    new = pd.DataFrame(
        {"la_code": ["999"], "la_name": ["New"], "region": ["South East"], "la_type": ["county"]}
    )
    tiles = tiles_for(["999", "383"], register.extended({"authorities": new}))
    rows = tiles.set_index("la_code")["row"]
    assert rows["999"] > max(row for _, row in shipped_tiles().values())


def test_no_column_and_no_row_of_the_map_is_empty():
    tiles = shipped_tiles().values()
    for axis in (0, 1):
        assert {tile[axis] for tile in tiles} == set(range(1 + max(tile[axis] for tile in tiles)))


def test_names_are_whole_on_their_tiles(register):
    names = register.existing("2026-03-31")["la_name"].tolist()
    assert len(names) == 153
    for name in names:
        told = tile_name(name)
        assert told.replace(SOFT, "").replace("&", "and") == name
        longest = max(len(part) for part in told.replace(SOFT, "- ").replace("-", "- ").split())
        assert longest <= 13, name


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("style", BAND_STYLES, ids=lambda style: style.band)
def test_text_on_a_band_has_the_contrast_that_wcag_asks_for(style):
    light, dark = sorted((luminance(style.fill), luminance(style.text)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_bands_differ_by_more_than_colour():
    marks = [style.mark for style in BAND_STYLES]
    assert len(set(marks)) == len(marks) == 4
