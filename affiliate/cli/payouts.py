"""import payouts, payout"""

from pathlib import Path

import click

from affiliate.cli.frame import (
    REFUSED,
    Command,
    Context,
    Group,
    json_option,
    moment,
    pass_context,
    print_json,
    print_table,
)
from affiliate.clock import parse_day
from affiliate.commissions.payouts import import_payouts as store
from affiliate.errors import UnreadableFile
from affiliate.links.sites import home_zone
from affiliate.money import decimal_text
from affiliate.reports.payouts import PayoutRow, list_payouts, payout_detail
from affiliate.reports.payouts.listing import STATES


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


@click.group("payout", cls=Group)
def payout() -> None:
    """What the networks paid or will pay, as they last said."""


@payout.command("list")
@click.option("--network", metavar="KEY", help="Only this network's.")
@click.option("--payment", type=click.Choice(STATES), help="Only those of which the network says so.")
@click.option("--from", "first", metavar="D", help="Issued from this day on, YYYY-MM-DD.")
@click.option("--to", "until", metavar="D", help="Issued before this day (exclusive).")
@click.option("--page", type=click.IntRange(1, 1_000_000), default=1, show_default=True)
@click.option("--per-page", type=click.IntRange(1, 1000), default=1000, show_default=True)
@json_option
@pass_context
def list_(
    context: Context,
    *,
    network: str | None,
    payment: str | None,
    first: str | None,
    until: str | None,
    page: int,
    per_page: int,
    as_json: bool,
) -> None:
    """List payouts, the newest issued first."""
    with context.app.store.reading() as session:
        found = list_payouts(
            session,
            network=network,
            payment=payment,
            first=parse_day(first) if first else None,
            until=parse_day(until) if until else None,
            time_zone=home_zone(session),
            page=page,
            per_page=per_page,
        )
    if as_json:
        print_json([row.as_json() for row in found.rows])
        return
    columns = (
        "id",
        "payout",
        "network",
        "account",
        "issued",
        "payment",
        "commission",
        "transactions",
        "they add up to",
    )
    print_table(columns, [_cells(row) for row in found.rows], empty="There is no such payout.")
    if found.total > page * per_page:
        click.echo(f"{found.total} payouts in all; see the next with --page {page + 1}.")


@payout.command("show")
@click.argument("payout_id", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@click.option("--page", type=click.IntRange(1, 1_000_000), default=1, show_default=True)
@click.option("--per-page", type=click.IntRange(1, 1000), default=1000, show_default=True)
@json_option
@pass_context
def show(context: Context, *, payout_id: int, page: int, per_page: int, as_json: bool) -> None:
    """Show one payout, the row as it came, and the transactions that name it."""
    with context.app.store.reading() as session:
        detail = payout_detail(session, payout_id, page=page, per_page=per_page)
    if as_json:
        print_json(detail.as_json())
        return
    row = detail.payout
    click.echo(
        f"{row.network} {row.called}: {decimal_text(row.commission, row.currency)} {row.currency}, {row.payment}"
        f" (“{row.raw_status}”), issued {row.issued_at.date()}."
    )
    covers = [
        (
            each.id,
            each.external_id,
            each.advertiser,
            each.status,
            decimal_text(each.commission, each.currency),
            each.currency,
        )
        for each in detail.transactions
    ]
    print_table(
        ("id", "transaction", "advertiser", "status", "commission", ""), covers, empty="No transaction names it."
    )
    click.echo(detail.pretty_payload)


def _cells(row: PayoutRow) -> tuple[object, ...]:
    covered = decimal_text(row.covered, row.currency) if row.transactions else ""
    amount = f"{decimal_text(row.commission, row.currency)} {row.currency}"
    return (
        row.id,
        row.called,
        row.network,
        row.account,
        row.issued_at.date(),
        row.payment,
        amount,
        row.transactions,
        covered,
    )


COMMANDS = {command.name: command for command in (payout,)}
