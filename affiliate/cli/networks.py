"""network …"""

import click

from affiliate.cli.frame import REFUSED, Context, Group, json_option, pass_context, print_json, print_table
from affiliate.commissions.health import Connector, Health, look
from affiliate.networks.coverage import PARTS, cells, coverage_of, covered


@click.group(cls=Group)
def network() -> None:
    """The networks that pay us, and how our connectors to them stand."""


@network.command("list")
@json_option
@pass_context
def list_(_context: Context, *, as_json: bool) -> None:
    """What works with each network: proven by a test over real links or the network's own example, unverified, or – for
    neither. Nothing was tried on a live account."""
    if as_json:
        print_json([coverage_of(known) for known in covered()])
        return
    rows = [(known.key, known.name, "closed" if known.closed else "", *cells(known)) for known in covered()]
    print_table(("Key", "Network", "", *PARTS.values()), rows, empty="")


@network.command("health")
@json_option
@pass_context
def health(context: Context, *, as_json: bool) -> None:
    """How each publisher account is fed: last success, gaps, alarms with their way out, rows that wait. Exit 1 when somebody
    is needed."""
    app = context.app
    with app.store.reading() as session:
        found = look(session, now=app.clock())
    print_json(found.as_json()) if as_json else _print(found)
    raise SystemExit(REFUSED if found.needs_somebody else 0)


def _print(found: Health) -> None:
    print_table(
        ("Network", "Account", "Last success", "Fed by", "Gap days", ""),
        [_cells(each) for each in found.connectors],
        empty="No publisher account yet. Add one with: affiliate account add NETWORK ID",
    )
    for each in found.connectors:
        for alarm in each.alarms:
            click.echo(f"{alarm.severity}: {each.network} {each.publisher_ref}: {alarm.says}\n  {alarm.way_out}")
    for waiting in found.waiting:
        cause = f"the word “{waiting.word}”" if waiting.word else waiting.reason
        money = f", {' and '.join(map(str, waiting.money))}" if waiting.money else ""
        rows = "row" if waiting.rows == 1 else "rows"
        runs = ", ".join(map(str, waiting.run_ids))
        click.echo(f"waiting: {waiting.network}: {waiting.rows} {rows}{money} for {cause} (runs {runs})")


def _cells(each: Connector) -> tuple[object, ...]:
    last = each.last_success.strftime("%Y-%m-%d %H:%M UTC") if each.last_success else "never"
    return each.network, each.publisher_ref, last, ", ".join(each.fed_by), each.gap_days, each.severity or "well"


COMMANDS = {command.name: command for command in (network,)}
