"""Fetching against a replica of the services, whatever they answer."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from tests.fetching import replica as faults
from tests.fetching.example import CIN, WORKFORCE, example, table
from tests.fetching.replica import DataSet, Replica, Version, serving

from earlywarn.errors import FetchError, UsageError
from earlywarn.fetching import store as store_module
from earlywarn.fetching.fetch import fetch_published
from earlywarn.fetching.service import version_order
from earlywarn.fetching.store import Fetching

TODAY = date(2026, 3, 1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Replica]:
    with serving(example(tmp_path)) as replica:
        yield replica


def bring(replica: Replica, out: Path, **options: Any) -> Fetching:
    waits: list[float] = options.pop("waits", [])
    return fetch_published(out, today=TODAY, pause=waits.append, **(replica.addresses | options))


def manifest(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return found


def tree(out: Path) -> dict[str, bytes]:
    files = (path for path in out.rglob("*") if path.is_file())
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_every_version_is_kept_as_it_came_below_its_day(service: Replica, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = bring(service, out)
    assert result.failed == []
    assert len(result.new) == 12
    files = manifest(out)["files"]
    c1 = [item for item in files if item.get("data_set") == "c1-0000-aaaa"]
    assert [(item["version"], item["published"]) for item in c1] == [
        ("1.0", "2024-10-31"),
        ("2.0", "2025-10-30"),
    ]
    for item, version in zip(c1, service.data_set("c1-0000-aaaa").versions, strict=True):
        content = (out / item["file"]).read_bytes()
        assert item["file"].startswith(f"{item['published']}/")
        assert content == version.csv
        assert (item["bytes"], item["sha256"]) == (
            len(content),
            hashlib.sha256(content).hexdigest(),
        )
        assert item["address"].endswith(f"/csv?dataSetVersion={version.number}")
        assert item["table"] == "C1"
    assert all("earlywarn/" in agent for agent in service.agents)


def test_workforce_comes_from_the_files_of_its_releases(service: Replica, tmp_path: Path) -> None:
    bring(service, tmp_path / "out")
    found = tree(tmp_path / "out")
    assert "2025-02-27/csww_indicators_2024.csv" in found
    # The page of 2025 names no day: that of the release calendar stands.
    assert "2026-03-19/csww_indicators_2025.csv" in found
    assert not any("other" in name or "escape" in name for name in found)
    assert ".releases/2025-02-27-release-2024.zip" in found
    days = {
        item["version"]: item["published_from"]
        for item in manifest(tmp_path / "out")["files"]
        if "members" in item
    }
    assert days == {"release-2024": "the release's page", "release-2025": "the release calendar"}


def test_the_second_run_fetches_nothing(service: Replica, tmp_path: Path) -> None:
    bring(service, tmp_path / "out")
    before = tree(tmp_path / "out")
    service.asked.clear()
    again = bring(service, tmp_path / "out")
    assert (again.new, again.kept) == ([], 12)
    assert service.files_asked() == []
    assert tree(tmp_path / "out") == before


def test_only_a_new_version_is_fetched(service: Replica, tmp_path: Path) -> None:
    bring(service, tmp_path / "out")
    more = table(
        tmp_path / "x", "C1", range(2022, 2026), cells={("201", 2025): {"referral_count": "c"}}
    )
    service.data_set("c1-0000-aaaa").versions.append(Version("2.0.1", "2025-12-01T09:30:00Z", more))
    service.asked.clear()
    new = bring(service, tmp_path / "out").new
    assert [(item["version"], item["published"]) for item in new] == [("2.0.1", "2025-12-01")]
    assert len(service.files_asked()) == 1


def test_a_trial_run_writes_nothing(service: Replica, tmp_path: Path) -> None:
    result = bring(service, tmp_path / "out", dry_run=True)
    assert len(result.new) == 12
    assert not (tmp_path / "out").exists()


def test_since_leaves_older_versions(service: Replica, tmp_path: Path) -> None:
    new = bring(service, tmp_path / "out", since=date(2025, 10, 1)).new
    assert {item["published"] for item in new} == {"2025-10-30", "2026-03-19"}


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_busy_service_is_asked_again_with_growing_pauses(
    service: Replica, tmp_path: Path, code: int
) -> None:
    service.faults += [("c1-0000-aaaa/csv", faults.status(code))] * 4
    waits: list[float] = []
    assert bring(service, tmp_path / "out", waits=waits).failed == []
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_a_wait_that_is_asked_for_is_kept(service: Replica, tmp_path: Path) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    service.faults += [
        ("publications\\?", faults.status(429, Retry_After="7")),
        ("publications\\?", faults.status(503, Retry_After=then)),
    ]
    waits: list[float] = []
    bring(service, tmp_path / "out", waits=waits)
    assert waits[0] == 7.0
    assert 95 < waits[1] <= 100


def test_a_wait_of_days_ends_in_one_clear_line(service: Replica, tmp_path: Path) -> None:
    service.faults += [("publications\\?", faults.status(429, Retry_After="90000"))]
    failed = bring(service, tmp_path / "out").failed
    assert "longer wait" in failed[0]


@pytest.mark.parametrize("fault", [faults.cut, faults.wrong_length, faults.cut_in_silence])
def test_what_is_cut_off_is_fetched_again(
    service: Replica, tmp_path: Path, fault: faults.Fault
) -> None:
    bring(service, tmp_path / "whole")
    # The first request for a file reads its header, the next ones bring versions 1.0 and 2.0.
    service.faults += [("D3-id/csv.*=1.0", fault), ("D3-id/csv.*=1.0", fault)]
    assert bring(service, tmp_path / "out").failed == []
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    assert service.faults == []


@pytest.mark.parametrize("code", [400, 401, 404, 418])
def test_a_refusal_is_said_and_the_rest_goes_on(
    service: Replica, tmp_path: Path, code: int
) -> None:
    service.faults += [("pub-cla/data-sets", faults.status(code))]
    result = bring(service, tmp_path / "out")
    assert len(result.new) == 10
    assert len(result.failed) == 1
    assert f"status {code}: To order" in result.failed[0]


def test_a_version_withdrawn_between_two_calls_is_noted(service: Replica, tmp_path: Path) -> None:
    service.data_set("D5-id").versions[0].forbidden = True
    result = bring(service, tmp_path / "out")
    assert (len(result.new), result.failed) == (11, [])
    assert any("D5 table 1.0 is withdrawn" in note for note in result.notes)


def test_a_version_withdrawn_later_keeps_its_file(service: Replica, tmp_path: Path) -> None:
    bring(service, tmp_path / "out")
    service.data_set("D5-id").versions[0].status = "Withdrawn"
    result = bring(service, tmp_path / "out")
    assert any("withdrawn after it was fetched" in note for note in result.notes)
    assert bring(service, tmp_path / "out").notes == []


def test_thirty_pages(service: Replica, tmp_path: Path) -> None:
    first = dict(service.publications)
    service.publications = {f"p{n}": (f"Publication {n}", f"p{n}", []) for n in range(590)} | first
    versions = service.data_set("B1-id").versions
    content = versions[0].csv
    versions[:0] = [
        Version(f"0.{n}", f"2020-01-{n % 28 + 1:02d}T09:30:00Z", content) for n in range(1, 25)
    ]
    result = bring(service, tmp_path / "out")
    assert len(result.new) == 36
    assert sum("/publications?" in path for path in service.asked) == 30


def test_versions_are_compared_as_numbers() -> None:
    numbers = ["10.0", "2.0", "2.0.1", "1.12", "1.2"]
    assert sorted(numbers, key=version_order) == ["1.2", "1.12", "2.0", "2.0.1", "10.0"]
    with pytest.raises(FetchError, match="not a version"):
        version_order("2.*")


def test_of_two_versions_of_a_day_the_reader_sees_the_newer(
    service: Replica, tmp_path: Path
) -> None:
    versions = service.data_set("D3-id").versions
    versions.append(Version("2.0.1", "2025-10-30T16:00:00Z", versions[-1].csv))
    bring(service, tmp_path / "out")
    names = [name for name in tree(tmp_path / "out") if "d3-table" in name]
    assert min(names) == ".superseded/2025-10-30/d3-table-v2.0-D3-id.csv"
    assert "2025-10-30/d3-table-v2.0.1-D3-id.csv" in names


def test_a_renamed_column_is_named_and_the_file_kept(service: Replica, tmp_path: Path) -> None:
    versions = service.data_set("D3-id").versions
    versions[-1].csv = versions[-1].csv.replace(b"CPP_subsequent_percent", b"CPP_again_percent")
    result = bring(service, tmp_path / "out")
    assert any("cpp_subsequent_percent" in note for note in result.notes)
    assert len(result.new) == 12


def test_a_table_that_moves_to_the_api(service: Replica, tmp_path: Path) -> None:
    bring(service, tmp_path / "out")
    csww = table(tmp_path / "x", "CSWW", range(2022, 2027))
    moved = DataSet("csww-id", "Workforce", [Version("1.0", "2026-02-20T09:30:00Z", csww)])
    service.publications["w"] = ("Children\u2019s social work workforce", WORKFORCE, [moved])
    new = bring(service, tmp_path / "out").new
    assert [item.get("data_set") for item in new] == ["csww-id"]
    # Whoever begins after the move has the releases before it from their files.
    fresh = bring(service, tmp_path / "fresh")
    assert sum("members" in item for item in fresh.new) == 2


def test_a_data_set_that_stops_goes_on_by_the_files(service: Replica, tmp_path: Path) -> None:
    later = table(tmp_path / "x", "CLA", range(2022, 2027))
    service.releases["cla-slug", 2026] = (
        "cla-2026",
        "2026-02-01T09:30:00Z",
        {"data/cla_2026.csv": later},
    )
    bring(service, tmp_path / "out")
    assert tree(tmp_path / "out")["2026-02-01/cla_2026.csv"] == later
    # The shipped calendar has no day for that year: the folder's own gives it.
    calendar = (tmp_path / "out" / "releases.csv").read_text(encoding="utf-8")
    assert "cla,2026,,2026-02-01,day,the release's page" in calendar


@pytest.mark.parametrize(
    ("pattern", "answer", "said"),
    [
        ("publications\\?", b"<html>", "not a JSON object"),
        ("publications\\?", b'{"results": []}', "expected paging and results"),
        ("pub-cin/data-sets", b'{"paging": {"page": 1}, "results": []}', "paging.totalPages"),
        ("find-statistics/children-s.*2024", b"<html>no block</html>", "__NEXT_DATA__"),
        ("c1-0000-aaaa/versions", b"[1]", "not a JSON object"),
    ],
)
def test_an_answer_of_another_form_is_never_guessed_at(
    service: Replica, tmp_path: Path, pattern: str, answer: bytes, said: str
) -> None:
    service.faults += [(pattern, faults.plain(answer))]
    failed = bring(service, tmp_path / "out").failed
    assert any(said in line for line in failed)


def test_a_status_that_is_not_known_is_refused(service: Replica, tmp_path: Path) -> None:
    service.data_set("c1-0000-aaaa").versions[0].status = "Archived"
    failed = bring(service, tmp_path / "out").failed
    assert len(failed) == 1
    assert "'Archived'" in failed[0]


def test_what_is_too_large_when_unpacked_is_refused(service: Replica, tmp_path: Path) -> None:
    large = b"time_period,geographic_level,old_la_code\n" + b"0,0,0\n" * 400_000
    service.data_set("c1-0000-aaaa").versions[0].csv = large
    result = bring(service, tmp_path / "out", size_limit=300_000)
    assert len(result.failed) == 1
    assert "unpacked that is too large" in result.failed[0]
    assert not list((tmp_path / "out").rglob("*.part"))


def test_a_slow_answer_ends_at_the_time_limit(service: Replica, tmp_path: Path) -> None:
    def slow(handler: Any, body: bytes) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for position in range(8):
            handler.wfile.write(body[position : position + 1])
            handler.wfile.flush()
            time.sleep(0.05)
        return True

    service.faults += [("publications\\?", slow)] * 6
    failed = bring(service, tmp_path / "out", time_limit=0.2).failed
    assert "no answer in 6 tries" in failed[0]


def test_no_service_at_the_address(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    waits: list[float] = []
    result = fetch_published(
        tmp_path / "out", api=nowhere, site=nowhere, content=nowhere, pause=waits.append
    )
    assert "no answer in 6 tries" in result.failed[0]
    assert "no answer: " not in result.failed[0]
    assert all("no answer" in fault and "in 6" not in fault for fault in result.failed[1:])
    assert waits == [1, 2, 4, 8, 16], "a run without a network is patient once"
    with pytest.raises(UsageError, match="not a limit"):
        fetch_published(tmp_path / "out", time_limit=0)


def test_ofsteds_file_from_an_address_is_fetched_once(service: Replica, tmp_path: Path) -> None:
    service.other["outcomes.ods"] = b"PK\x03\x04 a workbook"
    service.etag = '"one"'
    address = f"{service.url}/other/outcomes.ods"
    assert len(bring(service, tmp_path / "out", ofsted=address).new) == 13
    assert bring(service, tmp_path / "out", ofsted=address).new == []
    service.other["outcomes.ods"], service.etag = b"PK\x03\x04 a newer one", '"two"'
    assert len(bring(service, tmp_path / "out", ofsted=address).new) == 1
    assert (tmp_path / "out/ofsted/outcomes.ods").read_bytes() == b"PK\x03\x04 a newer one"


def test_a_host_that_has_answered_is_asked_as_patiently_as_before(
    service: Replica, tmp_path: Path
) -> None:
    service.faults += [("publications\\?", faults.status(503))] * 2
    other = "http://127.0.0.1:9/outcomes.ods"
    waits: list[float] = []
    result = bring(service, tmp_path / "out", ofsted=other, waits=waits)
    assert len(result.failed) == 1
    assert "Ofsted's file" in result.failed[0]
    assert waits == [1, 2, 1, 2, 4, 8, 16]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.xlsx", "no such file"),
        ("outcomes.pdf", "not the name of a file of judgements"),
        ("", "no file can have this name"),
        (3, "not a path"),
    ],
)
def test_ofsteds_file_is_looked_at_before_anything_is_fetched(
    service: Replica, tmp_path: Path, name: Any, problem: str
) -> None:
    with pytest.raises(FetchError, match=problem):
        bring(service, tmp_path / "out", ofsted=name)
    assert not service.asked


def test_a_page_in_place_of_ofsteds_file_is_refused(service: Replica, tmp_path: Path) -> None:
    service.other["outcomes.ods"] = b"<!doctype html>"
    failed = bring(service, tmp_path / "out", ofsted=f"{service.url}/other/outcomes.ods").failed
    assert "not the file that its name promises" in failed[0]


@pytest.mark.parametrize(
    ("moment", "fault", "raised"),
    [
        (
            1,
            OSError(errno.EIO, "I/O error"),
            pytest.raises(FetchError, match="it can't be written"),
        ),
        (6, KeyboardInterrupt(), pytest.raises(KeyboardInterrupt)),
        (13, KeyboardInterrupt(), pytest.raises(KeyboardInterrupt)),
    ],
)
def test_a_run_that_fails_at_any_write_is_gone_on_with(
    service: Replica,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: int,
    fault: BaseException,
    raised: AbstractContextManager[object],
) -> None:
    bring(service, tmp_path / "whole")
    writes = 0
    real = store_module.write_whole

    def failing(*given: Any, **more: Any) -> None:
        nonlocal writes
        writes += 1
        if writes == moment:
            raise fault
        real(*given, **more)

    monkeypatch.setattr(store_module, "write_whole", failing)
    with raised:
        bring(service, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.part"))
    monkeypatch.setattr(store_module, "write_whole", real)
    bring(service, tmp_path / "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@pytest.mark.skipif(os.name == "nt", reason="a process is killed by another means there")
@pytest.mark.parametrize("after", [3, 20])
def test_a_killed_run_is_gone_on_with(service: Replica, tmp_path: Path, after: int) -> None:
    bring(service, tmp_path / "whole")
    service.asked.clear()
    code = (
        "import sys; from datetime import date\n"
        "from earlywarn.fetching.fetch import fetch_published as fetch\n"
        "out, api, site, content = sys.argv[1:]\n"
        "fetch(out, api=api, site=site, content=content, today=date(2026, 3, 1))"
    )
    process = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, str(tmp_path / "out"), *service.addresses.values()]
    )
    while len(service.asked) < after and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    bring(service, tmp_path / "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_damaged_file_is_fetched_again(service: Replica, tmp_path: Path) -> None:
    bring(service, tmp_path / "out")
    before = tree(tmp_path / "out")
    next((tmp_path / "out").glob("2025-10-30/c1*.csv")).write_bytes(b"cut")
    assert len(bring(service, tmp_path / "out").new) == 1
    assert tree(tmp_path / "out") == before


def test_a_foreign_manifest_is_refused(service: Replica, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FetchError, match="not a manifest of fetched files"):
        bring(service, tmp_path)


def test_the_table_of_another_title_is_found_by_its_columns(
    service: Replica, tmp_path: Path
) -> None:
    service.data_set("c1-0000-aaaa").title = "Something else"
    _, _, sets = service.publications[CIN]
    service.publications["renamed"] = ("Characteristics of children in need", "x", sets)
    del service.publications[CIN]
    assert len(bring(service, tmp_path / "out").new) == 12
