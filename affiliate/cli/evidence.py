"""disclosure register, recheck, verify, stamp, export."""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.orm import Session

from affiliate.cli.frame import (
    REFUSED,
    Command,
    Context,
    json_option,
    moment,
    pass_context,
    print_json,
    print_table,
    site_option,
)
from affiliate.disclosure.evidence import queries
from affiliate.disclosure.evidence.records import ARCHIVE, ASKED, NIGHTLY, TEMPLATE
from affiliate.disclosure.evidence.stamps import stamp_head
from affiliate.disclosure.evidence.verifying import verify as verify_chain
from affiliate.disclosure.findings import FAIL, PASS, WARN
from affiliate.disclosure.occasions import BETWEEN_PAGES
from affiliate.disclosure.rules import checked_profile
from affiliate.errors import AffiliateError, InvalidInput, NotFound
from affiliate.links.sites import find_site
from affiliate.reports.evidence import Scope, export_evidence
from affiliate.reports.register import UNCHECKED, RegisterFilter, RegisterRow, count_register, list_register

if TYPE_CHECKING:
    from affiliate.disclosure.recheck import Rechecker

log = logging.getLogger(__name__)

_VERDICTS = {"fail": FAIL, "warn": WARN, "pass": PASS, "unchecked": UNCHECKED}
_SAMPLE = 200  # pages of a template: one template serves all articles of a kind
_MOST = 1_000_000


def _site_id(session: Session, site: str | None) -> int | None:
    return find_site(session, site).id if site else None


def _article_id(session: Session, named: str | None, site_id: int | None) -> int | None:
    if named is None:
        return None
    found = queries.article_named(session, named, site_id=site_id)
    if found is None:
        raise NotFound("article", named, "Name it by its address, its id in the CMS, or its number here.")
    return found


@click.command("register", cls=Command)
@click.option("--verdict", type=click.Choice([*_VERDICTS]), help="Only pages whose worst verdict is this one.")
@click.option("--profile", help="The verdict by this profile alone.")
@site_option
@json_option
@pass_context
def register(context: Context, *, verdict: str | None, profile: str | None, site: str | None, as_json: bool) -> None:
    """Every monetised page: what it shows since when, and what its checks said. The worst first."""
    app = context.app
    with app.store.reading() as session:
        site_id = _site_id(session, site)
        wanted = RegisterFilter(
            site_id=site_id,
            verdict=_VERDICTS[verdict] if verdict else None,
            profile=checked_profile(profile) if profile else None,
            per_page=_MOST,
        )
        rows, _ = list_register(session, wanted, now=app.clock())
        counts = count_register(session, site_id=site_id)
    if as_json:
        print_json({"pages": counts.pages, "failing": counts.failing, "items": [_row_json(row) for row in rows]})
        return
    click.echo(f"{counts.failing} of {counts.pages} pages fail, {counts.unchecked} were not checked.")
    cells = [
        (
            row.title,
            row.site,
            row.kind,
            row.label or row.state,
            row.shown_from and f"{row.shown_from:%Y-%m-%d}",
            ", ".join(f"{name} {one}" for name, one in row.verdicts.items()) or "not checked",
            row.check,
        )
        for row in rows
    ]
    print_table(("Page", "Site", "Kind", "Shows", "Since", "Verdicts", "Record"), cells, empty="There is no such page.")


def _row_json(row: RegisterRow) -> dict[str, Any]:
    document = {name: getattr(row, name) for name in row.__slots__}
    for name in ("shown_from", "checked_at"):
        document[name] = document[name] and document[name].isoformat()
    return {**document, "verdicts": dict(row.verdicts)}


