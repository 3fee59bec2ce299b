"""import payouts"""

from pathlib import Path

import click

from affiliate.cli.frame import REFUSED, Command, Context, json_option, moment, pass_context, print_json
from affiliate.commissions.payouts import import_payouts as store
from affiliate.errors import UnreadableFile


@click.command("payouts", cls=Command)
@click.argument("network")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as-of", metavar="T", help="When the file was true, as a date or an ISO moment (default: now).")
@click.option("--account", help="Our publisher id, where we have several accounts at the network.")
@json_option
@pass_context
def import_payouts(
    context: Context, *, network: str, file: Path, as_of: str | None, account: str | None, as_json: bool
) -> None:
    """Read a network's own list of invoices or self-bills, as its API answers it: impact, partnerize."""
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise UnreadableFile(str(file), f"{problem.strerror}.") from problem
    with context.app.store.transaction() as session:
        stored = store(
            session,
            network=network,
            file_name=file.name,
            content=content,
            account_ref=account,
            as_of=moment(as_of) if as_of else None,
            now=context.app.clock(),
        )
    if as_json:
        print_json(stored.as_json())
    else:
        click.echo(
            f"Run {stored.run_id}: {stored.rows} payouts: {stored.new} new, {stored.amended} amended,"
            f" {stored.unchanged} unchanged, {len(stored.quarantined)} quarantined."
        )
        for bad in stored.quarantined:
            click.echo(f"  line {bad.line}: {bad.reason}")
    if stored.quarantined:
        raise SystemExit(REFUSED)
