"""pull."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from affiliate.cli.frame import REFUSED, Command, Context, json_option, pass_context, print_json
from affiliate.clock import parse_day
from affiliate.commissions.pulling import BASES, Progress, PulledWindow
from affiliate.networks.asking.api import PROGRAMME, TRANSACTION

_COUNTED = ("rows", "new", "amended", "unchanged", "quarantined")


@click.command(cls=Command)
@click.argument("network")
@click.option(
    "--from", "first", metavar="D", help="First day, YYYY-MM-DD, in the account's zone. Default: what is due."
)
@click.option("--to", "until", metavar="D", help="The day after the last one (exclusive).")
@click.option("--account", metavar="ID", help="Our publisher id, where we have several accounts at the network.")
@click.option(
    "--basis", type=click.Choice(BASES), help="What the days mean. Default: transaction, the day of the sale."
)
@json_option
@pass_context
def pull(
    context: Context,
    *,
    network: str,
    first: str | None,
    until: str | None,
    account: str | None,
    basis: str | None,
    as_json: bool,
) -> None:
    """Ask a network's API for transactions, payouts or programmes, and book them. What was left unfinished is gone on with;
    the same days again change nothing that is known. Its credentials come from a file (networks.credentials_dir)."""
    if (first is None) != (until is None):
        raise click.UsageError("Give both --from and --to, or neither for what is due.")
    with _progress(as_json=as_json) as told:
        puller = context.app.puller(told)
        if first is None or until is None or basis == PROGRAMME:
            pulled = puller.pull_due(network, basis=basis, account=account)
        else:
            days = {"first": parse_day(first), "until": parse_day(until)}
            pulled = puller.pull(network, **days, basis=basis or TRANSACTION, account=account)
    document = _as_json(network, pulled)
    print_json(document) if as_json else click.echo(_in_words(document))
    if any(document[name] for name in ("failed", "waiting", "quarantined")):
        raise SystemExit(REFUSED)


@contextmanager
def _progress(*, as_json: bool) -> Iterator[Any]:
    """How far it is: a bar on a terminal, a line for each window elsewhere, nothing beside a JSON document."""
    if not sys.stderr.isatty():
        yield _nothing if as_json else _line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("asking", total=None)

        def show(told: Progress | PulledWindow) -> None:
            if isinstance(told, PulledWindow):
                bars.console.print(str(told), highlight=False, markup=False)
            else:
                bars.update(bar, description=_place(told), completed=told.done, total=told.windows)

        yield show


def _nothing(_told: Progress | PulledWindow) -> None:
    pass


def _line(told: Progress | PulledWindow) -> None:
    if isinstance(told, PulledWindow):
        click.echo(str(told))


def _place(told: Progress) -> str:
    pages = f", page {told.pages}" + (f" of {told.total}" if told.total else "") if told.pages else ""
    return f"{told.network} {told.account} by {told.basis} from {told.window.first:%Y-%m-%d}{pages}"


def _as_json(network: str, pulled: list[PulledWindow]) -> dict[str, Any]:
    states = [window.state for window in pulled]
    return {
        "network": network,
        "windows": [window.as_json() for window in pulled],
        **{name: sum(getattr(window, name) for window in pulled) for name in _COUNTED},
        **{state: states.count(state) for state in ("done", "failed", "waiting")},
    }


def _in_words(document: dict[str, Any]) -> str:
    if not document["windows"]:
        return "Nothing is due. Name days to ask for them all the same: --from 2026-11-01 --to 2026-12-01"
    counted = ", ".join(f"{document[name]} {name}" for name in _COUNTED[1:])
    left = document["failed"] + document["waiting"]
    way_on = f" {left} windows did not come; the same command goes on with them." if left else ""
    return f"{document['done']} windows pulled, {document['rows']} rows: {counted}.{way_on}"


COMMANDS = {command.name: command for command in (pull,)}
