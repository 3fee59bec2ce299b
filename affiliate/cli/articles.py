"""rewrite."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from affiliate.articles.desk import Desk
from affiliate.articles.feed_source import is_feed
from affiliate.articles.feeds import rewrite_feed
from affiliate.articles.listing import label_teasers
from affiliate.articles.policy import KINDS
from affiliate.articles.publish import ArticleFacts
from affiliate.articles.variants import VARIANTS, WEB
from affiliate.cli.frame import Command, Context, pass_context, site_option
from affiliate.errors import InvalidDocument, InvalidInput
from affiliate.links.sites import find_site

_LISTING = "listing"


def read_document(name: str) -> str:
    """The text of a file, or of standard input for `-`; InvalidDocument if it is not UTF-8."""
    try:
        return read_bytes(name).decode("utf-8")
    except UnicodeDecodeError as problem:
        raise InvalidDocument(f"{name} is not UTF-8 text (byte {problem.start}); convert it first.") from problem


def read_bytes(name: str) -> bytes:
    """What a file, or standard input for `-`, holds; InvalidDocument if it cannot be read."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
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
@click.option(
    "--variant",
    type=click.Choice((*VARIANTS, _LISTING)),
    default=WEB,
    show_default=True,
    help="What the HTML is for; `listing` labels the teasers of product-led articles on a page of them.",
)
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
    variant: str,
    report: Path | None,
    site: str | None,
) -> None:
    """Rewrite an article's links and print its HTML; every other byte stays.

    An RSS or Atom file is rewritten item by item, each as an article of its own.
    """
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
    if variant == _LISTING:
        written, document, warnings = _listing(context, html, site)
    elif is_feed(html):
        written, document, warnings = _feed(context, html, facts, site)
    else:
        written, document, warnings = _article(context, html, facts, variant, site)
    if report:
        _write_report(report, document)
    for warning in warnings:
        click.echo(f"affiliate: {warning}", err=True)
    click.echo(written.encode("utf-8"), nl=False)


_Printed = tuple[str, dict[str, Any], tuple[str, ...]]  # what is printed, what the report says, what to warn of


def _article(context: Context, html: str, facts: ArticleFacts, variant: str, site: str | None) -> _Printed:
    app = context.app
    rewritten = _desk(context, site).publish(html, facts, variant=variant, now=app.clock())
    app.publish([placed.link.id for placed in rewritten.placements])
    return rewritten.html, rewritten.as_json(), rewritten.warnings


def _feed(context: Context, xml: str, facts: ArticleFacts, site: str | None) -> _Printed:
    app = context.app
    if facts.url:
        raise InvalidInput("A feed's items have addresses of their own: leave --article-url out.")
    rewritten = rewrite_feed(_desk(context, site), xml=xml, article=facts, now=app.clock())
    app.publish([placed.link.id for item in rewritten.items for text in item.texts for placed in text.placements])
    return rewritten.xml, rewritten.as_json(), rewritten.warnings


def _desk(context: Context, site: str | None) -> Desk:
    return Desk(context.app.store, lambda session: find_site(session, site), context.app.policy)


def _listing(context: Context, html: str, site: str | None) -> _Printed:
    with context.app.store.reading() as session:
        labelled = label_teasers(session, site=find_site(session, site), html=html)
    return labelled.html, labelled.as_json(), labelled.warnings


def _write_report(path: Path, document: dict[str, Any]) -> None:
    without_html = {key: value for key, value in document.items() if key != "html"}
    path.write_text(json.dumps(without_html, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


COMMANDS = {command.name: command for command in (rewrite,)}
