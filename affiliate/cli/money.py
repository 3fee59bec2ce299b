"""import …, report."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from affiliate.cli.frame import (
    REFUSED,
    Context,
    F,
    Group,
    json_option,
    pass_context,
    print_json,
    print_table,
    site_option,
)
from affiliate.clock import day_start, parse_day
from affiliate.commissions.importing import ImportResult, import_transactions, reading_of
from affiliate.commissions.maps import find_map
from affiliate.commissions.runs import list_runs
from affiliate.commissions.undo import undo_import
from affiliate.errors import InvalidInput, UnreadableFile
from affiliate.links.sites import find_site, home_zone
from affiliate.reports.clicks import DIMENSIONS as CLICK_DIMENSIONS
from affiliate.reports.clicks import GRAINS, clicks_report
from affiliate.reports.commissions import DATE_BASES, DIMENSIONS, commissions_report
from affiliate.reports.export import FORMATS, export


@click.group("import", cls=Group)
def import_() -> None:
    """Bring in what the networks report. An import is one unit: listed, repeated without effect, undone."""


@import_.command()
@click.argument("network")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as-of", metavar="T", help="When the file was true, as a date or an ISO moment (default: now).")
@click.option(
    "--map", "map_name", metavar="NAME|FILE", help="For `generic`: a saved column map, or a TOML or JSON file."
)
@click.option("--account", help="Our publisher id, where we have several accounts at the network.")
@click.option("--time-zone", default=None, help="The zone of moments without one (default: the account's, else UTC).")
@click.option("--currency", default=None, help="For files that name none.")
@click.option("--dry-run", is_flag=True, help="Show what would change; store nothing.")
@json_option
@pass_context
def transactions(
    context: Context,
    *,
    network: str,
    file: Path,
    as_of: str | None,
    map_name: str | None,
    account: str | None,
    time_zone: str | None,
    currency: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read a network's own file: awin, impact, cj, rakuten; or `generic` for any CSV with a column map."""
    app = context.app
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise UnreadableFile(str(file), f"{problem.strerror}.") from problem
    with app.store.transaction() as session:
        columns = find_map(session, map_name) if map_name else None
        result = import_transactions(
            session,
            network=network,
            file_name=file.name,
            content=content,
            as_of=_moment(as_of) if as_of else None,
            reading=reading_of(
                session, network, publisher_ref=account, currency=currency, time_zone=time_zone, columns=columns
            ),
            dry_run=dry_run,
            now=app.clock(),
        )
    print_json(result.as_json()) if as_json else _print_result(result)
    if result.quarantined:
        raise SystemExit(REFUSED)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise InvalidInput(f"{text!r} is no moment; write 2026-11-02 or 2026-11-02T09:00:00+00:00.") from problem
    return moment if moment.tzinfo else day_start(parse_day(text[:10]), "UTC") if len(text) <= 10 else _no_zone(text)


def _no_zone(text: str) -> datetime:
    raise InvalidInput(f"{text!r} names no time zone; add one, such as +00:00.")


def _print_result(result: ImportResult) -> None:
    done = "Would import" if result.dry_run else f"Run {result.run_id}:"
    click.echo(
        f"{done} {result.rows} rows: {result.new} new, {result.amended} amended, {result.unchanged} unchanged,"
        f" {len(result.quarantined)} quarantined."
    )
    for bad in result.quarantined:
        click.echo(f"  line {bad.line}: {bad.reason}")
    for made in result.to_be_completed:
        click.echo(f"  to be completed: {made}")
    if result.import_again:
        click.echo(
            f"  Import the files of these runs again, they are newer: {', '.join(map(str, result.import_again))}."
        )


