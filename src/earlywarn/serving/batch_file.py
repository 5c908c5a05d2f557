"""Score files larger than memory: in chunks, written completely or not at all, and resumable."""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib

from earlywarn._version import __version__
from earlywarn.errors import EarlyWarnError, LeftBehindWarning, RowsWarning, ScoreError, UsageError
from earlywarn.model.serialisation import identity
from earlywarn.scoring.batch import score_rows
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.scoring.doubts import Seen
from earlywarn.scoring.predictions import SCORED
from earlywarn.scoring.reference import Reference
from earlywarn.serving.chunks import (
    CHUNK,
    PARTS,
    as_cells,
    check_ending,
    encode,
    give_back_memory,
    read_chunks,
)
from earlywarn.serving.csv_parts import csv_bytes
from earlywarn.serving.done_before import counts_of_done
from earlywarn.serving.joining import joined, packed
from earlywarn.serving.work_folder import WorkFolder, is_whole, unfinished, work_folder
from earlywarn.utils.arguments import whole_number
from earlywarn.utils.file_sets import FileSet, replace_together
from earlywarn.utils.files import check_outputs, unwritable, written_to
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent
from earlywarn.utils.workers import check_jobs, parallel

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.serving.chunks import Chunk
    from earlywarn.serving.work_folder import Part

_REFUSED = "refused.csv"


@dataclass(frozen=True)
class BatchResult:
    """The result of a batch.

    Parameters
    ----------
    out, refused_rows : Path
        The two files written.
    rows, refused : int
        The number of rows, and how many of them could not be scored.
    done_before : bool
        Whether there was nothing left to do, because both files are those of an earlier call.
    """

    out: Path
    refused_rows: Path
    rows: int
    refused: int
    done_before: bool = False


@dataclass(frozen=True)
class _Job:
    """What every chunk is scored with."""

    work: WorkFolder
    ending: str
    model: RiskModel
    explain: bool

    def file(self, number: int, ending: str = "") -> str:
        return f"{number:08d}{ending or PARTS.get(self.ending, self.ending)}"

    @property
    def whole(self) -> Path:
        return self.work.file(f"whole{self.ending}")

    @property
    def refused(self) -> Path:
        return self.work.file(_REFUSED)


