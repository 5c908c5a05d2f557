"""The commands that keep figures, forecasts and the model up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import earlywarn as ew
from earlywarn.cli.inputs import panel_of
from earlywarn.errors import UsageError
from earlywarn.fetching.release_files import CONTENT, SITE
from earlywarn.fetching.service import API
from earlywarn.upkeep.plain import records
from earlywarn.upkeep.retrained import UNCHANGED, largest_changes
from earlywarn.utils.files import check_outputs, write_whole, written_to
from earlywarn.utils.formatting import counted
from earlywarn.utils.progress import reporter

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from earlywarn.cli.options import Commands
    from earlywarn.upkeep.refreshing import Refreshed


ATTENTION = 3
"""The exit code of monitor if something needs attention."""


def _refresh_options(command: ArgumentParser) -> None:
    command.add_argument(
        "--out", required=True, metavar="FOLDER", help="the folder to keep the files in"
    )
    command.add_argument(
        "--since", metavar="DATE", help="only what was published on or after this date"
    )
    command.add_argument("--dry-run", action="store_true", help="show what would be fetched")
    command.add_argument(
        "--build", action="store_true", help="build the panel and show what changed"
    )
    _add_services(command)
    command.add_argument("--quiet", action="store_true", help="print only the result")


def _add_services(command: ArgumentParser) -> None:
    command.add_argument("--api", default=API, metavar="URL", help="the API (default: %(default)s)")
    command.add_argument(
        "--site", default=SITE, metavar="URL", help="the pages (default: %(default)s)"
    )
    command.add_argument(
        "--content", default=CONTENT, metavar="URL", help="the files (default: %(default)s)"
    )
    command.add_argument("--ofsted", metavar="FILE_OR_URL", help="Ofsted's yearly workbook")
    command.add_argument(
        "--time-limit",
        type=float,
        default=900.0,
        metavar="S",
        help="seconds allowed for each answer",
    )
    command.add_argument(
        "--size-limit",
        type=float,
        default=1024.0,
        metavar="MB",
        help="megabytes allowed for each answer",
    )


def _publish_options(command: ArgumentParser) -> None:
    command.add_argument("--to", required=True, metavar="REGISTER", help="the register's folder")
    command.add_argument("--as-of", metavar="DATE", help="the date of the forecast")
    command.add_argument("--model", metavar="M", help="a model folder or file")
    command.add_argument("--panel", metavar="P", help="a panel folder that build wrote")
    command.add_argument(
        "--baselines",
        choices=("judgements", "all"),
        default="judgements",
        help="simple rules to publish alongside it: those that use judgements only (default), "
        "or all, which takes a minute",
    )
    command.add_argument("--replay", action="store_true", help="mark it as computed afterwards")


def _verify_options(command: ArgumentParser) -> None:
    command.add_argument("register", metavar="REGISTER")
    command.add_argument(
        "--judgements", metavar="FILE", help="the actual outcomes (default: what ships)"
    )
    command.add_argument("--out", metavar="FILE.json", help="write the figures and cases as JSON")
    command.add_argument("--overwrite", action="store_true", help="replace what is already there")


def _retrain_options(command: ArgumentParser) -> None:
    command.add_argument("--panel", metavar="P", help="a panel folder that build wrote")
    command.add_argument("--judgements", metavar="FILE", help="judgements to add to the panel's")
    command.add_argument("--against", metavar="MODEL", help="the model in use")
    command.add_argument(
        "--out", metavar="FOLDER", help="write the challenger and an account of it here"
    )
    command.add_argument("--overwrite", action="store_true", help="replace what is already there")
    command.add_argument(
        "--replace",
        action="store_true",
        help="replace --against with it, if the rule proposes that",
    )
    command.add_argument(
        "--first-year",
        type=int,
        default=2016,
        metavar="YEAR",
        help="the first year of the backtest for the numbered checks (default: %(default)s)",
    )
    command.add_argument("--quiet", action="store_true", help="print only the result")


def _monitor_options(command: ArgumentParser) -> None:
    command.add_argument(
        "--out", required=True, metavar="FOLDER", help="the folder for monitor.json and monitor.md"
    )
    command.add_argument(
        "--files",
        metavar="FOLDER",
        help="the folder of refresh; its panel is built if not up to date",
    )
    command.add_argument("--fetch", action="store_true", help="refresh --files first")
    command.add_argument("--panel", metavar="P", help="a panel folder that build wrote")
    command.add_argument("--model", metavar="M", help="a model folder or file")
    command.add_argument("--register", metavar="REGISTER", help="the register of forecasts")
    command.add_argument("--day", metavar="DATE", help="the date to check from (default: today)")
    _add_services(command)
    command.add_argument("--quiet", action="store_true", help="print only the result")


def monitor(chosen: Namespace) -> None:
    """Check everything that goes out of date, and end with 3 if something needs attention."""
    found = ew.monitor(
        chosen.out,
        files=chosen.files,
        fetch=chosen.fetch,
        panel=chosen.panel,
        model=chosen.model,
        register=chosen.register,
        day=chosen.day,
        services=_services(chosen),
        progress=reporter(quiet=chosen.quiet),
    )
    for item in found.items:
        print(f"{item.status}: {item.what}: {item.sentence}")
    if found.needs_attention:
        sys.exit(ATTENTION)


def _services(chosen: Namespace) -> dict[str, Any]:
    return {
        "api": chosen.api,
        "site": chosen.site,
        "content": chosen.content,
        "ofsted": chosen.ofsted,
        "time_limit": chosen.time_limit,
        "size_limit": int(chosen.size_limit * (1 << 20)),
    }


def retrain(chosen: Namespace) -> None:
    """Train a challenger, and print its comparison with the model in use and the proposal."""
    done = ew.retrain(
        panel_of(chosen),
        against=chosen.against,
        out=chosen.out,
        overwrite=chosen.overwrite,
        replace_champion=chosen.replace,
        first_year=chosen.first_year,
        progress=reporter(quiet=chosen.quiet),
    )
    print(done.figures.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    print("Checks, each named after the fault that it looks for:")
    for row in done.checks.to_dict("records"):
        print(f"{row['number']:>3} {row['status']}: {row['title']}: {row['sentence']}")
    moved = largest_changes(done.changes)
    print("The largest changes, in log-odds:" if len(moved) else UNCHANGED)
    if len(moved):
        print(moved.to_string(index=False))
    print(f"Proposed: {done.proposal}. Reason: {done.reason}.")
    for file in done.saved:
        print(f"written: {file}")
    print(_PLACED[done.replaced])


_PLACED = {
    True: "The challenger has replaced the champion.",
    False: "Nothing was replaced: the model in use is unchanged.",
}


def publish(chosen: Namespace) -> None:
    """Append an entry to a register."""
    file = ew.publish(
        chosen.to,
        model=ew.load_model(chosen.model),
        panel=ew.load_panel(chosen.panel),
        as_of=chosen.as_of,
        baselines=chosen.baselines,
        replay=chosen.replay,
    )
    print(f"The entry is {file}.")


def verify(chosen: Namespace) -> None:
    """Check a register, and print how well its entries predicted."""
    if chosen.out is not None:
        check_outputs(Path(chosen.out), overwrite=chosen.overwrite, what="a file")
    came = ew.load_judgements(chosen.judgements) if chosen.judgements else None
    found = ew.verify(chosen.register, came)
    if chosen.out is not None:
        document = {
            "entries": found.entries,
            "without_forecast": found.without_forecast,
            "figures": records(found.figures),
            "cases": records(found.cases),
        }
        text = json.dumps(document, indent=1, allow_nan=False) + "\n"
        with written_to(Path(chosen.out)):
            write_whole(Path(chosen.out), text, overwrite=chosen.overwrite)
    entries = counted(found.entries, "entry", "entries")
    cases = counted(len(found.cases), "inspection is", "inspections are")
    print(f"{entries}, none changed, removed, reordered or inserted.")
    print(
        f"{cases} compared with an entry before; {found.without_forecast} that began since the "
        "first entry have none to be compared with."
    )
    for (kind, event), rows in found.figures.groupby(["kind", "event"]) if len(found.cases) else ():
        ours = rows.iloc[0]
        inspections = counted(ours["inspections"], "inspection")
        print(
            f"\n{kind}: {str(event).replace('_', ' ')}, {inspections}, "
            f"{ours['seen']} seen, {ours['expected']:.1f} expected; median lead "
            f"{counted(round(ours['median_lead_days']), 'day')}"
        )
        print(rows[_SHOWN].to_string(index=False, float_format=lambda value: f"{value:.3f}"))


_SHOWN = [
    *("model", "seen", "expected", "chance_of_as_few", "chance_of_as_many"),
    *("auc", "auc_lower", "auc_upper", "model_less_this", "brier_skill", "log_skill"),
]


def refresh(chosen: Namespace) -> None:
    """Download new figures, and build the panel if asked."""
    if chosen.build and chosen.dry_run:
        raise UsageError("a dry run builds nothing", where="--build", remedy="Leave one out.")
    done = ew.refresh(
        chosen.out,
        since=chosen.since,
        dry_run=chosen.dry_run,
        build=chosen.build,
        **_services(chosen),
        progress=reporter(quiet=chosen.quiet),
    )
    verb = "would be fetched" if chosen.dry_run else "fetched"
    for row in done.new.astype(str).to_dict("records"):
        when = row["published"] or "?"
        print(f"{verb}: {row['title']} {row['version']}, published {when}: {row['file']}")
    for note in done.notes:
        print(f"note: {note}")
    print(f"{len(done.new)} new, {done.kept} already there, in {done.folder}.")
    if done.changes is not None:
        print(_changes_text(done))


def _changes_text(done: Refreshed) -> str:
    found, scores = done.changes, done.scores
    assert found is not None  # noqa: S101 - for the type checker: only called where there is one
    assert scores is not None  # noqa: S101 - the two come together
    lines = [f"The panel is in {done.panel}. Compared with the one before:"]
    lines += [
        f"  new year: {r.measure} {r.period}, {r.figures}" for r in found.new_years.itertuples()
    ]
    lines += [f"  new measure: {name}" for name in found.new_measures]
    lines += [
        f"  restated: {r.measure}, {r.figures} figures ({r.up_to_1_percent} by up to 1%, "
        f"{r.up_to_3_5_percent} to 3.5%, {r.up_to_10_percent} to 10%, {r.more} by more; "
        f"{r.status} in status), the largest by {r.largest:.1%}"
        for r in found.restated.itertuples()
    ]
    lines += [f"  gone: {r.measure} {r.period}, {r.figures}" for r in found.holes.itertuples()]
    lines.append(f"  new judgements: {len(found.judgements)}")
    moved = scores[(scores["rank_before"] != scores["rank_after"])]
    lines.append(f"  scores: {len(moved)} of {len(scores)} authorities changed rank")
    lines += [
        f"    {r.la_name}: {r.risk_before:.1%} then, {r.risk_after:.1%} now"
        for r in scores.head(10).itertuples()
    ]
    return "\n".join(lines)


COMMANDS: Commands = {
    "refresh": (_refresh_options, refresh),
    "publish": (_publish_options, publish),
    "verify": (_verify_options, verify),
    "retrain": (_retrain_options, retrain),
    "monitor": (_monitor_options, monitor),
}
