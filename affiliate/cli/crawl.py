"""crawl start, resume, stop, list, show."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from affiliate.disclosure.crawl import (
    KINDS,
    CrawlDetail,
    CrawlRow,
    Progress,
    begin_crawl,
    go_on,
    list_crawls,
    list_findings,
    show_crawl,
    stop_crawl,
)
from affiliate.disclosure.crawl.crawls import MOST_PAGES
from affiliate.disclosure.crawl.queries import FoundWrong
from affiliate.links.sites import find_site

_SHOWN = 10  # findings of a kind that the walk prints when it ends; `crawl show` prints all
_LINES_EVERY = 50  # pages, where there is no terminal for a bar


@click.group(cls=Group)
def crawl() -> None:
    """Walk over your own site: paid links that nobody registered, teasers without a label, disclosures that are gone."""


@crawl.command(cls=Command)
@click.argument("url", required=False)
@click.option("--pages", type=int, default=MOST_PAGES, show_default=True, help="How many pages are read at most.")
@site_option
@json_option
@pass_context
def start(context: Context, *, url: str | None, pages: int, site: str | None, as_json: bool) -> None:
    """Walk from URL (default: the site's first host) over the site's own hosts. Stopped by Ctrl-C or killed, it goes on
    with: crawl resume. Exit 1 if something was found."""
    with context.app.store.transaction() as session:
        begun = begin_crawl(
            session,
            site=find_site(session, site),
            start=url,
            most_pages=pages,
            in_background=False,
            started_by="command",
            anywhere=True,
            now=context.app.clock(),
        )
    _walk(context, begun.id, as_json=as_json)


@crawl.command(cls=Command)
@click.argument("crawl_id", metavar="ID", type=int)
@click.option("--pages", type=int, help="How many pages are read at most, those read before included.")
@json_option
@pass_context
def resume(context: Context, *, crawl_id: int, pages: int | None, as_json: bool) -> None:
    """Go on with a crawl that was stopped, killed or reached its number of pages. What was read is not read again."""
    with context.app.store.transaction() as session:
        go_on(session, crawl_id, most_pages=pages, in_background=False)
    _walk(context, crawl_id, as_json=as_json)


@crawl.command(cls=Command)
@click.argument("crawl_id", metavar="ID", type=int)
@pass_context
def stop(context: Context, *, crawl_id: int) -> None:
    """Stop a crawl, whoever walks it; the page that is being read is its last one."""
    with context.app.store.transaction() as session:
        stop_crawl(session, crawl_id, now=context.app.clock())
    click.echo(f"Crawl {crawl_id} is stopped. Go on with: affiliate crawl resume {crawl_id}")


@crawl.command("list", cls=Command)
@site_option
@json_option
@pass_context
def list_(context: Context, *, site: str | None, as_json: bool) -> None:
    """The crawls, newest first."""
    with context.app.store.reading() as session:
        site_id = find_site(session, site).id if site else None
        rows, _ = list_crawls(session, site_id=site_id, per_page=1_000)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    cells = [
        [row.id, row.site, row.start_url, row.state, row.pages, row.found, f"{row.started_at:%Y-%m-%d %H:%M}"]
        for row in rows
    ]
    columns = ["id", "site", "from", "state", "pages", "findings", "started (UTC)"]
    print_table(columns, cells, empty="No crawl yet. Begin one with: affiliate crawl start https://magazine.example/")


@crawl.command(cls=Command)
@click.argument("crawl_id", metavar="ID", type=int)
@click.option("--kind", type=click.Choice(list(KINDS)), help="Only findings of this kind.")
@json_option
@pass_context
def show(context: Context, *, crawl_id: int, kind: str | None, as_json: bool) -> None:
    """How a crawl stands, and all that it found."""
    _tell(context, crawl_id, kind=kind, as_json=as_json)


def _walk(context: Context, crawl_id: int, *, as_json: bool) -> None:
    """To the end. Ctrl-C stops the crawl, so that nobody takes it for one that is running."""
    try:
        with _progress(as_json=as_json) as told:
            context.app.crawler(told, anywhere=True).walk(crawl_id)
    except KeyboardInterrupt:
        with context.app.store.transaction() as session:
            stop_crawl(session, crawl_id, now=context.app.clock())
        click.echo(f"Stopped. Go on with: affiliate crawl resume {crawl_id}", err=True)
    detail = _tell(context, crawl_id, as_json=as_json, most=_SHOWN)
    if detail.row.found or detail.row.problem:
        raise SystemExit(REFUSED)


def _tell(
    context: Context, crawl_id: int, *, kind: str | None = None, as_json: bool, most: int | None = None
) -> CrawlDetail:
    with context.app.store.reading() as session:
        detail = show_crawl(session, crawl_id)
        found = list_findings(session, crawl_id, kind=kind)
    if as_json:
        print_json({**detail.as_json(), "found": [each.as_json() for each in found]})
        return detail
    click.echo(_in_words(detail.row))
    for state, why, count in detail.unread:
        click.echo(f"  {count} {'failed' if state == 'failed' else 'not read'}: {why}")
    for key, each in KINDS.items():
        _tell_kind(each.title, [one for one in found if one.kind == key], detail, most)
    if not found and detail.row.state == "done":
        click.echo("Nothing is wrong with what was read.")
    return detail


def _tell_kind(title: str, found: list[FoundWrong], detail: CrawlDetail, most: int | None) -> None:
    if not found:
        return
    click.echo(f"\n{title}: {len(found)}")
    for each in found[:most]:
        click.echo(f"  {each.url}\n    {each.rule + ': ' if each.rule else ''}{each.message}\n    → {each.mend}")
    if most is not None and len(found) > most:
        click.echo(f"  … and {len(found) - most} more: affiliate crawl show {detail.row.id} --kind {found[0].kind}")


def _in_words(row: CrawlRow) -> str:
    left = f", {row.waiting:,} addresses wait" if row.waiting else ""
    said = (
        f"Crawl {row.id} of {row.start_url} is {row.state}: {row.pages:,} pages, {row.lists} sitemaps and feeds{left}."
    )
    return f"{said} {row.problem}".rstrip()


@contextmanager
def _progress(*, as_json: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, a line now and then elsewhere, nothing beside a JSON document."""
    if not sys.stderr.isatty():
        yield _nothing if as_json else _line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns: tuple[Any, ...] = (
        TextColumn("{task.fields[findings]} findings"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=None, findings=0)

        def show(told: Progress) -> None:
            total = min(told.most, told.pages + told.waiting)
            bars.update(bar, description=_place(told), completed=told.pages, total=total, findings=told.findings)

        yield show


def _place(told: Progress) -> str:
    """The address, without what Rich would read as markup."""
    return told.url[:80].replace("[", "%5B")


def _nothing(_told: Progress) -> None:
    pass


def _line(told: Progress) -> None:
    if told.pages and told.pages % _LINES_EVERY == 0:
        click.echo(f"{told.pages:,} pages, {told.waiting:,} waiting, {told.findings:,} findings", err=True)


COMMANDS = {command.name: command for command in (crawl,)}