@import_.command()
@json_option
@pass_context
def runs(context: Context, *, as_json: bool) -> None:
    """Every import, newest first."""
    with context.app.store.reading() as session:
        listed = list_runs(session)
    if as_json:
        print_json([run.as_json() for run in listed])
        return
    rows = [
        (
            r.id,
            r.network,
            r.file_name,
            r.recorded_at.date(),
            r.new,
            r.amended,
            r.unchanged,
            r.quarantined,
            "undone" if r.undone_at else "",
        )
        for r in listed
    ]
    print_table(
        ("Run", "Network", "File", "Recorded", "New", "Amended", "Unchanged", "Quarantined", ""),
        rows,
        empty="No imports yet. Start with: affiliate import transactions NETWORK FILE",
    )


@import_.command()
@click.argument("run", type=int)
@json_option
@pass_context
def undo(context: Context, *, run: int, as_json: bool) -> None:
    """Take an import back, whole; the versions it brought no longer count."""
    app = context.app
    with app.store.transaction() as session:
        undone = undo_import(session, run, now=app.clock())
    if as_json:
        print_json(
            {
                "run": run,
                "transactions": undone.transactions,
                "gone": undone.gone,
                "import_again": list(undone.import_again),
            }
        )
        return
    click.echo(f"Undid run {run}: {undone.transactions} transactions changed, {undone.gone} of them gone.")
    if undone.import_again:
        click.echo(
            f"Import the files of these runs again, they rested on it: {', '.join(map(str, undone.import_again))}"
        )


@click.group(cls=Group)
def report() -> None:
    """What was clicked and earned: commissions, clicks."""


def _of_days(function: F) -> F:
    """The options that every report has."""
    for option in reversed(
        (
            click.option("--from", "first", required=True, metavar="D", help="First day, YYYY-MM-DD."),
            click.option("--to", "until", required=True, metavar="D", help="The day after the last one (exclusive)."),
            click.option("--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True),
            click.option(
                "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="F", help="Write to a file."
            ),
            site_option,
        )
    ):
        function = option(function)
    return function


@report.command()
@_of_days
@click.option("--by", type=click.Choice(DIMENSIONS), default="article", show_default=True)
@click.option("--date-basis", type=click.Choice(DATE_BASES), default="transaction", show_default=True)
@click.option("--as-of", metavar="T", help="As it was known at this moment (default: now).")
@pass_context
def commissions(
    context: Context,
    *,
    first: str,
    until: str,
    by: str,
    date_basis: str,
    as_of: str | None,
    format_: str,
    output: Path | None,
    site: str | None,
) -> None:
    """What was clicked and earned, per currency, with the disclosure beside each article."""
    with context.app.store.reading() as session:
        result = commissions_report(
            session,
            **_days(session, first, until, site),
            by=by,
            date_basis=date_basis,
            as_of=_moment(as_of) if as_of else None,
            now=context.app.clock(),
        )
    _write(export(result, format_), output)


@report.command()
@_of_days
@click.option("--by", type=click.Choice(CLICK_DIMENSIONS), default="article", show_default=True)
@click.option("--every", type=click.Choice(GRAINS), help="A row for every day or hour of each value.")
@pass_context
def clicks(
    context: Context,
    *,
    first: str,
    until: str,
    by: str,
    every: str | None,
    format_: str,
    output: Path | None,
    site: str | None,
) -> None:
    """The three counts of clicks (raw, human, network-comparable) and the clicks of each class."""
    with context.app.store.reading() as session:
        days = _days(session, first, until, site)
        result = clicks_report(session, **days, by=by, every=every, now=context.app.clock())
    _write(export(result, format_), output)


def _days(session: Session, first: str, until: str, site: str | None) -> dict[str, Any]:
    """The arguments that all reports share. Days are those of the site, or of the oldest one."""
    chosen = find_site(session, site) if site else None
    time_zone = chosen.time_zone if chosen else home_zone(session)
    return {"first": parse_day(first), "until": parse_day(until), "site": chosen, "time_zone": time_zone}


def _write(exported: bytes, output: Path | None) -> None:
    if output:
        output.write_bytes(exported)
    else:
        click.echo(exported, nl=False)


COMMANDS = {command.name: command for command in (import_, report)}