@click.command("recheck", cls=Command)
@click.option(
    "--occasion",
    type=click.Choice([TEMPLATE, NIGHTLY, ARCHIVE, ASKED]),
    default=ASKED,
    help="Why: a template changed, a night's sample, the whole archive once, or somebody asked.",
)
@click.option("--article", help="One article alone: its address, its id in the CMS, or its number.")
@click.option("--pages", type=click.IntRange(1), help="At most so many (template 200, nightly as set, else all).")
@click.option("--again", is_flag=True, help="With the archive: those too that were checked on that occasion before.")
@click.option("--rendered/--static", default=None, help="In a browser too (default: the setting).")
@site_option
@json_option
@pass_context
def recheck(
    context: Context,
    *,
    occasion: str,
    article: str | None,
    pages: int | None,
    again: bool,
    rendered: bool | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Check monetised pages as readers get them, a page a second, and write down what was found. A page that cannot be read is
    checked as it was stored where the archive is, else left. Stopped and run again, the archive goes on where it was.
    Exit 1 if a page fails."""
    app = context.app
    with app.store.reading() as session:
        site_id = _site_id(session, site)
        only = _article_id(session, article, site_id)
        most = pages or {TEMPLATE: _SAMPLE, NIGHTLY: app.settings.disclosure.nightly_pages or None}.get(occasion)
        due = [only] if only else queries.due_articles(session, site_id=site_id, most=most, has_url=False)
        if occasion == ARCHIVE and not again:
            done = queries.checked_on(session, ARCHIVE)
            due = [each for each in due if each not in done]
    document = _recheck(context, due, occasion, rendered=rendered, quiet=as_json)
    if as_json:
        print_json(document)
    else:
        unread = f", {document['unread']} could not be read" if document["unread"] else ""
        click.echo(f"{document['checked']} of {len(due)} pages checked: {document['failing']} fail{unread}.")
    if document["failing"]:
        raise SystemExit(REFUSED)


def _recheck(
    context: Context, due: Sequence[int], occasion: str, *, rendered: bool | None, quiet: bool
) -> dict[str, Any]:
    """Whoever has a shell here may read private addresses, such as a preview on this machine."""
    rechecker = context.app.rechecker(may_connect=lambda _address, _port: True, rendered=rendered)
    counts = {"due": len(due), "checked": 0, "failing": 0, "unread": 0}
    with _progress(len(due), quiet=quiet) as step:
        for number, article_id in enumerate(due):
            try:
                is_live = _recheck_one(rechecker, article_id, occasion, counts, step)
            except Exception:  # one page must not end the run over the archive
                log.exception("disclosure: the page of article %d could not be checked", article_id)
                counts["failing"] += 1
                step(f"The page of article {article_id} could not be checked: an internal error; the log has it.")
                is_live = True
            step("")
            if is_live and number + 1 < len(due):
                time.sleep(BETWEEN_PAGES.total_seconds())
    return {"occasion": occasion, **counts}


def _recheck_one(
    rechecker: "Rechecker", article_id: int, occasion: str, counts: dict[str, Any], step: Callable[[str], None]
) -> bool:
    """Checks one article and counts it. False if its page was not asked for, as it has no address."""
    is_live, recorded = True, None
    try:
        recorded = rechecker.live(article_id, occasion)
        is_live = recorded is not None
    except AffiliateError as problem:
        counts["unread"] += 1
        step(str(problem))
    if recorded is None and (not is_live or occasion == ARCHIVE):
        recorded = rechecker.stored(article_id, occasion)
    if recorded is not None:
        counts["checked"] += 1
        counts["failing"] += recorded.worst == FAIL
    return is_live


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Any]:
    """A bar on a terminal; elsewhere only what went wrong, on standard error."""
    if quiet or not sys.stderr.isatty():
        yield lambda said: click.echo(f"affiliate: {said}", err=True) if said else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("checking", total=total)

        def step(said: str) -> None:
            if said:
                bars.console.print(said, highlight=False, markup=False)
            else:
                bars.advance(bar)

        yield step


def _roots(files: Sequence[Path]) -> list[bytes]:
    return [file.read_bytes() for file in files]


_root_option = click.option(
    "--root",
    "roots",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    multiple=True,
    help="A root certificate of a stamping authority (PEM or DER); may be repeated.",
)


@click.command("verify", cls=Command)
@_root_option
@json_option
@pass_context
def verify(context: Context, *, roots: tuple[Path, ...], as_json: bool) -> None:
    """Walk the whole chain of evidence: hashes, numbers, columns, files and time stamps. Exit 1 if anything is not as it was
    written."""
    with context.app.store.reading() as session:
        found = verify_chain(session, roots=_roots(roots))
    if as_json:
        print_json(found.as_json())
    else:
        if found.is_whole:
            click.echo(f"The chain is whole: {found.records} records, {found.files} files.")
            click.echo(
                f"Its newest hash is {found.head}: keep it somewhere else to see later that nothing was cut off."
            )
        for problem in found.problems:
            click.echo(problem.says)
        if found.more:
            click.echo(f"{found.more} more things are wrong.")
        if found.first_broken:
            click.echo(f"The first record that is not as it was written is number {found.first_broken}.")
        for stamp in found.stamps:
            click.echo(stamp)
        click.echo("")
        for says in found.proves if found.is_whole else found.proves[-1:]:
            click.echo(says)
    if not found.is_whole:
        raise SystemExit(REFUSED)


@click.command("stamp", cls=Command)
@click.option("--authority", metavar="URL", help="Who stamps (default: disclosure.time_stamp_authority).")
@_root_option
@json_option
@pass_context
def stamp(context: Context, *, authority: str | None, roots: tuple[Path, ...], as_json: bool) -> None:
    """Have somebody outside sign (RFC 3161) that the newest record, and so all before it, exists now."""
    asked = authority or context.settings.disclosure.time_stamp_authority
    if not asked:
        raise InvalidInput(
            "No time-stamping authority is set: name one with --authority URL, or as disclosure.time_stamp_authority."
        )
    stamped = stamp_head(context.app.store, asked, roots=_roots(roots))
    if as_json:
        at, signer, trusted = stamped.stamp.at.isoformat(), stamped.stamp.signer, stamped.stamp.trusted
        document = {"number": stamped.number, "hash": stamped.hash, "new": stamped.new}
        print_json({**document, "stamped_at": at, "signer": signer, "verified": trusted})
        return
    click.echo(f"Record {stamped.number} {'is' if stamped.new else 'was'} {stamped.stamp}.")


@click.command("export", cls=Command)
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A name that ends in .zip (all that is needed to verify it) or .xlsx (to read).",
)
@click.option("--from", "first", metavar="D", help="Checked from this day or moment (UTC) on.")
@click.option("--to", "until", metavar="D", help="Checked before this day or moment (UTC).")
@click.option("--profile", help="Only checks against this profile.")
@click.option("--article", help="One article alone: its address, its id in the CMS, or its number.")
@site_option
@json_option
@pass_context
def export(
    context: Context,
    *,
    output: Path,
    first: str | None,
    until: str | None,
    profile: str | None,
    article: str | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Hand the evidence out, for a regulator, a network or an auditor."""
    app = context.app
    with app.store.reading() as session:
        site_id = _site_id(session, site)
        scope = Scope(
            site_id=site_id,
            article_id=_article_id(session, article, site_id),
            profile=checked_profile(profile) if profile else None,
            first=moment(first) if first else None,
            until=moment(until) if until else None,
        )
        done = export_evidence(session, output, scope, now=app.clock())
    if as_json:
        print_json({"output": str(output), "records": done.records, "digests": done.digests, "files": done.files})
        return
    click.echo(f"{done.records} records and {done.files} files are in {output}.")


COMMANDS = (register, recheck, verify, stamp, export)
