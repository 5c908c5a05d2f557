"""An MLflow model gives the plain call's answers, and holds no code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers.extras import needed

import earlywarn
from earlywarn._version import __version__
from earlywarn.errors import UsageError
from earlywarn.mlflow_flavour import EXAMPLE, GUARD, save_pyfunc
from earlywarn.model.serialisation import load_model
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.national import at_prior

pyfunc = needed("mlflow.pyfunc", "MLflow is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("explain", [False, True])
def test_the_plain_calls_rows(tmp_path: Path, explain: bool) -> None:
    model = at_prior(load_model(), 0.2)
    save_pyfunc(tmp_path / "saved", model, explain=explain)
    rng = np.random.default_rng(2)
    rows = pd.DataFrame(
        {
            "la_code": rng.choice(["383", "999"], 1000),
            "rereferrals": rng.uniform(0, 50, 1000),
            "agency_workers": rng.uniform(0, 105, 1000),
            "previously_good": rng.choice([0.0, 1.0, np.nan], 1000),
        }
    )
    loaded = pyfunc.load_model(str(tmp_path / "saved"))
    found, expected = loaded.predict(rows), score_batch(rows, model, explain=explain)
    assert 500 < (expected["status"] != "scored").sum() < 700
    texts = [
        name for name in found.columns if not pd.api.types.is_numeric_dtype(expected[name].dtype)
    ]
    assert {"band", "status"} <= set(texts)
    assert (found.loc[expected["status"] != "scored", "band"] == "").all()
    expected = expected.fillna(dict.fromkeys(texts, ""))
    pd.testing.assert_frame_equal(found, expected[list(found.columns)], check_exact=True)
    assert list(found.columns) == list(expected.columns[rows.shape[1] :])
    assert loaded.metadata.signature.inputs.input_names()[0] == GUARD
    assert [spec.name for spec in loaded.metadata.signature.outputs] == list(found.columns)
    assert loaded.metadata.metadata["model_id"] == model.info["model_id"]


def test_it_holds_no_code(tmp_path: Path) -> None:
    save_pyfunc(tmp_path / "saved")
    files = [file for file in (tmp_path / "saved").rglob("*") if file.is_file()]
    assert len(files) > 3
    assert not [file for file in files if file.suffix in {".pkl", ".pickle", ".py"}]
    example = pyfunc.load_model(str(tmp_path / "saved")).input_example
    assert example is not None
    assert example.to_dict("records") == [EXAMPLE]


FRESH = """
import sys, pandas as pd, mlflow.pyfunc
rows = pd.DataFrame([{"rereferrals": 31.0, "agency_workers": 14.0}])
print(repr(float(mlflow.pyfunc.load_model(sys.argv[1]).predict(rows)["risk"].iloc[0])))
"""


def test_in_a_fresh_process(tmp_path: Path) -> None:
    """A fresh process, from a folder of no source, with the packages that are installed."""
    save_pyfunc(tmp_path / "saved")
    named = (tmp_path / "saved" / "requirements.txt").read_text("utf-8").split()
    assert f"earlywarn=={__version__}" in named
    assert all(name.startswith(("earlywarn==", "mlflow==")) for name in named), named
    environment = {name: told for name, told in os.environ.items() if name != "PYTHONPATH"}
    environment["PYTHONPATH"] = str(Path(earlywarn.__file__).parents[1])
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "ignore", "-c", FRESH, str(tmp_path / "saved")],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    row = pd.DataFrame([{"rereferrals": 31.0, "agency_workers": 14.0}])
    assert float(done.stdout) == score_batch(row)["risk"].iloc[0]


def test_something_is_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there already"):
        save_pyfunc(tmp_path)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="the server can't be stopped as a group here")
def test_served_over_http(tmp_path: Path) -> None:
    save_pyfunc(tmp_path / "saved")
    rows = [
        {"la_code": "383", "rereferrals": 31.0, "agency_workers": 14.0},
        {"la_code": "999", "rereferrals": 31.0, "agency_workers": 14.0},
    ]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["models", "serve", "-m", str(tmp_path / "saved"), "--env-manager", "local"]
    log = tmp_path / "log.txt"
    with log.open("wb") as stream:
        server = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "mlflow", *command, "--port", str(port)],
            cwd=tmp_path, stdout=stream, stderr=stream, start_new_session=True,
            env=server_environment(),
        )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", server, log)
        found = posted(f"http://127.0.0.1:{port}/invocations", {"dataframe_records": rows})
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # MLflow starts a server of its own
        server.wait(30)
    expected = score_batch(rows)
    assert [row["status"] for row in found] == expected["status"].tolist()
    assert found[0]["risk"] == expected["risk"].iloc[0]
    assert found[0]["band"] == expected["band"].iloc[0]
    assert found[1]["band"] == ""


def server_environment() -> dict[str, str]:
    """MLflow starts uvicorn by its name: this interpreter's own, activated or not, comes first."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    package = str(Path(earlywarn.__file__).parents[1])
    return os.environ | {"PATH": programs, "PYTHONPATH": package}


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"it ended before it answered:\n{end_of(log)}")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"it did not answer in time:\n{end_of(log)}")


def end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]


def test_a_server_that_ends_early_shows_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("no such model", encoding="utf-8")
    server = subprocess.Popen([sys.executable, "-c", ""])
    server.wait(60)
    with pytest.raises(pytest.fail.Exception, match="ended before it answered:\nno such model"):
        wait_for("http://127.0.0.1:9/ping", server, log)


def posted(address: str, content: dict[str, object]) -> list[dict[str, object]]:
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(content).encode(), kind)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
        return list(json.load(answer)["predictions"])
