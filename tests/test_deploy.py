"""What is deployed: pinned files and the list of parts agree with each other and the project."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools.pinned import DEPLOY, EXTRAS, SBOM

from earlywarn._version import __version__

PROJECT = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = sorted(DEPLOY.glob("requirements-*.txt"))
PINNED = re.compile(r"([a-z0-9.-]+)==([^\s]+) \\\n    --hash=sha256:([0-9a-f]{64})\n")


def pins(file: Path) -> dict[str, tuple[str, str]]:
    """The version and the digest of each package, and nothing else in the file but comments."""
    text = file.read_text(encoding="utf-8")
    rest = PINNED.sub("", text).splitlines()
    assert all(line.startswith("#") for line in rest), rest
    found = {name: (version, digest) for name, version, digest in PINNED.findall(text)}
    assert list(found) == sorted(found)
    return found


@pytest.fixture(scope="module")
def sbom() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(SBOM.read_text(encoding="utf-8"))
    return whole


def asked_for() -> list[Requirement]:
    """What the project and the extras of a service require on any system."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for name in EXTRAS for line in extras[name])]
    return [Requirement(line) for line in lines]


def test_there_is_a_file() -> None:
    assert [file.name for file in FILES] == ["requirements-linux-x86_64-py311.txt"]
    assert set(EXTRAS) <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_requirement_is_pinned_within_its_bounds(file: Path) -> None:
    found = pins(file)
    for one in asked_for():
        version, _ = found[canonicalize_name(one.name)]
        assert one.specifier.contains(version), f"{one} is not met by {version}: make {file} again"


@pytest.mark.parametrize("file", [*FILES, SBOM], ids=lambda file: file.name)
def test_no_index_and_no_place_is_named(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("http://cyclonedx.org/schema/", "")
    assert "://" not in text
    assert not re.search(r"index-url|find-links|/(root|home|opt|tmp|Users)/", text)


def test_the_list_of_parts_is_of_this_version(sbom: dict[str, Any]) -> None:
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    own = sbom["metadata"]["component"]
    assert (own["name"], own["version"]) == ("earlywarn", __version__)
    assert "timestamp" not in sbom["metadata"]


def test_the_list_of_parts_holds_what_is_pinned(sbom: dict[str, Any]) -> None:
    parts = {
        part["name"]: (part["version"], part["hashes"][0]["content"]) for part in sbom["components"]
    }
    assert parts == pins(DEPLOY / "requirements-linux-x86_64-py311.txt")
    assert all(part["purl"].startswith("pkg:pypi/") for part in sbom["components"])
    assert all(part["licenses"] for part in sbom["components"])


def test_each_part_is_there_because_something_needs_it(sbom: dict[str, Any]) -> None:
    needs = {one["ref"]: one.get("dependsOn", []) for one in sbom["dependencies"]}
    reached: set[str] = set()
    new = {f"earlywarn=={__version__}"}
    while new:
        reached |= new
        new = {need for ref in new for need in needs[ref]} - reached
    assert reached == {f"earlywarn=={__version__}", *(p["bom-ref"] for p in sbom["components"])}
