"""Starts Spark's Python workers as Spark's own daemon does, with the packages loaded before.

Workers are forked from it, and a dozen of them would load pandas, the model and MLflow anew.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

if __name__ == "__main__":
    for name in ("pandas", "pyarrow", "earlywarn.serving.distributed", "mlflow.pyfunc"):
        with suppress(ImportError):  # each test says what it needs
            import_module(name)
    import_module("pyspark.daemon").manager()
