"""inspect, deeplink, link …"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from affiliate.cli.frame import (
    REFUSED,
    Command,
    Context,
    Group,
    json_option,
    pass_context,
    print_json,
    print_table,
    site_option,
)
from affiliate.errors import InvalidUrl
from affiliate.links import library
from affiliate.links.library import LinkView, resolve_target
from affiliate.links.programmes import account_test
from affiliate.links.queries import LinkFilter
from affiliate.links.sites import find_site
from affiliate.networks.inspect import UNKNOWN, Inspected
from affiliate.networks.inspect import inspect as take_apart


@click.command(cls=Command)
@click.argument("urls", nargs=-1, required=True, metavar="URL…|-")
@json_option
@pass_context
def inspect(context: Context, *, urls: tuple[str, ...], as_json: bool) -> None:
    """Take links apart: network, ids, sub-ids, target, layer by layer. No request is made.

    - reads further ones from stdin, one a line. What is no web address has nothing but nulls, is named on stderr, and makes
    the exit code 1; the others are told all the same.
    """
    with context.app.store.reading() as session:
        is_ours = account_test(session)
        taken = [_taken_apart(url, is_ours) for url in _asked(urls)]
    parts = [part for part, _ in taken]
    if as_json:
        print_json(parts)
    else:
        _print_parts(parts)
    problems = [problem for _, problem in taken if problem]
    for problem in problems:
        click.echo(f"affiliate: {problem}", err=True)
    if problems:
        raise SystemExit(REFUSED)


def _asked(urls: tuple[str, ...]) -> Iterator[str]:
    for url in urls:
        if url == "-":
            lines = sys.stdin.buffer.read().decode("utf-8", "replace").splitlines()
            yield from (line.strip() for line in lines if line.strip())
        else:
            yield url.encode("utf-8", "replace").decode()


def _taken_apart(
    url: str, is_ours: Callable[[str, str | None], bool | None]
) -> tuple[dict[str, Any], InvalidUrl | None]:
    try:
        return take_apart(url, is_ours=is_ours).as_json(), None
    except InvalidUrl as problem:
        return Inspected(url, (), UNKNOWN).as_json() | {"target_url": None}, problem


def _print_parts(parts: list[dict[str, Any]]) -> None:
    columns = ("network", "publisher_id", "advertiser_id", "sub_ids", "monetised", "target_url")
    rows = [[", ".join(p[c].values()) if c == "sub_ids" else p[c] for c in columns] for p in parts]
    print_table(("Network", "Publisher", "Advertiser", "Sub-ids", "Monetised", "Target"), rows, empty="")
    layers = [layer for part in parts for layer in part["layers"] if layer["note"]]
    for note in dict.fromkeys(f"{layer['network']}: {layer['note']}" for layer in layers):
        click.echo(note, err=True)


@click.command(cls=Command)
@click.argument("url")
@click.option("--sub-id", default="", metavar="S", help="The sub-id to send (default: none).")
@site_option
@json_option
@pass_context
def deeplink(context: Context, *, url: str, sub_id: str, site: str | None, as_json: bool) -> None:
    """Build the tracked address for an advertiser's page. Nothing is stored."""
    with context.app.store.reading() as session:
        target = resolve_target(session, find_site(session, site), url)
        built = library.deep_link(target.programme, target.url.text, target.mode)
        finished = built.with_sub_id(sub_id) if built else target.url.text
        answer = {
            "network": target.programme.network,
            "programme": target.programme.name,
            "mode": target.mode,
            "deep_link": finished,
        }
    if as_json:
        print_json(answer)
    else:
        click.echo(finished)


@click.group(cls=Group)
def link() -> None:
    """The link library."""


