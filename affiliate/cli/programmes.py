"""programme …, advertiser …, earn; and what `import` reads of programmes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from affiliate.articles.earning import will_earn_there
from affiliate.cli.frame import (
    REFUSED,
    Command,
    Context,
    F,
    Group,
    json_option,
    pass_context,
    print_json,
    print_table,
    site_option,
)
from affiliate.errors import AffiliateError, InvalidInput, UnreadableFile
from affiliate.links import catalogue
from affiliate.links.aliases import add_alias, list_aliases, remove_alias
from affiliate.links.catalogue import ProgrammeTerms, ProgrammeView
from affiliate.links.earning import Verdict, in_words, percentage
from affiliate.links.programme_files import AliasRow, aliases_in, programmes_in
from affiliate.links.programmes import add_programme, checked_rate, find_account
from affiliate.links.queries import STANDINGS, ProgrammeFilter
from affiliate.links.sites import find_site
from affiliate.links.told import ToldProgrammes, store_programmes
from affiliate.networks.base import MODES
from affiliate.networks.registry import network as find_network
from affiliate.redirect.referrers import REFERRER_POLICIES

_USUAL = "usual"


@click.group(cls=Group)
def programme() -> None:
    """Programmes: an advertiser's terms on a network, and the hosts they cover."""


def _terms_options(function: F) -> F:
    """What can be said of a programme when it is added and when it is edited."""
    named: dict[str, Any] = {"multiple": True, "metavar": "NAME=VALUE"}
    for option in reversed(
        (
            click.option("--mode", type=click.Choice(MODES), help="New ones have what the network allows."),
            click.option("--rate", help="A fraction: 0.08 for 8 %."),
            click.option("--terms", help="The rates in words, where there are several."),
            click.option("--cookie-days", metavar="DAYS", help="How long after a click a sale still counts."),
            click.option(
                "--market", "markets", multiple=True, metavar="CODE", help="A country it pays for, such as GB."
            ),
            click.option(
                "--permission", "permissions", help="What it allows; deep_links=no, content=no forbid.", **named
            ),
            click.option("--approval-rate", help="What you expect, as a fraction; our own history goes before it."),
            click.option("--payment-days", metavar="DAYS", help="From sale to payment, as you expect it."),
            click.option("--pin/--no-pin", "pinned", default=None, help="The way for its hosts, whatever pays better."),
            click.option("--template", help="A deep-link template in place of the network's own."),
            click.option("--parameter", "parameters", help="What the network's links need besides.", **named),
            click.option("--account", "account_ref", help="Our publisher id, where we have several at the network."),
            json_option,
        )
    ):
        function = option(function)
    return function


