"""import …"""

from pathlib import Path

import click

from affiliate.cli.frame import (
    REFUSED,
    Context,
    Group,
    json_option,
    moment,
    pass_context,
    print_json,
    print_table,
)
from affiliate.commissions.importing import ImportResult, import_transactions, reading_of
from affiliate.commissions.maps import find_map
from affiliate.commissions.runs import list_runs
from affiliate.commissions.undo import undo_import
from affiliate.errors import UnreadableFile


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
            as_of=moment(as_of) if as_of else None,
            reading=reading_of(
                session, network, publisher_ref=account, currency=currency, time_zone=time_zone, columns=columns
            ),
            dry_run=dry_run,
            now=app.clock(),
        )
    print_json(result.as_json()) if as_json else _print_result(result)
    if result.quarantined:
        raise SystemExit(REFUSED)


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
        print_json({"run": run, "transactions": undone.transactions, "gone": undone.gone})
        return
    click.echo(f"Undid run {run}: {undone.transactions} transactions changed, {undone.gone} of them gone.")


COMMANDS = {command.name: command for command in (import_,)}