@link.command("add")
@click.argument("url")
@click.option("--slug", help="The path's words (default: proposed from the product's address).")
@click.option("--name", help="What editors call it (default: read from the page).")
@site_option
@json_option
@pass_context
def add(context: Context, *, url: str, slug: str | None, name: str | None, site: str | None, as_json: bool) -> None:
    """Make a link from an advertiser's address. An address that has a link already gives that link back.

    Nearly the same address (another fragment, with or without www. or a slash at its end) gets a link of its own, and the
    other is named.
    """
    app = context.app
    with app.store.transaction() as session:
        added = library.add_link(session, site=find_site(session, site), url=url, slug=slug, name=name, now=app.clock())
    app.publish([added.link.id])
    if as_json:
        duplicates, notes = [d.path for d in added.duplicates], list(added.notes)
        lists = {"duplicates": duplicates, "near": [n.path for n in added.near], "notes": notes}
        print_json({**added.link.as_json(), "created": added.created, **lists})
        return
    click.echo(f"{'Added' if added.created else 'Already there'}: {added.link.path} → {added.link.target_url}")
    for note in added.notes:
        click.echo(note)
    for duplicate in added.duplicates:
        click.echo(f"The same target is also at {duplicate.path}.")
    for near in added.near:
        click.echo(f"You have nearly the same link: {near.path} → {near.target_url}")
    if added.near:
        click.echo(f"If one of them is meant, use it and take the new one out: affiliate link retire {added.link.slug}")


@link.command("list")
@click.option("--search", "text", default="", help="Words in name, path, target or advertiser.")
@click.option("--status", type=click.Choice(library.STATUSES))
@site_option
@json_option
@pass_context
def list_(context: Context, *, text: str, status: str | None, site: str | None, as_json: bool) -> None:
    """All links, newest first."""
    with context.app.store.reading() as session:
        site_id = find_site(session, site).id if site else None
        links, _ = library.list_links(session, LinkFilter(text=text, status=status, site_id=site_id, per_page=None))
    if as_json:
        print_json([one.as_json() for one in links])
        return
    rows = [(one.path, one.name, one.advertiser, one.network, one.status, one.target_url) for one in links]
    print_table(
        ("Path", "Name", "Advertiser", "Network", "Status", "Target"),
        rows,
        empty="No links yet. Add one with: affiliate link add URL",
    )


@link.command()
@click.argument("slug")
@site_option
@json_option
@pass_context
def show(context: Context, *, slug: str, site: str | None, as_json: bool) -> None:
    """One link, by its slug or an old one."""
    with context.app.store.reading() as session:
        _print(library.show_link(session, find_site(session, site), slug), as_json)


@link.command()
@click.argument("slug")
@click.option("--url", help="Where it leads from now on, everywhere.")
@click.option("--name")
@click.option("--note")
@site_option
@json_option
@pass_context
def edit(
    context: Context,
    *,
    slug: str,
    url: str | None,
    name: str | None,
    note: str | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Change a link once, everywhere it is used."""
    app = context.app
    with app.store.transaction() as session:
        found = library.find_link(session, find_site(session, site), slug)
        view = library.edit_link(session, link_id=found.id, url=url, name=name, note=note, now=app.clock())
    app.publish([view.id])
    _print(view, as_json)


@link.command()
@click.argument("slug")
@click.argument("new_slug")
@site_option
@json_option
@pass_context
def rename(context: Context, *, slug: str, new_slug: str, site: str | None, as_json: bool) -> None:
    """Give a link a new slug. The old one goes on answering."""
    app = context.app
    with app.store.transaction() as session:
        found = library.find_link(session, find_site(session, site), slug)
        view = library.rename_link(session, link_id=found.id, slug=new_slug, now=app.clock())
    app.publish([view.id])
    _print(view, as_json)


@link.command()
@click.argument("slug")
@site_option
@json_option
@pass_context
def retire(context: Context, *, slug: str, site: str | None, as_json: bool) -> None:
    """Take a link out of use. Its paths go on answering with the advertiser's page, without tracking."""
    app = context.app
    with app.store.transaction() as session:
        found = library.find_link(session, find_site(session, site), slug)
        view = library.retire_link(session, link_id=found.id, now=app.clock())
    app.publish([view.id])
    _print(view, as_json)


def _print(view: LinkView, as_json: bool) -> None:
    if as_json:
        print_json(view.as_json())
        return
    for name, value in view.as_json().items():
        click.echo(f"{name:<12}{', '.join(value) if isinstance(value, list) else value or ''}")


COMMANDS = {command.name: command for command in (inspect, deeplink, link)}
