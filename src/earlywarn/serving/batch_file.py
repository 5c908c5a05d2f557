"""Files larger than memory: scored in chunks, written whole or not at all, resumed if stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib

from earlywarn._version import __version__
from earlywarn.errors import EarlyWarnError, UsageError
from earlywarn.model.serialisation import load_model, to_text
from earlywarn.scoring.national import score_batch
from earlywarn.scoring.predictions import SCORED
from earlywarn.serving.chunks import (
    CHUNK,
    as_cells,
    check_ending,
    csv_bytes,
    encode,
    give_back_memory,
    join_parts,
    read_chunks,
)
from earlywarn.utils.files import write_whole
from earlywarn.utils.progress import Progress

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.serving.chunks import Chunk

JOINED = "joined.json"


@dataclass(frozen=True)
class BatchResult:
    """What a batch came to.

    Parameters
    ----------
    out, refused_rows : Path
        The two files written.
    rows, refused : int
        How many rows there were, and how many of them could not be scored.
    """

    out: Path
    refused_rows: Path
    rows: int
    refused: int


@dataclass(frozen=True)
class _Job:
    """What every chunk is treated with."""

    folder: Path
    ending: str
    model: RiskModel
    explain: bool


def score_file(  # noqa: PLR0913 - one a choice that the command line has
    source: str | Path,
    out: str | Path,
    model: RiskModel | None = None,
    *,
    explain: bool = False,
    chunk: int = CHUNK,
    resume: bool = False,
    overwrite: bool = False,
    jobs: int = -1,
    progress: Progress | None = None,
) -> BatchResult:
    """Score a file of rows into another file, a chunk at a time.

    Parameters
    ----------
    source : path
        CSV, Parquet (a file, or a folder partitioned ``name=value``) or JSON lines.
    out : path
        Ending in ``.csv``, ``.parquet``, ``.jsonl`` or ``.ndjson``. The refused rows go to a file
        beside it, named after it and ending in ``.refused.csv``.
    model : RiskModel, optional
        The model that ships if not given.
    explain : bool
        Whether to add contributions and drivers.
    chunk : int
        Rows at a time.
    resume : bool
        Whether to carry on where an earlier call with the same input, model and options was
        stopped.
    overwrite : bool
        Whether an output that is there may be replaced.
    jobs : int
        Processes; -1 is one a core.
    progress : Progress, optional
        What to report to.

    Returns
    -------
    BatchResult

    Raises
    ------
    UsageError
        If the output can't be written, or there is something else to carry on with.
    ScoreError
        If the rows can't be read, or none of their columns means anything.

    Notes
    -----
    Finished chunks are kept in a hidden folder beside the output, and put together at the end.
    Until then there is no output; a process killed at any moment leaves none.
    """
    source, out, progress = Path(source), Path(out), progress or Progress()
    _check(source, out, chunk)
    model = load_model() if model is None else model
    # Every output beside its own parts: moving a file within a folder is done at once or not. The
    # whole path, since processes that an earlier call left waiting may stand in another folder.
    job = _Job(out.absolute().parent / f".{out.name}.parts", out.suffix, model, explain)
    ticket = _ticket(source, job, chunk)
    if resume and _joined(out, job, ticket):
        return _put_in_place(out, job, overwrite=overwrite)
    _check_free(out, overwrite=overwrite)
    _prepare(job, ticket, resume=resume)
    try:
        parts = read_chunks(source, chunk)
        work = (joblib.delayed(_one)(number, part, job) for number, part in enumerate(parts))
        pool = joblib.Parallel(
            n_jobs=jobs, return_as="generator", batch_size=1, pre_dispatch="2*n_jobs"
        )
        told = list(progress.over(pool(work), f"Scoring {source.name}, {chunk:,} rows at a time"))
    except EarlyWarnError:
        shutil.rmtree(job.folder, ignore_errors=True)
        raise
    _join(job, ticket, told)
    return _put_in_place(out, job, overwrite=overwrite)


def _check(source: Path, out: Path, chunk: int) -> None:
    check_ending(out)
    if chunk < 1:
        raise UsageError(
            "not a number of rows", where="chunk", found=str(chunk), expected="1 or more"
        )
    if not out.parent.is_dir():
        raise UsageError("there is no such folder", where=str(out.parent), remedy="Make it first.")
    if out.resolve() == source.resolve() or source.resolve() in out.resolve().parents:
        raise UsageError(
            "the output would be the input", where=str(out), remedy="Choose another name."
        )


def _check_free(out: Path, *, overwrite: bool) -> None:
    if out.exists() and not overwrite:
        raise UsageError(
            "a file is there already",
            where=str(out),
            remedy="Choose another name, or add --overwrite.",
        )


def _ticket(source: Path, job: _Job, chunk: int) -> dict[str, Any]:
    """What the parts of an output belong to: carried on only with the very same."""
    return {
        "version": __version__,
        "input": _digest(source),
        "model": hashlib.sha256(to_text(job.model).encode()).hexdigest(),
        "explain": job.explain,
        "chunk": chunk,
    }


def _digest(source: Path) -> str:
    found = hashlib.sha256()
    for file in _files(source):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        found.update(f"{file.relative_to(source).as_posix()} {content}\n".encode())
    return found.hexdigest()


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(file for file in source.rglob("*") if file.is_file())
    return [source] if source.is_file() else []


def _prepare(job: _Job, ticket: dict[str, Any], *, resume: bool) -> None:
    """Make the folder of parts, or see that the one there is for the same work."""
    file = job.folder / "ticket.json"
    if resume and file.is_file():
        if json.loads(file.read_text("utf-8")) == ticket:
            return
        raise UsageError(
            "the parts that are there belong to other work",
            where=str(job.folder),
            expected="the same input, model, options and version as before",
            remedy="Leave out --resume to start again.",
        )
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir()
    write_whole(file, json.dumps(ticket))


def _one(number: int, chunk: Chunk, job: _Job) -> dict[str, Any]:
    """Score one chunk into its part, unless that is done; what was done is told last of all."""
    part = job.folder / f"{number:08d}{job.ending}"
    told = part.with_suffix(".json")
    if not told.is_file():
        _score_part(part, told, chunk, job)
        give_back_memory()
    return dict(json.loads(told.read_text("utf-8")))


def _score_part(part: Path, told: Path, chunk: Chunk, job: _Job) -> None:
    scored = score_batch(chunk.rows, job.model, explain=job.explain)
    given = as_cells(chunk.rows)
    added = scored.iloc[:, given.shape[1] :]
    bad = (added["status"] != SCORED).to_numpy(dtype=bool)
    refused = given[bad].assign(status=added["status"][bad])
    refused.insert(0, "row", chunk.start + 1 + bad.nonzero()[0], allow_duplicates=True)
    write_whole(part, encode(chunk.rows, added, job.ending))
    write_whole(part.with_suffix(".refused"), csv_bytes(refused))
    summary = {
        "part": part.name,
        "rows": len(added),
        "refused": int(bad.sum()),
        "given": [str(name) for name in given.columns],
        "added": list(added.columns),
    }
    write_whole(told, json.dumps(summary))


def _join(job: _Job, ticket: dict[str, Any], told: list[dict[str, Any]]) -> None:
    """Put the parts together, and say so last of all."""
    parts = [job.folder / part["part"] for part in told]
    given, added = told[0]["given"], told[0]["added"]
    join_parts(
        [part.with_suffix(".refused") for part in parts],
        ["row", *given, "status"],
        job.folder / "refused.csv",
    )
    join_parts(parts, [*given, *added], job.folder / f"whole{job.ending}")
    counts = {name: sum(part[name] for part in told) for name in ("rows", "refused")}
    write_whole(job.folder / JOINED, json.dumps({"ticket": ticket, **counts}))


def _joined(out: Path, job: _Job, ticket: dict[str, Any]) -> bool:
    """Whether this very work was stopped after its parts had been put together."""
    file = job.folder / JOINED
    if not file.is_file() or json.loads(file.read_text("utf-8"))["ticket"] != ticket:
        return False
    return out.exists() or (job.folder / f"whole{job.ending}").exists()


def _put_in_place(out: Path, job: _Job, *, overwrite: bool) -> BatchResult:
    """Move both files into their places, the output last, and clear the rest away."""
    joined = job.folder / JOINED
    counts = json.loads(joined.read_text("utf-8"))
    refused, whole = job.folder / "refused.csv", job.folder / f"whole{job.ending}"
    refused_rows = out.with_name(f"{out.stem}.refused.csv")
    if whole.exists():
        _check_free(out, overwrite=overwrite)
        if refused.exists():
            refused.replace(refused_rows)
        whole.replace(out)
    # What says that it was finished goes last: stopped in between, --resume clears the rest.
    for file in job.folder.iterdir():
        if file != joined:
            file.unlink()
    shutil.rmtree(job.folder, ignore_errors=True)
    return BatchResult(out, refused_rows, counts["rows"], counts["refused"])
