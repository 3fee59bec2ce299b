"""import …"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy.orm import Session

from affiliate.cli.frame import (
    REFUSED,
    Context,
    F,
    Group,
    json_option,
    moment,
    pass_context,
    print_json,
    print_table,
)
from affiliate.cli.payouts import import_payouts
from affiliate.cli.programmes import import_aliases, import_programmes
from affiliate.commissions.filing import import_file
from affiliate.commissions.importing import REPLAY, ImportResult, reading_of
from affiliate.commissions.maps import Told, find_columns, save_map, told
from affiliate.commissions.replaying import Replayed, replay_run
from affiliate.commissions.runs import RunView, list_runs
from affiliate.commissions.undo import undo_import
from affiliate.errors import InvalidInput, UnreadableFile
from affiliate.networks.base import Reading
from affiliate.networks.reading.proposals import Proposal, is_whole, propose
from affiliate.networks.registry import network as find_network


@click.group("import", cls=Group)
def import_() -> None:
    """Bring in what the networks report. An import is one unit: listed, repeated without effect, undone."""


def _pairs(_ctx: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """FIELD=VALUE, as a map writes them; with == the value stands for every row."""
    pairs = dict(text.partition("=")[::2] for text in given)
    if without := [name for name, value in pairs.items() if not name or not value]:
        raise click.BadParameter(f"{without[0]!r} says nothing; write FIELD=COLUMN, or FIELD==VALUE for all rows.")
    return {name.strip(): value for name, value in pairs.items()}


def _of_a_map(function: F) -> F:
    """What may be said of a file's columns."""
    for option in (
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="FIELD=COLUMN",
            callback=_pairs,
            help="A part of the column map, such as commission=Provision, currency==EUR, status.Offen=pending or"
            " date_format=%d/%m/%Y; may be repeated.",
        ),
        click.option("--map", "map_name", metavar="NAME|FILE", help="A saved column map, or a TOML or JSON file."),
    ):
        function = option(function)
    return function


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        opened = file.open("rb")
    except OSError as problem:
        raise UnreadableFile(str(file), f"{problem.strerror}.") from problem
    with opened:
        yield opened


def _told(
    session: Session, network: str, map_name: str | None, columns: Mapping[str, str], time_zone: str | None
) -> Told:
    """A zone that is said counts for more than the map's."""
    known = told(session, network, map_name, columns)
    if time_zone and known.columns and known.columns.time_zone:
        return replace(known, columns=replace(known.columns, time_zone=time_zone))
    return known


@import_.command()
@click.argument("network")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as-of", metavar="T", help="When the file was true, as a date or an ISO moment (default: now).")
@_of_a_map
@click.option("--account", help="Our publisher id, where we have several accounts at the network.")
@click.option("--time-zone", default=None, help="The zone of moments without one (default: the account's, else UTC).")
@click.option("--currency", default=None, help="For files that name none.")
@click.option(
    "--period",
    metavar="P",
    help="For files whose rows have no ids (amazon): what it covers, such as 2026-10; a newer file of it takes its place.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change; store nothing.")
