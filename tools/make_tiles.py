"""Regenerate src/earlywarn/data/tiles.csv, the tile map's layout, from authorities' locations.

Usage: python tools/make_tiles.py AUTHORITY_CENTROIDS.csv, with `la_code`, `easting`, `northing`.
Only the layout is shipped: a column and a row for each authority, and no coordinates.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from earlywarn.report.tilemap import TILES, assign_tiles, neighbours_kept
from earlywarn.utils.files import package_path, write_whole


def main(source: Path) -> None:
    """Lay out the tiles and print how many neighbours are still neighbours."""
    places = pd.read_csv(source, dtype={"la_code": "str"}).sort_values("la_code", ignore_index=True)
    tiles = assign_tiles(places["easting"], places["northing"])
    table = pd.DataFrame({"la_code": places["la_code"], "column": tiles[:, 0], "row": tiles[:, 1]})
    write_whole(package_path(TILES), table.to_csv(index=False, lineterminator="\n"))
    kept = neighbours_kept(places["easting"], places["northing"], tiles)
    print(f"{len(table)} tiles, {kept:.0%} of authorities touch their nearest neighbour")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
