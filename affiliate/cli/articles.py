"""rewrite, check."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from affiliate.articles.policy import KINDS
from affiliate.articles.publish import ArticleFacts, rewrite_article
from affiliate.cli.frame import REFUSED, Command, Context, json_option, pass_context, print_json, site_option
from affiliate.disclosure.check import check as check_html
from affiliate.errors import InvalidDocument
from affiliate.links.sites import find_site
from affiliate.networks.http import PoliteClient


def read_document(name: str) -> str:
    """The text of a file, or of standard input for `-`; InvalidDocument if it is not UTF-8."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise InvalidDocument(f"{name} is not UTF-8 text (byte {problem.start}); convert it first.") from problem
    except OSError as problem:
        raise InvalidDocument(f"{name} cannot be read: {problem.strerror}.") from problem


@click.command(cls=Command)
@click.argument("file", metavar="FILE|-")
@click.option("--article-url", help="Where the article is published (default: a draft named by its file).")
@click.option("--kind", type=click.Choice(KINDS), help="Default: what is known of the article, else mixed.")
@click.option("--jurisdiction", help="Whose disclosure rules apply (default: the site's).")
@click.option("--language", help="The article's language (default: the site's).")
@click.option("--author")
@click.option("--section")
@click.option("--title")
@click.option("--tag", "tags", multiple=True, help="May be repeated.")
@click.option("--monetise/--no-monetise", default=None, help="The article's own word, above the site's.")
@click.option("--report", "report", type=click.Path(dir_okay=False, path_type=Path), help="Write the changes as JSON.")
@site_option
@pass_context
def rewrite(
    context: Context,
    *,
    file: str,
    article_url: str | None,
    kind: str | None,
    jurisdiction: str | None,
    language: str | None,
    author: str | None,
    section: str | None,
    title: str | None,
    tags: tuple[str, ...],
    monetise: bool | None,
    report: Path | None,
    site: str | None,
) -> None:
    """Rewrite an article's links and print its HTML; every other byte stays."""
    app = context.app
    html = read_document(file)
    facts = ArticleFacts(
        url=article_url,
        title=title,
        kind=kind,
        author=author,
        section=section,
        tags=tags or None,
        language=language,
        jurisdiction=jurisdiction,
        monetise=monetise,
        draft=None if file == "-" else file,
    )
    with app.store.transaction() as session:
        rewritten = rewrite_article(
            session, site=find_site(session, site), html=html, article=facts, policy=app.policy, now=app.clock()
        )
    app.publish([placement.link.id for placement in rewritten.placements])
    if report:
        _write_report(report, rewritten.as_json())
    for warning in rewritten.warnings:
        click.echo(f"affiliate: {warning}", err=True)
    click.echo(rewritten.html.encode("utf-8"), nl=False)


def _write_report(path: Path, document: dict[str, Any]) -> None:
    without_html = {key: value for key, value in document.items() if key != "html"}
    path.write_text(json.dumps(without_html, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _page(url: str) -> str:
    """A page as it is served. Whoever has a shell here may read private addresses, such as a preview on this machine."""
    return PoliteClient(may_connect=lambda _address, _port: True).get(url).text


@click.command(cls=Command)
@click.argument("file", metavar="FILE|URL|-")
@click.option(
    "--profile", "profiles", multiple=True, help="uk, us …; may be repeated (default: the site's jurisdiction)."
)
@site_option
@json_option
@pass_context
def check(context: Context, *, file: str, profiles: tuple[str, ...], site: str | None, as_json: bool) -> None:
    """Check the disclosure of a page, statically. Exit 1 if a profile fails."""
    html = _page(file) if file.startswith(("http://", "https://")) else read_document(file)
    if not profiles:
        with context.app.store.reading() as session:
            profiles = (find_site(session, site).jurisdiction,)
    result = check_html(html, [profile.lower() for profile in profiles])
    if as_json:
        print_json(result.as_json())
    else:
        for profile, verdict in result.verdicts.items():
            click.echo(f"{profile}: {verdict}")
        for finding in result.findings:
            click.echo(f"  {finding.severity} {finding.rule}: {finding.message} ({finding.where})")
    if "FAIL" in result.verdicts.values():
        raise SystemExit(REFUSED)


COMMANDS = {command.name: command for command in (rewrite, check)}