@programme.command("add")
@click.option("--network", required=True)
@click.option("--advertiser-id", required=True, help="The advertiser's id at the network.")
@click.option("--name", required=True, help="The advertiser's name.")
@click.option("--host", "hosts", multiple=True, required=True, help="A host it pays for; may be repeated.")
@click.option("--referrer-policy", type=click.Choice(REFERRER_POLICIES), help="What the shop learns of the page.")
@_terms_options
@pass_context
def add_programme_command(
    context: Context,
    /,
    *,
    network: str,
    advertiser_id: str,
    name: str,
    hosts: tuple[str, ...],
    referrer_policy: str | None,
    account_ref: str | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Add a programme."""
    app = context.app
    with app.store.transaction() as session:
        made = add_programme(
            session,
            network=network,
            advertiser_ref=advertiser_id,
            name=name,
            hosts=hosts,
            mode=said["mode"],
            template=said["template"],
            parameters=_pairs("--parameter", said["parameters"]),
            referrer_policy=referrer_policy,
            account_ref=account_ref,
            now=app.clock(),
        )
        known = catalogue.show_programme(session, made.id)
        terms = _with(known.terms, said)
        answer = catalogue.edit_programme(session, programme_id=made.id, terms=terms, now=app.clock()).programme
    if as_json:
        print_json(answer.as_json())
    else:
        click.echo(f"Added {name}: links to {', '.join(hosts)} earn on {answer.network}.")


@programme.command("edit")
@click.option("--network", required=True)
@click.option("--advertiser-id", required=True, help="The advertiser's id at the network.")
@click.option("--name", help="The advertiser's name.")
@click.option("--host", "hosts", multiple=True, help="The hosts it pays for; these in place of those known.")
@click.option("--joined/--left", "joined", default=None, help="Whether we are in the programme.")
@click.option(
    "--referrer-policy",
    type=click.Choice((_USUAL, *REFERRER_POLICIES)),
    help=f"What the shop learns of the page; `{_USUAL}`: {REFERRER_POLICIES[0]}.",
)
@_terms_options
@pass_context
def edit_programme_command(
    context: Context,
    /,
    *,
    network: str,
    advertiser_id: str,
    name: str | None,
    hosts: tuple[str, ...],
    joined: bool | None,
    referrer_policy: str | None,
    account_ref: str | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Change what is named and leave the rest; an empty text takes a value away. Its links follow within a second."""
    app = context.app
    with app.store.transaction() as session:
        known = catalogue.find_programme(
            session, network=network, advertiser_ref=advertiser_id, account_ref=account_ref
        )
        terms = _with(known.terms, said)
        terms = replace(
            terms,
            name=terms.name if name is None else name,
            hosts=hosts or terms.hosts,
            joined=terms.joined if joined is None else joined,
            referrer_policy=_policy(terms.referrer_policy, referrer_policy),
        )
        edited = catalogue.edit_programme(session, programme_id=known.id, terms=terms, now=app.clock())
    app.publish(edited.link_ids)
    now, links = edited.programme, len(edited.link_ids)
    if as_json:
        print_json(now.as_json() | {"referrer_policy": now.terms.referrer_policy or None, "links": links})
    else:
        policy = now.terms.referrer_policy or _USUAL
        click.echo(f"{now.name}: {now.terms.mode}, referrer policy {policy}. {links} links follow.")


def _policy(known: str, wanted: str | None) -> str:
    return known if wanted is None else "" if wanted == _USUAL else wanted


def _with(terms: ProgrammeTerms, said: Mapping[str, Any]) -> ProgrammeTerms:
    """The terms with what the options say; None and nothing at all leave as it is, an empty text takes away."""
    plain = {"mode": said["mode"], "template": said["template"], "conditions": said["terms"], "pinned": said["pinned"]}
    changes: dict[str, Any] = {name: value for name, value in plain.items() if value is not None}
    for name in ("rate", "approval_rate"):
        if said[name] is not None:
            changes[name] = checked_rate(said[name])
    for name in ("cookie_days", "payment_days"):
        if said[name] is not None:
            changes[name] = _days(said[name])
    if said["markets"]:
        changes["markets"] = tuple(code for code in said["markets"] if code)
    for name in ("permissions", "parameters"):
        pairs = {**getattr(terms, name), **_pairs(f"--{name.removesuffix('s')}", said[name])}
        changes[name] = {key: value for key, value in pairs.items() if value}
    return replace(terms, **changes)


def _days(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 5:
        raise InvalidInput(f"{text!r} is no number of days.")
    return int(text)


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise click.BadParameter(f"{text!r}: write NAME=VALUE.", param_hint=option)
    return dict(text.split("=", 1) for text in texts)


@programme.command("list")
@click.option("--search", "text", default="", help="In name, advertiser id or a host.")
@click.option("--network", default="", help="Of one network.")
@click.option("--standing", type=click.Choice(STANDINGS), help="Joined, to be completed, or closed.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--per-page", type=click.IntRange(0), default=0, show_default=True, help="0: all.")
@json_option
@pass_context
def list_programmes_command(
    context: Context, *, text: str, network: str, standing: str | None, page: int, per_page: int, as_json: bool
) -> None:
    """All programmes: those to be completed first, then by name, with their links and how they did."""
    key = find_network(network).key if network else ""
    wanted = ProgrammeFilter(text=text, network=key, standing=standing or "", page=page, per_page=per_page or None)
    with context.app.store.reading() as session:
        found, total = catalogue.list_programmes(session, wanted)
    if as_json:
        print_json([one.as_json() for one in found])
        return
    print_table(
        ("Network", "Id", "Programme", "Hosts", "Standing", "Rate", "Approved", "Paid after", "Links"),
        [_line(one) for one in found],
        empty="No programme fits. Add one with: affiliate programme add",
    )
    if total > len(found):
        click.echo(f"{len(found)} of {total}; the next with --page {page + 1}.")


def _line(one: ProgrammeView) -> tuple[object, ...]:
    record, rate = one.record, one.terms.rate
    approved = f"{percentage(record.approval_rate)} of {record.decided}" if record.approval_rate is not None else ""
    paid = f"{record.payment_days} days ({record.paid})" if record.payment_days is not None else ""
    standing = (
        "to be completed" if one.to_be_completed else "joined" if one.terms.joined else f"closed {one.raw_status}"
    )
    shown_rate = percentage(rate) if rate is not None else one.terms.conditions
    hosts = ", ".join(one.terms.hosts)
    return one.network, one.advertiser_ref, one.name, hosts, standing.strip(), shown_rate, approved, paid, one.links


# ---- advertisers


@click.group(cls=Group)
def advertiser() -> None:
    """Advertisers who have another number too, because a network closed and its programmes went on elsewhere."""


@advertiser.command()
@click.argument("network")
@click.argument("advertiser_id", metavar="ID")
@click.option("--to", nargs=2, required=True, metavar="NETWORK ID", help="The number that the advertiser has now.")
@json_option
@pass_context
def alias(context: Context, *, network: str, advertiser_id: str, to: tuple[str, str], as_json: bool) -> None:
    """Say that NETWORK's number ID is the advertiser of another number. What was imported before is joined with it."""
    app = context.app
    with app.store.transaction() as session:
        added = add_alias(
            session,
            network=network,
            advertiser_ref=advertiser_id,
            to_network=to[0],
            to_advertiser_ref=to[1],
            now=app.clock(),
        )
    if as_json:
        print_json(added.as_json())
    else:
        click.echo(
            f"{advertiser_id} at {added.network} is {added.advertiser}; {added.programmes} programmes joined it."
        )


@advertiser.command()
@click.argument("network")
@click.argument("advertiser_id", metavar="ID")
@pass_context
def unalias(context: Context, *, network: str, advertiser_id: str) -> None:
    """Take an alias back; its programmes are an advertiser of their own again."""
    app = context.app
    with app.store.transaction() as session:
        remove_alias(session, network=network, advertiser_ref=advertiser_id, now=app.clock())
    click.echo(f"{advertiser_id} at {network} is no alias any more.")


@advertiser.command()
@json_option
@pass_context
def aliases(context: Context, *, as_json: bool) -> None:
    """Every alias, and whom it means."""
    with context.app.store.reading() as session:
        listed = list_aliases(session)
    if as_json:
        print_json([one.as_json() for one in listed])
        return
    print_table(
        ("Network", "Id", "Advertiser", "Programmes"),
        [(one.network, one.advertiser_ref, one.advertiser, one.programmes) for one in listed],
        empty="No aliases. Add one with: affiliate advertiser alias NETWORK ID --to NETWORK ID",
    )


# ---- will it earn?


@click.command(cls=Command)
@click.argument("urls", nargs=-1, required=True, metavar="URL…")
@click.option("--article", metavar="ID|URL", help="Where it would stand; its own switch and tags count.")
@site_option
@json_option
@pass_context
def earn(context: Context, *, urls: tuple[str, ...], article: str | None, site: str | None, as_json: bool) -> None:
    """Say whether links to these addresses would earn, with whom, and why not. At most 50; no request is made."""
    app = context.app
    with app.store.reading() as session:
        chosen = find_site(session, site)
        verdicts = will_earn_there(session, site=chosen, urls=urls, article=article, policy=app.policy)
        if as_json:
            print_json([verdict.as_json() for verdict in verdicts])
            return
        for verdict in verdicts:
            _print_verdict(verdict)


def _print_verdict(verdict: Verdict) -> None:
    click.echo(f"{'yes' if verdict.earns else 'no ':<4}{verdict.target_url or verdict.url}")
    click.echo(f"    {verdict.reason}")
    for route in verdict.others:
        click.echo(f"    otherwise: {route.barrier or in_words(route)}")


# ---- import


@click.command("programmes", cls=Command)
@click.argument("network")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--account", help="Our publisher id, where we have several accounts at the network.")
@click.option("--whole", is_flag=True, help="The file has all programmes of the account: others are closed.")
@click.option("--dry-run", is_flag=True, help="Show what would change; store nothing.")
@json_option
@pass_context
def import_programmes(
    context: Context, *, network: str, file: Path, account: str | None, whole: bool, dry_run: bool, as_json: bool
) -> None:
    """Read a list of programmes, as CSV, XLSX, JSON or XML. What you typed stays as it is."""
    app = context.app
    try:
        with file.open("rb") as opened:
            rows = list(programmes_in(opened))
    except OSError as problem:
        raise UnreadableFile(str(file), f"{problem.strerror}.") from problem
    with app.store.transaction() as session, session.begin_nested() as savepoint:
        result = store_programmes(session, find_account(session, network, account), rows, whole=whole, now=app.clock())
        if dry_run:
            savepoint.rollback()
    if not dry_run:
        app.publish(result.link_ids)
    print_json(result.as_json() | {"dry_run": dry_run}) if as_json else _print_told(result, dry_run=dry_run)
    if result.bad:
        raise SystemExit(REFUSED)


def _print_told(result: ToldProgrammes, *, dry_run: bool) -> None:
    click.echo(
        f"{'Would store' if dry_run else 'Stored'}: {result.new} new, {result.changed} changed,"
        f" {result.unchanged} unchanged, {len(result.left)} closed, {len(result.bad)} set aside."
    )
    for each in result.left:
        click.echo(f"  {each}")
    for bad in result.bad:
        click.echo(f"  line {bad.line}: {bad.reason}")
    for note in (*result.notes, *(f"not in the list: {name}" for name in result.unlisted)):
        click.echo(f"  {note}")


@click.command("aliases", cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@pass_context
def import_aliases(context: Context, *, file: Path, as_json: bool) -> None:
    """Read advertisers' second numbers: columns network, advertiser_id, to_network, to_advertiser_id."""
    app = context.app
    added, bad = 0, []
    try:
        with file.open("rb") as opened:
            rows = list(aliases_in(opened))
    except OSError as problem:
        raise UnreadableFile(str(file), f"{problem.strerror}.") from problem
    with app.store.transaction() as session:
        for row in rows:
            try:
                if isinstance(row, AliasRow):
                    add_alias(session, now=app.clock(), **_parts(row))
                    added += 1
                else:
                    bad.append((row.line, row.reason))
            except AffiliateError as problem:
                bad.append((row.line, str(problem)))
    if as_json:
        print_json({"added": added, "bad": [{"line": line, "reason": reason} for line, reason in bad]})
    else:
        click.echo(f"{added} aliases stored, {len(bad)} lines set aside.")
        for line, reason in bad:
            click.echo(f"  line {line}: {reason}")
    if bad:
        raise SystemExit(REFUSED)


def _parts(row: AliasRow) -> dict[str, str]:
    return {
        "network": row.network,
        "advertiser_ref": row.advertiser_ref,
        "to_network": row.to_network,
        "to_advertiser_ref": row.to_advertiser_ref,
    }


COMMANDS = {command.name: command for command in (programme, advertiser, earn)}