def score_file(  # noqa: PLR0913 - one per choice on the command line
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
    """Score a file of rows, and write the scores to another file, a chunk at a time.

    Parameters
    ----------
    source : path
        CSV, Parquet (a file, or a folder partitioned ``name=value``) or JSON lines.
    out : path
        Ending in ``.csv``, ``.parquet``, ``.jsonl`` or ``.ndjson``. The refused rows go to a file
        next to it, named after it and ending in ``.refused.csv``.
    model : RiskModel, optional
        Default: the model that ships with the package.
    explain : bool
        Whether to add contributions and drivers.
    chunk : int
        Number of rows at a time.
    resume : bool
        Whether to resume an interrupted call with the same input, model and options.
    overwrite : bool
        Whether an existing output may be replaced.
    jobs : int
        Number of processes; -1 for one per core.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    BatchResult

    Raises
    ------
    UsageError
        If the output can't be written, another run is writing it, or the unfinished work there is
        of another job.
    ScoreError
        If the rows can't be read, none of their columns is known, or the file was changed while it
        was read.

    Notes
    -----
    Finished chunks are kept in a hidden folder next to the output, and put together at the end.
    Until then there is no output; a process killed at any moment leaves none. The folder has one
    owner at a time. Each part carries a digest of itself and of the job (input, model, options,
    version): one that is incomplete, or from another job, is never used, but computed again.
    """
    source, out = as_path(source, "source"), as_path(out, "out")
    progress = progress_or_silent(progress)
    _check(source, out, chunk, jobs)
    # Every output next to its own parts: moving a file within a folder is atomic. The absolute
    # path, since idle worker processes of an earlier call may be in another folder.
    folder = out.absolute().parent / f".{out.name}.parts"
    model = model_or_shipped(model)
    if not (resume and unfinished(folder)):
        if resume and not overwrite and (done := _done_before(source, out, model, explain=explain)):
            return _without_rest(folder, done)
        check_outputs(out, _refused_rows(out), overwrite=overwrite, inputs=[source])
    ticket = _ticket(source, model, explain=explain, chunk=chunk)
    with written_to(out), work_folder(folder, ticket, resume=resume) as work:
        job = _Job(work, out.suffix.lower(), model, explain)
        if not _is_joined(out, job):
            try:
                check_outputs(out, _refused_rows(out), overwrite=overwrite, inputs=[source])
            except UsageError:
                _clear_if_nothing_is_done(job)
                raise
            _fill(source, out, job, ticket, chunk, jobs, progress)
        return _put_in_place(out, job, overwrite=overwrite)


def _check(source: Path, out: Path, chunk: int, jobs: int) -> None:
    check_ending(out)
    check_jobs(jobs)
    whole_number(chunk, "chunk", least=1, problem="not a number of rows")
    check_outputs(out, _refused_rows(out), overwrite=True, inputs=[source])


def _refused_rows(out: Path) -> Path:
    return out.with_name(f"{out.stem}.refused.csv")


def _done_before(source: Path, out: Path, model: RiskModel, *, explain: bool) -> BatchResult | None:
    """An earlier call's result, if both its files are there and are what this call would write."""
    files = (out, _refused_rows(out))
    if not all(file.is_file() for file in files):
        return None
    changed = max((file.stat().st_mtime_ns for file in _files(source)), default=0)
    if not changed or min(file.stat().st_mtime_ns for file in files) < changed:
        return None
    counts = counts_of_done(source, *files, model, explain=explain)
    return BatchResult(*files, *counts, done_before=True) if counts else None


def _without_rest(folder: Path, done: BatchResult) -> BatchResult:
    """The same result, after removing the empty folder that a kill at the very end has left."""
    if folder.is_dir():
        with work_folder(folder, {}, resume=False) as work:
            work.clear()
    return done


def _ticket(source: Path, model: RiskModel, *, explain: bool, chunk: int) -> dict[str, Any]:
    """What identifies the job of an output's parts: only the very same job is resumed."""
    return {
        "version": __version__,
        "input": _digest(source),
        "model": identity(model),
        "explain": explain,
        "chunk": chunk,
    }


def _digest(source: Path) -> str:
    digest = hashlib.sha256()
    try:
        for file in _files(source):
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
            digest.update(f"{file.relative_to(source).as_posix()} {content}\n".encode())
    except OSError as error:
        raise ScoreError(
            "the file can't be read",
            where=str(source),
            found=error.strerror or str(error),
            remedy="Nothing was written.",
        ) from error
    return digest.hexdigest()


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(file for file in source.rglob("*") if file.is_file())
    return [source] if source.is_file() else []


def _fill(
    source: Path,
    out: Path,
    job: _Job,
    ticket: dict[str, Any],
    chunk: int,
    jobs: int,
    progress: Progress,
) -> None:
    """Make the parts and put them together; clear up after an error."""
    try:
        parts, digests = _joined_parts(source, job, chunk, jobs, progress)
        if _digest(source) != ticket["input"]:
            raise ScoreError(
                "the input was changed while it was read",
                where=str(source),
                remedy="Nothing was written. Run it again once nobody writes to the input.",
            )
        _finish(job, parts, digests)
        _warn(parts, job.model)
    except (EarlyWarnError, OSError):
        job.work.clear()
        raise
    except BrokenExecutor as error:
        raise UsageError(
            "the system stopped a worker process, perhaps because it ran out of memory",
            where=str(out),
            remedy="Carry on with --resume and fewer --jobs; what is done is kept.",
        ) from error
    except KeyboardInterrupt as stop:
        if _clear_if_nothing_is_done(job):
            raise
        kept = f"what is done is kept in {job.work.folder}; --resume carries on with it"
        raise KeyboardInterrupt(kept) from stop


def _clear_if_nothing_is_done(job: _Job) -> bool:
    if any(job.work.folder.glob("*[0-9].json")):
        return False
    job.work.clear()
    return True


def _joined_parts(
    source: Path, job: _Job, chunk: int, jobs: int, progress: Progress
) -> tuple[list[Part], dict[str, str]]:
    """Score the chunks, and add each to the outputs while the next ones are scored."""
    parts = []
    scored = contextlib.closing(_parts(source, job, chunk, jobs, progress))
    with joined(job.whole) as whole, joined(job.refused) as refused, scored as done:
        for part in done:
            given, added = part.facts["given"], part.facts["added"]
            for output, names, ending in (
                (whole, [*given, *added], ""),
                (refused, ["row", *given, "status"], ".refused"),
            ):
                piece = job.work.file(job.file(part.number, ending))
                output.add(names, piece, part.digests[piece.name])
            parts.append(part)
    return parts, {job.whole.name: whole.digest, job.refused.name: refused.digest}


def _parts(source: Path, job: _Job, chunk: int, jobs: int, progress: Progress) -> Generator[Part]:
    """Score the chunks: each makes a part, and together they have every row read, in order."""
    rows = 0

    def read() -> Iterator[Any]:
        nonlocal rows
        for number, part in enumerate(read_chunks(source, chunk)):
            rows += len(part.rows)
            yield joblib.delayed(_one)(number, part, job)

    pool = parallel(jobs, return_as="generator", batch_size=1, pre_dispatch="2*n_jobs")
    title = f"Scoring {source.name}, {chunk:,} rows at a time"
    start = 0
    with contextlib.closing(pool(read())) as done:
        for number, part in enumerate(progress.over(done, title)):
            if (part.number, part.start) != (number, start):
                raise _incomplete(source, part.start, start)
            start += part.rows
            yield part
    if start != rows:
        raise _incomplete(source, start, rows)


def _warn(parts: list[Part], model: RiskModel) -> None:
    """Warn of what is doubtful in the rows of all parts."""
    seen = Seen.together([Seen.of_facts(part.facts["seen"]) for part in parts])
    for doubt in seen.said(Reference.of_model(model)):
        warnings.warn(doubt, RowsWarning, stacklevel=2)


def _incomplete(source: Path, seen: int, expected: int) -> ScoreError:
    return ScoreError(
        "the rows scored are not the rows read",
        where=str(source),
        found=f"row {seen:,}",
        expected=f"row {expected:,}",
        remedy="Nothing was written. Run it again.",
    )


def _one(number: int, chunk: Chunk, job: _Job) -> Part:
    """Score one chunk into its part, unless that is done and intact."""
    part = job.work.part(number, chunk.start, len(chunk.rows))
    if part is None:
        part = _score_part(number, chunk, job)
        give_back_memory()
    return part


def _score_part(number: int, chunk: Chunk, job: _Job) -> Part:
    scored, seen = score_rows(chunk.rows, job.model, explain=job.explain)
    given = as_cells(chunk.rows)
    added = scored.iloc[:, given.shape[1] :]
    bad = (added["status"] != SCORED).to_numpy(dtype=bool)
    refused = given[bad].assign(status=added["status"][bad])
    refused.insert(0, "row", chunk.start + 1 + bad.nonzero()[0], allow_duplicates=True)
    facts = {
        "refused": int(bad.sum()),
        "given": [str(name) for name in given.columns],
        "added": list(added.columns),
        "seen": seen.as_facts(),
    }
    files = {
        job.file(number): encode(chunk.rows, added, job.ending),
        job.file(number, ".refused"): packed(csv_bytes(refused)),
    }
    return job.work.add(number, chunk.start, len(added), facts, files)


def _finish(job: _Job, parts: list[Part], digests: dict[str, str]) -> None:
    """Mark both outputs as complete, last of all."""
    rows, refused = (
        sum(part.rows for part in parts),
        sum(part.facts["refused"] for part in parts),
    )
    job.work.finish({"rows": rows, "refused": refused, "digests": digests})


def _outputs(out: Path, job: _Job) -> list[tuple[Path, Path, str]]:
    """Each output, its temporary file and its digest, in the order of moving them.

    Empty if it is not known that all parts have been put together.
    """
    digests = (job.work.finished() or {}).get("digests", {})
    both = ((_refused_rows(out), job.refused), (out, job.whole))
    return [(file, new, digests[new.name]) for file, new in both if new.name in digests]


def _is_joined(out: Path, job: _Job) -> bool:
    """Whether an earlier call joined all parts, and nothing has been changed or lost since."""
    both = _outputs(out, job)
    return bool(both) and all(
        is_whole(new, what) or is_whole(file, what) for file, new, what in both
    )


def _put_in_place(out: Path, job: _Job, *, overwrite: bool) -> BatchResult:
    """Move both files to their places, and clear up the rest."""
    counts = job.work.finished() or {}
    # An interrupted call may have moved them without clearing up the rest.
    moved = {file: new for file, new, what in _outputs(out, job) if not is_whole(file, what)}
    if moved:
        _move(out, moved, job, overwrite=overwrite)
    # The mark that it was finished goes last: if stopped in between, --resume clears the rest.
    try:
        job.work.clear()
    except OSError as error:
        left = f"{out} is whole, but {job.work.folder} could not be removed"
        warnings.warn(f"{left}: {error.strerror or error}", LeftBehindWarning, stacklevel=3)
    return BatchResult(out, _refused_rows(out), counts["rows"], counts["refused"])


def _move(out: Path, moved: dict[Path, Path], job: _Job, *, overwrite: bool) -> None:
    """Move files to their places together; if that fails, all stay as they were before."""
    try:
        check_outputs(*moved, overwrite=overwrite)
        files = FileSet(moved, {new: what for _, new, what in _outputs(out, job)})
        replace_together([files], overwrite=moved if overwrite else (), durable=True)
    except UsageError as fault:
        raise _with_what_is_kept(fault, job) from fault
    except FileExistsError as error:
        raise _with_what_is_kept(unwritable(out, error), job) from error
    except OSError as error:
        raise _not_moved(out, job, error) from error


def _with_what_is_kept(fault: EarlyWarnError, job: _Job) -> UsageError:
    parts = fault.as_dict()
    parts["remedy"] = f"{parts['remedy']} All is scored and kept in {job.work.folder} for --resume."
    return UsageError(parts.pop("problem"), **parts)


def _not_moved(out: Path, job: _Job, error: OSError) -> UsageError:
    return UsageError(
        "all is scored, and can't be put in its place",
        where=str(out),
        found=error.strerror or str(error),
        remedy=f"Correct that, and run it again with --resume: what is done is kept in "
        f"{job.work.folder}.",
    )
