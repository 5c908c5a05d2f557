"""Build indicators a few at a time, where one machine's memory is not enough for the figures.

An indicator needs only a few measures, so indicators with similar measures are built together, by
the same code that builds all of them, from a Parquet file of which only these measures are read.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import IndicatorError, require
from earlywarn.indicators.build import (
    history_of,
    last_judgements,
    published_indicators,
    snapshot_index,
)
from earlywarn.indicators.catalogue import (
    DEPRIVATION,
    INDICATORS,
    Indicator,
    columns_of,
    get_indicator,
)
from earlywarn.indicators.figures import POPULATION
from earlywarn.utils.files import check_outputs, folder_for, write_whole
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.panel.panel import Snapshot

COLUMNS = ("la_code", "measure", "period", "numerator", "denominator", "value", "status")
"""The columns of the figures that are read; there may be others."""
PUBLISHED = tuple(record for record in INDICATORS if record.kind != "history")
MOST_MEASURES = 6
"""The most measures that a task reads: few enough for memory, and enough that measures needed by
several indicators are not read again for each."""


def measures_of(record: Indicator) -> tuple[str, ...]:
    """Return the measures that an indicator is worked out from, with the number of children.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> measures_of(get_indicator("rereferrals"))[:2]
    ('rereferrals', 'referrals')
    """
    records = [record, *([get_indicator(DEPRIVATION)] if record.like_for_like else [])]
    named = [
        name
        for one in records
        for name in (one.measure, one.size_measure, one.denominator, POPULATION)
        if name
    ]
    return tuple(dict.fromkeys(named))


def together(most: int = MOST_MEASURES) -> list[list[str]]:
    """Return the ids of the indicators in the groups that are built together.

    Parameters
    ----------
    most : int
        The most measures that a group needs; an indicator that needs more is a group by itself.

    Examples
    --------
    >>> together()[0]
    ['referral_rate', 'cin_rate', 'plan_start_rate', 'plan_rate']
    """
    groups: list[list[str]] = []
    needed: set[str] = set()
    for record in PUBLISHED:
        measures = set(measures_of(record))
        if not groups or len(needed | measures) > most:
            groups.append([])
            needed = set()
        groups[-1].append(record.id)
        needed |= measures
    return groups


def build_one(indicator: str, snapshot: Snapshot, figures: str | Path) -> pd.DataFrame:
    """Build one indicator's columns from figures that are not in memory.

    Parameters
    ----------
    indicator : str
        Its id.
    snapshot : Snapshot
        Everything but the authorities' figures: its own observations are not used.
    figures : str or Path
        A Parquet file, or a folder of them: ``la_code, measure, period, numerator, denominator,
        value, status``, one row for each authority, measure and period, as public on the snapshot's
        date. If it is sorted by measure, little more is read than the measures needed.

    Returns
    -------
    DataFrame
        The indicator's columns as returned by ``build_indicators``, to the last bit.

    Raises
    ------
    IndicatorError
        If the figures can't be read, a column is missing or a figure occurs twice.
    """
    return _built([get_indicator(indicator)], snapshot, figures)


def _built(records: list[Indicator], snapshot: Snapshot, figures: str | Path) -> pd.DataFrame:
    measures = sorted({name for record in records for name in measures_of(record)})
    rows = _figures(as_path(figures, "figures"), measures)
    england = snapshot.england[snapshot.england["measure"].isin(measures)]
    return published_indicators(replace(snapshot, observations=rows, england=england), records)


def dask_build(
    snapshot: Snapshot,
    figures: str | Path,
    folder: str | Path,
    *,
    overwrite: bool = False,
    **compute: Any,
) -> None:
    """Build every indicator with Dask, a few in each task.

    Parameters
    ----------
    snapshot, figures
        As for ``build_one``; every worker must reach ``figures`` and ``folder``.
    folder : str or Path
        Where to write a Parquet file for each indicator; ``read_built`` combines them.
    overwrite : bool
        Whether existing files may be replaced.
    **compute
        Arguments of ``dask.compute``, such as ``scheduler="processes"``, ``num_workers=2``. Each
        worker keeps the figures of ``MOST_MEASURES`` measures in memory at a time.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    IndicatorError
        As for ``build_one``.
    UsageError
        If files already exist, or can't be written.

    Examples
    --------
    >>> import tempfile, earlywarn as ew
    >>> snapshot = ew.load_panel().as_of("2024-06-30")
    >>> place = Path(tempfile.mkdtemp())
    >>> snapshot.observations.sort_values("measure").to_parquet(place / "figures.parquet")
    >>> dask_build(snapshot, place / "figures.parquet", place / "built", scheduler="synchronous")
    >>> read_built(place / "built", snapshot).equals(ew.build_indicators(snapshot))
    True
    """
    dask = require("dask", extra="engines")
    place = _ready(folder, figures, overwrite=overwrite)
    task, bare = dask.delayed(_write, pure=False), dask.delayed(_bare(snapshot))
    jobs = [task(group, bare, str(figures), str(place)) for group in together()]
    with folder_for(place):
        dask.compute(jobs, **compute)


def spark_build(
    spark: Any,
    snapshot: Snapshot,
    figures: str | Path,
    folder: str | Path,
    *,
    overwrite: bool = False,
) -> None:
    """Build every indicator with Spark, a few in each task.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        The session.
    snapshot, figures, folder, overwrite
        As for ``dask_build``.

    Raises
    ------
    IndicatorError
        As for ``build_one``; Spark wraps it in an error of its own.
    UsageError
        If files already exist, or can't be written.
    """
    place = _ready(folder, figures, overwrite=overwrite)
    context = spark.sparkContext
    shared = context.broadcast(_bare(snapshot))
    groups = together()
    with folder_for(place):
        context.parallelize(groups, len(groups)).foreach(
            lambda group: _write(group, shared.value, str(figures), str(place))
        )


def read_built(folder: str | Path, snapshot: Snapshot) -> pd.DataFrame:
    """Combine what ``dask_build`` or ``spark_build`` wrote into ``build_indicators``' result.

    Parameters
    ----------
    folder : str or Path
        The folder given to them.
    snapshot : Snapshot
        The snapshot given to them; the last judgements come from it.

    Raises
    ------
    IndicatorError
        If a part is missing, or belongs to other authorities or another date.
    """
    index = snapshot_index(snapshot.authorities["la_code"], snapshot.as_of)
    parts = [_part(_name(Path(folder), record.id), index) for record in PUBLISHED]
    history = history_of(last_judgements(snapshot)).set_axis(index)
    return pd.concat([*parts, history], axis=1)


def _part(file: Path, index: pd.MultiIndex) -> pd.DataFrame:
    if not file.is_file():
        raise IndicatorError(
            "an indicator has not been built",
            where=str(file.parent),
            found=f"no {file.name}",
            expected=f"a file for each of {len(PUBLISHED)} indicators",
            remedy="Build them again, with overwrite=True.",
        )
    part = pd.read_parquet(file)
    if not part.index.equals(index):
        raise IndicatorError(
            "the indicators were built from another snapshot",
            where=str(file),
            found=f"{len(part)} authorities as of {part.index[0][1] if len(part) else 'no day'}",
            expected=f"{len(index)} as of {index[0][1] if len(index) else 'no day'}",
            remedy="Give the snapshot that they were built from, or build them again.",
        )
    return part


def _ready(folder: str | Path, figures: str | Path, *, overwrite: bool) -> Path:
    place = as_path(folder, "folder")
    files = [_name(place, record.id) for record in PUBLISHED]
    check_outputs(*files, overwrite=overwrite, inputs=[Path(figures)], make_folders=True)
    return place


def _name(folder: Path, indicator: str) -> Path:
    return folder / f"{indicator}.parquet"


def _bare(snapshot: Snapshot) -> Snapshot:
    """The snapshot without the authorities' figures, which workers don't need."""
    return replace(snapshot, observations=snapshot.observations.head(0))


def _write(indicators: list[str], snapshot: Snapshot, figures: str, folder: str) -> None:
    """Build some indicators and write a file for each."""
    records = [get_indicator(name) for name in indicators]
    table = _built(records, snapshot, figures)
    for record in records:
        content = io.BytesIO()
        table[list(columns_of(record))].to_parquet(content)
        write_whole(_name(Path(folder), record.id), content.getvalue())


def _figures(place: Path, measures: Sequence[str]) -> pd.DataFrame:
    require("pyarrow", extra="engines")
    try:
        wanted = [("measure", "in", list(measures))]
        rows = pd.read_parquet(place, columns=list(COLUMNS), filters=wanted)
    except (OSError, ValueError, KeyError) as error:  # pyarrow's errors are subclasses of these
        raise IndicatorError(
            "the figures can't be read",
            where=str(place),
            found=str(error).splitlines()[0][:120],
            expected=f"Parquet with the columns {', '.join(COLUMNS)}",
            remedy="Write a snapshot's observations with to_parquet, sorted by measure.",
        ) from error
    twice = rows.duplicated(["la_code", "measure", "period"])
    if twice.any():
        first = rows[twice].iloc[0]
        raise IndicatorError(
            "a figure is there twice",
            where=f"{place}, authority {first['la_code']}",
            found=f"{first['measure']} of {first['period']} more than once",
            expected="one row for each authority, measure and period",
            remedy="Leave one of them out.",
        )
    return rows
