"""check."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from affiliate.articles.policy import KINDS
from affiliate.cli.articles import read_bytes
from affiliate.cli.frame import REFUSED, Command, Context, json_option, pass_context, print_json, site_option
from affiliate.disclosure.browser.program import NoBrowser
from affiliate.disclosure.check import Change, unchecked
from affiliate.disclosure.check import check as check_html
from affiliate.disclosure.findings import FAIL, SEVERITIES, Checked, Finding
from affiliate.disclosure.looks import Screen
from affiliate.disclosure.own_links import OwnLinks
from affiliate.disclosure.profiles import changes_of, profiles_of
from affiliate.disclosure.rules import GRADE_WORDS, pack
from affiliate.errors import AffiliateError, InvalidDocument
from affiliate.links.sites import find_site
from affiliate.networks.http import PoliteClient, decoded

if TYPE_CHECKING:  # importing it takes as long as a static check
    from affiliate.disclosure.browser.windows import Chromium, Opened


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
@click.option("--rendered", is_flag=True, help="Look at the pages in a real browser too.")
@click.option(
    "--screenshots",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write pictures of the windows into this folder; implies --rendered.",
)
@site_option
@json_option
@pass_context
def check(
    context: Context,
    *,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    kind: str | None,
    rendered: bool,
    screenshots: Path | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Check the disclosure of pages, fragments, newsletters and feeds. Exit 1 if a profile fails.

    With --rendered a Chromium shows each page in windows of 360x740 and 1280x800, and what readers see there counts: size,
    contrast, covers, what has to be opened first. AFFILIATE_CHROMIUM names the browser if it is not on the PATH.

    Without a database only --profile says what is asked, and where our own links lead is not known.
    """
    with _known(context, site, needs_site=not profiles) as known, ExitStack() as opened:
        wanted = profiles or known.profiles
        ask = partial(check_html, profiles=wanted, kind=kind, leads_to=known.leads_to, changes=known.changes)
        open_page = _in_browser(opened, screenshots) if rendered or screenshots else _read
        checked = [(file, _checked(file, open_page, ask, wanted, is_alone=len(files) == 1)) for file in files]
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


_Document = tuple[str, Sequence[Screen]]  # the HTML as served, and the windows that show it
_OpenPage = Callable[[str], AbstractContextManager[_Document]]


def _checked(
    name: str, open_page: _OpenPage, ask: Callable[..., Checked], profiles: Sequence[str], *, is_alone: bool
) -> Checked:
    """What a page gets, however it is: of several, one that cannot be read or measured fails, and the others are checked."""
    try:
        with open_page(name) as (html, screens):
            return ask(html, screens=screens)
    except AffiliateError as problem:
        if is_alone or isinstance(problem, NoBrowser):
            raise
        return unchecked(profiles, str(problem))


@contextmanager
def _read(name: str) -> Iterator[_Document]:
    yield _page(name) if _is_address(name) else _saved(name), ()


def _in_browser(opened: ExitStack, screenshots: Path | None) -> _OpenPage:
    """Opens pages in windows of one browser. A person at the command may look at any address."""
    from affiliate.disclosure.browser.pictures import keep
    from affiliate.disclosure.browser.windows import Chromium

    chromium = opened.enter_context(Chromium())

    @contextmanager
    def open_page(name: str) -> Iterator[_Document]:
        with _in_windows(chromium, name) as page:
            if screenshots is not None:
                for path in keep(page, name, screenshots):
                    click.echo(f"affiliate: picture {path}", err=True)
            yield page.html, page.screens

    return open_page


def _in_windows(chromium: "Chromium", name: str) -> "AbstractContextManager[Opened]":
    if _is_address(name):
        return chromium.url(name)
    html = _saved(name)
    return chromium.text(html) if name == "-" else chromium.file(Path(name))


def _saved(name: str) -> str:
    """A page from a file or standard input, in whatever charset it says. InvalidDocument for what is no text."""
    content = read_bytes(name)
    html = decoded(content)
    if "\0" in html or content.startswith(b"%PDF-"):
        raise InvalidDocument(f"{name} is no text; pages, fragments, newsletters and feeds are checked.")
    return html


def _is_address(name: str) -> bool:
    return name.startswith(("http://", "https://"))


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
    """Where the rule stands; for one without an address, why it has none."""
    return finding.source or GRADE_WORDS[pack(finding.profile).rule(finding.rule).grade]


COMMANDS = {command.name: command for command in (check,)}
