"""Score with Dask or Spark, where one machine is not enough.

Each adapter passes one partition at a time to ``score_batch``. A row's result depends only on the
row and the model, so the engines give exactly the same rows as the plain call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import require
from earlywarn.scoring.batch import score_batch, score_rows
from earlywarn.scoring.defaults import model_or_shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from earlywarn.model.risk_model import RiskModel


def output_schema(
    given: pd.DataFrame, model: RiskModel | None = None, *, explain: bool = False
) -> dict[str, str]:
    """Return the columns that scoring adds to rows, with the type of each.

    Parameters
    ----------
    given : DataFrame
        The rows' columns; no rows are needed.
    model : RiskModel, optional
        Default: the model that ships with the package.
    explain : bool
        Whether contributions and drivers are added.

    Returns
    -------
    dict
        For each added column, in order, ``"number"``, ``"whole number"`` or ``"text"``.

    Raises
    ------
    ScoreError
        If a column would be overwritten.

    Examples
    --------
    >>> output_schema(pd.DataFrame(columns=["caseload"]))["risk"]
    'number'
    """
    answer = score_batch(given.head(0), model, explain=explain)
    added = answer.iloc[:, given.shape[1] :]
    kinds = {"f": "number", "i": "whole number"}
    return {str(name): kinds.get(added[name].dtype.kind, "text") for name in added.columns}


def dask_score(ddf: Any, model: RiskModel | None = None, *, explain: bool = False) -> Any:
    """Score a Dask frame, a partition at a time.

    Parameters
    ----------
    ddf : dask.dataframe.DataFrame
        As for ``score_batch``.
    model : RiskModel, optional
        Default: the model that ships with the package.
    explain : bool
        Whether to add contributions and drivers.

    Returns
    -------
    dask.dataframe.DataFrame
        Not computed yet; the index is unchanged.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    ScoreError
        If a column would be overwritten.
    """
    require("dask.dataframe", extra="engines")
    model = model_or_shipped(model)
    # The meta of a Dask frame is an empty frame of its columns, and so is that of the result.
    meta = _scored(ddf._meta.head(0), model, explain=explain)  # noqa: SLF001 - Dask's own protocol
    return ddf.map_partitions(_scored, model, explain=explain, meta=meta)


def spark_score(sdf: Any, model: RiskModel | None = None, *, explain: bool = False) -> Any:
    """Score a Spark frame, a batch of rows at a time.

    Parameters
    ----------
    sdf : pyspark.sql.DataFrame
        As for ``score_batch``.
    model : RiskModel, optional
        Default: the model that ships with the package.
    explain : bool
        Whether to add contributions and drivers.

    Returns
    -------
    pyspark.sql.DataFrame
        Not computed yet.

    Raises
    ------
    MissingExtraError
        If Spark is not installed.
    ScoreError
        If a column would be overwritten.
    """
    types = require("pyspark.sql.types", extra="engines")
    model = model_or_shipped(model)
    schema = types.StructType(list(sdf.schema.fields))
    kinds = {
        "number": types.DoubleType(),
        "whole number": types.LongType(),
        "text": types.StringType(),
    }
    for name, kind in output_schema(
        pd.DataFrame(columns=sdf.columns), model, explain=explain
    ).items():
        schema = schema.add(name, kinds[kind], nullable=True)

    def over(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield _scored(frame, model, explain=explain)

    return sdf.mapInPandas(over, schema)


def _scored(frame: pd.DataFrame, model: RiskModel, *, explain: bool) -> pd.DataFrame:
    answer, _ = score_rows(frame, model, explain=explain)
    answer.index = frame.index
    return answer
