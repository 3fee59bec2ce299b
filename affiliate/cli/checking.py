"""check."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from affiliate.articles.policy import KINDS
from affiliate.cli.articles import read_document
from affiliate.cli.frame import REFUSED, Command, Context, json_option, pass_context, print_json, site_option
from affiliate.disclosure.check import Change
from affiliate.disclosure.check import check as check_html
from affiliate.disclosure.findings import FAIL, SEVERITIES, Checked, Finding
from affiliate.disclosure.own_links import OwnLinks
from affiliate.disclosure.profiles import changes_of, profiles_of
from affiliate.disclosure.rules import pack
from affiliate.errors import AffiliateError
from affiliate.links.sites import find_site
from affiliate.networks.http import PoliteClient


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says of the site whose page it is; nothing where there is none."""

    profiles: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    leads_to: Callable[[str], str | None] | None = field(default=None)


@click.command(cls=Command)
@click.argument("files", metavar="FILE|URL|-...", nargs=-1, required=True)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    help="uk, us, amazon …; may be repeated (default: the site's jurisdiction and the profiles that it chose).",
)
@click.option("--kind", type=click.Choice(KINDS), help="Default: what the page's x-content-kind says, else mixed.")
@site_option
@json_option
@pass_context
def check(
    context: Context,
    *,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    kind: str | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Check the disclosure of pages, fragments, newsletters and feeds. Exit 1 if a profile fails.

    Without a database only --profile says what is asked, and where our own links lead is not known.
    """
    documents = [(file, _document(file)) for file in files]
    with _known(context, site, needs_site=not profiles) as known:
        wanted = profiles or known.profiles
        checked = [
            (file, check_html(html, wanted, kind=kind, leads_to=known.leads_to, changes=known.changes))
            for file, html in documents
        ]
    if as_json:
        print_json(_as_json(checked))
    else:
        for number, (file, result) in enumerate(checked):
            if len(checked) > 1:
                click.echo(f"{'' if number == 0 else chr(10)}{file}")
            _print(result)
    if any(FAIL in result.verdicts.values() for _, result in checked):
        raise SystemExit(REFUSED)


def _as_json(checked: Sequence[tuple[str, Checked]]) -> Any:
    """One object for one file; for several a list of them, each with the file's name."""
    if len(checked) == 1:
        return checked[0][1].as_json()
    return [{"file": file, **result.as_json()} for file, result in checked]


def _document(name: str) -> str:
    if name.startswith(("http://", "https://")):
        return _page(name)
    return read_document(name)


def _page(url: str) -> str:
    """A page as it is served. Whoever has a shell here may read private addresses, such as a preview on this machine."""
    return PoliteClient(may_connect=lambda _address, _port: True).get(url).text


@contextmanager
def _known(context: Context, site: str | None, *, needs_site: bool) -> Iterator[_Known]:
    """Looks the site up; a publisher's CI has no database, and gets none by checking a page against named profiles."""
    if not needs_site and site is None and not context.has_database:
        yield _Known()
        return
    app = context.app
    with app.store.reading() as session:
        try:
            found = find_site(session, site)
        except AffiliateError:
            if needs_site or site is not None:
                raise
            yield _Known()  # several sites, and nobody said which: the profiles are named, and that is enough
            return
        changes = changes_of(session, found.id, None, app.clock())
        yield _Known(profiles_of(session, found), changes, OwnLinks(session, found).leads_to)


def _print(result: Checked) -> None:
    for profile, verdict in result.verdicts.items():
        click.echo(f"{profile}: {verdict}")
        found = [finding for finding in result.findings if finding.profile == profile]
        for finding in sorted(found, key=lambda each: -SEVERITIES.index(each.severity)):
            _print_finding(finding)


def _print_finding(finding: Finding) -> None:
    where = finding.where + (f", at {finding.screen}" if finding.screen else "")
    click.echo(f"  {finding.severity} {finding.rule}: {finding.message}")
    click.echo(f"    where: {where}")
    for name, said in (("found", finding.measured), ("mend", finding.mend), ("source", _source(finding))):
        if said:
            click.echo(f"    {name}: {said}")


def _source(finding: Finding) -> str:
    return finding.source or pack(finding.profile).name


COMMANDS = {command.name: command for command in (check,)}