@json_option
@pass_context
def transactions(
    context: Context,
    *,
    network: str,
    file: Path,
    as_of: str | None,
    columns: dict[str, str],
    map_name: str | None,
    account: str | None,
    time_zone: str | None,
    currency: str | None,
    period: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read a network's own file or export; or `generic` for any CSV, XLSX, JSON or XML with a column map."""
    app = context.app

    def reading(session: Session) -> Reading:
        known = _told(session, network, map_name, columns, time_zone)
        return reading_of(
            session,
            network,
            publisher_ref=account,
            currency=currency,
            time_zone=time_zone,
            columns=known.columns,
            said={**known.said, **({"period": period} if period else {})},
        )

    with _opened(file) as content:
        result = import_file(
            app.store,
            network=network,
            file_name=file.name,
            content=content,
            reading=reading,
            as_of=moment(as_of) if as_of else None,
            dry_run=dry_run,
            now=app.clock(),
        )
    print_json(result.as_json()) if as_json else _print_result(result)
    if result.quarantined:
        raise SystemExit(REFUSED)


@import_.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_of_a_map
@click.option("--currency", default=None, help="The account's, for files that name none.")
@click.option("--save", metavar="NAME", help="Keep the map under this name, if nothing is left to ask.")
@json_option
@pass_context
def inspect(
    context: Context,
    *,
    file: Path,
    columns: dict[str, str],
    map_name: str | None,
    currency: str | None,
    save: str | None,
    as_json: bool,
) -> None:
    """Look at any table and propose a column map: what was found, what it would mean, what must be said."""
    app = context.app
    with app.store.reading() as session:
        known = {name: str(value) for name, value in find_columns(session, map_name).items()} if map_name else {}
    with _opened(file) as content:
        proposal = propose(content, {**known, **columns}, currency)
    if save and (proposal.questions or not is_whole(proposal.proposed)):
        asked = "; ".join(f"{one.field}: {one.asks}" for one in proposal.questions)
        raise InvalidInput(f"The map is not complete yet. Say with --column what is asked: {asked}")
    if save:
        with app.store.transaction() as session:
            save_map(session, save, proposal.proposed, now=app.clock())
    print_json({"file": file.name, **proposal.as_json()}) if as_json else _print_proposal(proposal)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _print_proposal(proposal: Proposal) -> None:
    shape = proposal.shape
    found = {"encoding": shape.encoding, "delimiter": shape.delimiter and repr(shape.delimiter), "rows in": shape.place}
    click.echo(", ".join([shape.format.upper(), *(f"{name} {value}" for name, value in found.items() if value)]))
    rows = [[name, *(_cell(row.get(name)) for row in proposal.rows[:3])] for name in proposal.columns]
    print_table(("Column", *(f"Row {number}" for number, _ in enumerate(proposal.rows[:3], start=1))), rows, empty="")
    click.echo("Column map:")
    for name, value in proposal.proposed.items():
        click.echo(f"  {name} = {value}")
    for one in proposal.understood:
        click.echo(f"  {one.column}: {one.written} → {one.read}")
    if proposal.network:
        name = find_network(proposal.network).name
        click.echo(f"This is {name}'s own report. Read it with: affiliate import transactions {proposal.network} FILE")
    for asked in proposal.questions:
        click.echo(f"To be said with --column {asked.field}=…: {asked.asks}")


def _print_result(result: ImportResult) -> None:
    done = "Would import" if result.dry_run else f"Run {result.run_id}:"
    click.echo(
        f"{done} {result.rows} rows: {result.new} new, {result.amended} amended, {result.unchanged} unchanged,"
        f" {len(result.quarantined)} quarantined."
    )
    for bad in result.quarantined:
        click.echo(f"  line {bad.line}: {bad.reason}")
    if result.dry_run:
        for change in result.changes:
            click.echo(f"  line {change.line}, {change.transaction}: {change.what}, {change.says}")
    if result.replaced:
        click.echo(f"  took the place of: {', '.join(f'run {run}' for run in result.replaced)}")
    if result.replaced_by:
        click.echo(f"  does not count: run {result.replaced_by} is of a newer file of the same period")
    for made in result.to_be_completed:
        click.echo(f"  to be completed: {made}")


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
            _standing(r),
        )
        for r in listed
    ]
    print_table(
        ("Run", "Network", "File", "Recorded", "New", "Amended", "Unchanged", "Quarantined", ""),
        rows,
        empty="No imports yet. Start with: affiliate import transactions NETWORK FILE",
    )


def _standing(run: RunView) -> str:
    if run.replaced_by:
        return f"replaced by {run.replaced_by}"
    return "undone" if run.undone_at else "replay" if run.origin == REPLAY else ""


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
        print_json({"run": run, "transactions": undone.transactions, "gone": undone.gone})
        return
    click.echo(f"Undid run {run}: {undone.transactions} transactions changed, {undone.gone} of them gone.")


@import_.command()
@click.argument("run", type=int)
@_of_a_map
@click.option("--time-zone", default=None, help="The zone of moments without one (default: as the run was read).")
@click.option(
    "--currency", default=None, help="For rows that name none (default: as the run was read, else the account's)."
)
@click.option(
    "--amends",
    type=int,
    multiple=True,
    metavar="LINE",
    help="A row set aside as another sale under a known id amends that transaction; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change; store nothing.")
@json_option
@pass_context
def replay(
    context: Context,
    *,
    run: int,
    columns: dict[str, str],
    map_name: str | None,
    time_zone: str | None,
    currency: str | None,
    amends: tuple[int, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read the rows that an import set aside again, with what is known or said now; book what can be booked. What was booked is
    amended where it is read otherwise now."""
    app = context.app
    with app.store.reading() if dry_run else app.store.transaction() as session:
        replayed = replay_run(
            session,
            run,
            currency=currency,
            time_zone=time_zone,
            map_name=map_name,
            columns=columns,
            amends=amends,
            dry_run=dry_run,
            now=app.clock(),
        )
    print_json(replayed.as_json()) if as_json else _print_replayed(replayed)
    if replayed.still:
        raise SystemExit(REFUSED)


def _print_replayed(replayed: Replayed) -> None:
    if replayed.booked:
        _print_result(replace(replayed.booked, quarantined=()))
    else:
        click.echo(f"Nothing of what run {replayed.run_id} set aside can be booked.")
    for bad in replayed.kept:
        click.echo(f"  stays booked as it was, line {bad.line}: {bad.reason}")
    for bad in replayed.still:
        click.echo(f"  still set aside, line {bad.line}: {bad.reason}")


import_.add_command(import_programmes)
import_.add_command(import_aliases)
import_.add_command(import_payouts)
COMMANDS = {command.name: command for command in (import_,)}
