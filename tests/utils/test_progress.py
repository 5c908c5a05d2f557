"""How far long work has come: a bar on a terminal, plain lines otherwise, nothing on request."""

from __future__ import annotations

import functools
import importlib
import os
import re
import subprocess
import sys
from datetime import date, timedelta

import pytest
from tests.helpers.published import write_table

import earlywarn as ew
from earlywarn.cli.parser import main
from earlywarn.errors import DataQualityWarning
from earlywarn.model import training

UNTIL = "2016-06-01"
TITLES = {
    "build": ("Checking each file", "Reading each table's figures"),
    "train": (
        "Describing each inspection as known at its start",
        "Refitting, to measure how uncertain",
    ),
    "report": ("Scoring England year by year", "Drawing the authorities"),
}
"""What each command goes through, one by one."""


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads")
    for table in ("ONS", "B1"):
        write_table(folder, table, (2025,))
    return folder


@pytest.fixture(scope="module")
def known(downloads, tmp_path_factory):
    """What the invented figures are held against: themselves, so that nothing is said of them."""
    folder = tmp_path_factory.mktemp("known") / "panel"
    with pytest.warns(DataQualityWarning, match="is known to say"):
        ew.write_panel(ew.read_published(downloads), folder)
    return folder


@pytest.fixture
def arguments(downloads, known, tmp_path):
    out = str(tmp_path / "panel")
    return {
        "build": ["build", str(downloads), "--known", str(known), "--out", out],
        "train": ["train", "--until", UNTIL, "--out", str(tmp_path / "model")],
        "report": ["report", "--authority", "Leeds", "--out", str(tmp_path / "report.html")],
    }


def on_a_terminal(arguments) -> str:
    """All that a command writes to standard error, which is a terminal."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "earlywarn", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as running:  # noqa: S603 - our own command
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # Linux's way to say that the other end was closed
            pass
    os.close(ours)
    told = b"".join(parts).decode()
    assert running.returncode == 0, told
    return told


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals to open here")
@pytest.mark.parametrize("command", TITLES)
def test_a_terminal_shows_a_bar_for_each_part_of_the_work(arguments, command):
    told = on_a_terminal(arguments[command])
    for title in TITLES[command]:
        assert re.search(rf"\r{title}[^\r]*: +\d+%\|[# 0-9]+\| \d+/\d+ ", told), (title, told)
    last = [line.rsplit("\r", 1)[-1] for line in told.replace("\r\n", "\n").split("\n")]
    assert not any("%|" in line for line in last), "a bar was left behind"
    if command == "train":  # the longest of them: it has to be seen to move
        done = [int(count) for count in re.findall(r"Refitting[^\r]*\| (\d+)/500 ", told)]
        assert len(done) > 2
        assert done == sorted(done)
        assert done[-1] > 250


@pytest.fixture
def few_items(monkeypatch):
    """Only what is said is looked at here: three refits and one earlier year are work enough."""
    monkeypatch.setattr(ew, "train", functools.partial(training.train, refits=3), raising=False)
    history = importlib.import_module("earlywarn.report.risk_history")  # not the function
    monkeypatch.setattr(history, "FIRST_DAY", date.today() - timedelta(days=400))  # noqa: DTZ011


@pytest.mark.parametrize("command", TITLES)
def test_elsewhere_there_are_plain_lines(arguments, capsys, few_items, command):
    assert main(arguments[command]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err
    assert "%|" not in err
    for title in TITLES[command]:
        assert re.search(rf"^{title}.* \(\d+\)$", err, re.MULTILINE), err


@pytest.mark.parametrize("command", TITLES)
def test_quiet_is_silent(arguments, capfd, few_items, command):
    assert main([*arguments[command], "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")


def test_callers_in_python_hear_nothing(downloads, known, capfd):
    panel = ew.read_published(downloads, known=ew.load_panel(known))
    ew.train(ew.load_panel(), ew.load_judgements(), until=UNTIL, refits=2)
    assert len(panel.observations)
    assert capfd.readouterr() == ("", "")
