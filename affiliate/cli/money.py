"""report, money."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from affiliate.cli.frame import REFUSED, Context, F, Group, moment, pass_context, site_option
from affiliate.clock import parse_day
from affiliate.commissions import picture
from affiliate.links.sites import find_site, home_zone
from affiliate.networks.words import PAYMENTS
from affiliate.reports.clicks import DIMENSIONS as CLICK_DIMENSIONS
from affiliate.reports.clicks import GRAINS, clicks_report
from affiliate.reports.commissions import DATE_BASES, DIMENSIONS, commissions_report
from affiliate.reports.export import FORMATS, export
from affiliate.reports.scope import GROUPS


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
@click.option("--disclosure", type=click.Choice(GROUPS), help="Only what was earned on such pages.")
@click.option("--payment", type=click.Choice(PAYMENTS), help="Only the money of which the network says so.")
@pass_context
def commissions(
    context: Context,
    *,
    first: str,
    until: str,
    by: str,
    date_basis: str,
    as_of: str | None,
    disclosure: str | None,
    payment: str | None,
    format_: str,
    output: Path | None,
    site: str | None,
) -> None:
    """What was clicked and earned, per currency, with the disclosure and its checks beside each article, and how much was
    earned on pages that fail."""
    with context.app.store.reading() as session:
        result = commissions_report(
            session,
            **_days(session, first, until, site),
            by=by,
            date_basis=date_basis,
            as_of=moment(as_of) if as_of else None,
            disclosure=disclosure,
            payment=payment,
            groups=format_ != "csv",
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


@click.group(cls=Group)
def money() -> None:
    """What reports read, held against the ledger."""


@money.command()
@pass_context
def check(context: Context) -> None:
    """Compare what transactions repeat for reports, and its roll-up by hour, with the ledger's versions; exit 1 where they
    differ."""
    with context.app.store.reading() as session:
        differing = picture.check(session)
    click.echo(_told(differing))
    raise SystemExit(REFUSED if any(differing) else 0)


@money.command()
@pass_context
def rebuild(context: Context) -> None:
    """Make what transactions repeat for reports, and its roll-up by hour, anew from the ledger's versions."""
    with context.app.store.transaction() as session:
        differing = picture.rebuild(session)
    click.echo(f"{_told(differing)} All is made anew.")


def _told(differing: picture.Differing) -> str:
    return (
        f"{differing.transactions} transactions say otherwise than the ledger, {differing.hours} rows of the roll-up otherwise"
        " than the transactions."
    )


COMMANDS = {command.name: command for command in (report, money)}
