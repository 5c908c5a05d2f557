"""An MLflow ``pyfunc`` model: for registries, ``mlflow models serve`` and ``spark_udf``.

What is stored is the model's own inert JSON, not a pickle; MLflow finds the code by this module's
name in an environment that has earlywarn.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn._version import __version__
from earlywarn.errors import UsageError, require
from earlywarn.model.serialisation import load_model, save_model
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.scoring.preprocessing import known_columns
from earlywarn.serving.distributed import output_schema

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel

GUARD = "columns_go_in_one_struct"
"""The signature's first input, to be left out: it catches what Spark passes by position."""
_TYPES = {"number": "double", "whole number": "long", "text": "string"}
EXAMPLE = {"la_code": "383", "as_of": "2024-06-30", "rereferrals": 31.0, "agency_workers": 14.0}


def save_pyfunc(path: str | Path, model: RiskModel | None = None, *, explain: bool = False) -> None:
    """Save a model in MLflow's format.

    Parameters
    ----------
    path : path
        A folder that does not exist yet.
    model : RiskModel, optional
        Default: the model that ships with the package.
    explain : bool
        Whether its predictions include contributions and drivers.

    Raises
    ------
    UsageError
        If the folder exists.
    MissingExtraError
        If MLflow is not installed.

    Notes
    -----
    ``mlflow.pyfunc.load_model(path).predict(rows)`` gives the columns that ``score_batch`` adds.
    Every input is optional and of any type, so that ``score_batch`` decides row by row. Columns
    that are not in the catalogue are left out by MLflow, whose log names them. A text that
    ``score_batch`` leaves missing, such as a refused row's band, is empty here: on Spark, MLflow
    would turn it into the word "nan".

    With ``spark_udf``, pass the columns in one struct. MLflow would match columns passed one by one
    by position; the first input guards against this, so that they are refused.
    """
    pyfunc = require("mlflow.pyfunc", extra="mlflow")
    if Path(path).exists():
        raise UsageError(
            "something is there already", where=str(path), remedy="Choose another place."
        )
    model = model_or_shipped(model)
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, folder)
        pyfunc.save_model(
            path=str(path),
            loader_module=__name__,
            data_path=folder,
            signature=_signature(model, explain=explain),
            input_example=pd.DataFrame([EXAMPLE]),
            pip_requirements=[f"earlywarn=={__version__}"],
            metadata={"model_id": model.info.get("model_id", "")},
            model_config={"explain": explain},
        )


class Scorer:
    """The object that MLflow calls: takes rows, and returns the columns that scoring adds."""

    def __init__(self, model: RiskModel, *, explain: bool) -> None:
        self._model = model
        self._explain = explain

    def predict(self, rows: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Score rows, in order."""
        del params
        if GUARD in rows.columns:
            raise UsageError(
                "MLflow took columns by their position, not by their names",
                where="spark_udf",
                expected="one struct",
                remedy='Call it with struct("rereferrals", "caseload") and so on.',
            )
        answer = score_batch(rows, self._model, explain=self._explain)
        added = answer.iloc[:, rows.shape[1] :]
        texts = added.columns[~added.dtypes.map(pd.api.types.is_numeric_dtype)]
        return added.fillna(dict.fromkeys(texts, ""))


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> Scorer:
    """Load the model for MLflow, which prescribes the name."""
    return Scorer(load_model(path), explain=bool((model_config or {}).get("explain")))


def _signature(model: RiskModel, *, explain: bool) -> Any:
    types, models = (
        require("mlflow.types", extra="mlflow"),
        require("mlflow.models", extra="mlflow"),
    )
    anything = require("mlflow.types.schema", extra="mlflow").AnyType()
    names = (GUARD, "la_code", "la_name", "as_of", *sorted(known_columns()))
    inputs = [types.ColSpec(anything, name, required=False) for name in names]
    added = output_schema(pd.DataFrame([EXAMPLE]), model, explain=explain)
    outputs = [types.ColSpec(_TYPES[kind], name, required=False) for name, kind in added.items()]
    return models.ModelSignature(types.Schema(inputs), types.Schema(outputs))
