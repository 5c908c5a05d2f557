"""Write what a deployment installs, with its hashes, and the list of its parts (SBOM).

    python -m tools.pinned

asks pip what it would install for earlywarn with the extras of a service, on the system and Python
that run this, and writes two files in `deploy/`: the requirements, each with the version and
SHA-256 that pip chose, and the same parts in CycloneDX format. Neither names an index or a path on
this machine, and both are the same bytes if nothing has changed. Needs a package index, and
`cyclonedx-python-lib` and `packaging`.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
EXTRAS = ("data", "refresh", "report", "serve")
"""The extras of a service that is kept up to date; engines and MLflow have other environments."""
SBOM = DEPLOY / "sbom.json"
Part = dict[str, Any]


def place() -> str:
    """The system and the Python that the wheels are for."""
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    return f"{platform.system()}-{platform.machine()}-{python}".lower()


def asked() -> tuple[Part, list[Part]]:
    """What pip would install: earlywarn itself, and the others by name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        options = ["--quiet", "--prefer-binary", "--report", str(report)]
        subprocess.run(  # noqa: S603 - our own command
            [*command, *options, f"{ROOT}[{','.join(EXTRAS)}]"], check=True, stderr=subprocess.PIPE
        )
        parts = json.loads(report.read_text(encoding="utf-8"))["install"]
    own = next(part for part in parts if name_of(part) == "earlywarn")
    rest = sorted((part for part in parts if part is not own), key=name_of)
    return own, rest


def name_of(part: Part) -> str:
    """The name of a package as in indexes."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415 - only this tool needs it

    return str(canonicalize_name(part["metadata"]["name"]))


def sha256_of(part: Part) -> str:
    """The digest of the file that pip chose."""
    return str(part["download_info"]["archive_info"]["hashes"]["sha256"])


def requirements(parts: list[Part]) -> str:
    """The text of the requirements file."""
    head = f"""\
# What earlywarn[{",".join(EXTRAS)}] needs, each version with the SHA-256 of its file.
# Made by `python -m tools.pinned` for {place()} and no other: wheels of compiled packages differ by
# system and Python, so pip refuses these elsewhere. Make the file again there.
#   python -m pip install --require-hashes --no-deps -r deploy/{file_name()}
#   python -m pip install --no-deps earlywarn-VERSION-py3-none-any.whl
"""
    lines = [
        f"{name_of(part)}=={part['metadata']['version']} \\\n    --hash=sha256:{sha256_of(part)}\n"
        for part in parts
    ]
    return head + "".join(lines)


def file_name() -> str:
    """The name of the requirements file."""
    return f"requirements-{place()}.txt"


def sbom(own: Part, parts: list[Part]) -> str:
    """The parts in CycloneDX format."""
    from cyclonedx.model.bom import Bom  # noqa: PLC0415 - only this tool needs it
    from cyclonedx.output import make_outputter  # noqa: PLC0415
    from cyclonedx.schema import OutputFormat, SchemaVersion  # noqa: PLC0415

    components = {name_of(part): component(part) for part in [own, *parts]}
    digests = "\n".join(sha256_of(part) for part in parts)
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, own["metadata"]["version"] + digests))
    bom.metadata.component = components["earlywarn"]
    for part in parts:
        bom.components.add(components[name_of(part)])
    for part in [own, *parts]:
        extras = set(EXTRAS) if part is own else set()
        needs = [components[name] for name in needed(part, extras) if name in components]
        bom.register_dependency(components[name_of(part)], needs)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string()
    whole = json.loads(text)
    del whole["metadata"]["timestamp"]  # the same parts are the same bytes
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def component(part: Part) -> Any:
    """One package, with its licence and the digest of its file."""
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415 - only this tool needs it
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from packageurl import PackageURL  # noqa: PLC0415

    name, version = name_of(part), part["metadata"]["version"]
    archive = part["download_info"].get("archive_info")
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=sha256_of(part))] if archive else []
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY if archive else ComponentType.APPLICATION,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", None, name, version),
        licenses=licences(part["metadata"]),
        hashes=hashes,
    )


def licences(metadata: Part) -> list[Any]:
    """The licence given by the package: its expression, or else its classifiers or its text."""
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression  # noqa: PLC0415

    if metadata.get("license_expression"):
        return [LicenseExpression(metadata["license_expression"])]
    said = [line for line in metadata.get("classifier", []) if line.startswith("License ::")]
    names = [line.rpartition(" :: ")[2] for line in said]
    word = metadata.get("license", "")
    names = names or ([word] if word and len(word) < 60 else [])
    return [DisjunctiveLicense(name=name) for name in names]


def needed(part: Part, extras: set[str]) -> list[str]:
    """What a package needs on this system, by name."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - only this tool needs it
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    found = []
    for line in part["metadata"].get("requires_dist", []):
        one = Requirement(line)
        chosen = ({"extra": extra} for extra in sorted({"", *extras}))
        if one.marker is None or any(one.marker.evaluate(extra) for extra in chosen):
            found.append(str(canonicalize_name(one.name)))
    return sorted(set(found) - {"earlywarn"})


def main() -> None:
    """Write both files."""
    own, parts = asked()
    DEPLOY.mkdir(exist_ok=True)
    for file, text in ((DEPLOY / file_name(), requirements(parts)), (SBOM, sbom(own, parts))):
        file.write_text(text, encoding="utf-8", newline="\n")
        print(f"{file.relative_to(ROOT)}: {len(parts)} packages")


if __name__ == "__main__":
    main()
