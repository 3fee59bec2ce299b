"""disclosure text …"""

from dataclasses import asdict
from typing import Any

import click

from affiliate.cli.frame import Context, Group, json_option, pass_context, print_json, print_table
from affiliate.disclosure.own.texts import OwnTextView, add_text, own_texts, retire_text
from affiliate.disclosure.texts import TEXTS, DisclosureText
from affiliate.links.sites import find_site


@click.group(cls=Group)
def text() -> None:
    """What readers are told: our words, and wordings of your own."""


@text.command("list")
@click.option("--retired", is_flag=True, help="Also those that are out of use.")
@json_option
@pass_context
def list_texts(context: Context, *, retired: bool, as_json: bool) -> None:
    """Every text, your own first."""
    with context.app.store.reading() as session:
        own = [row for row in own_texts(session) if retired or row.retired_at is None]
    if as_json:
        print_json([*(_own_json(row) for row in own), *(_our_json(row) for row in TEXTS)])
        return
    rows = [
        (row.version, row.jurisdiction, row.language, row.label, row.sentence, row.site or "all", _standing(row))
        for row in own
    ]
    ours = [(row.version, row.jurisdiction, row.language, row.label, row.sentence, "all", "ours") for row in TEXTS]
    columns = ("Version", "Jurisdiction", "Language", "Label", "Sentence", "Sites", "Standing")
    print_table(columns, [*rows, *ours], empty="")


@text.command("add")
@click.option("--jurisdiction", required=True, help="Whose rules it is for and checked by: uk, us …")
@click.option("--language", required=True, help="The language of the articles, such as en.")
@click.option("--label", required=True, help="The advertising label.")
@click.option("--sentence", required=True, help="Says that you are paid, and for what.")
@click.option("--site", metavar="KEY", help="The only site that uses it (default: all).")
@json_option
@pass_context
def add_own_text(
    context: Context, *, jurisdiction: str, language: str, label: str, sentence: str, site: str | None, as_json: bool
) -> None:
    """Check a wording of your own and use it from now on. Refused with what is wrong if it would not do."""
    with context.app.store.transaction() as session:
        version = add_text(
            session,
            jurisdiction=jurisdiction,
            language=language,
            label=label,
            sentence=sentence,
            site=find_site(session, site) if site else None,
            added_by="command",
            now=context.app.clock(),
        )
    if as_json:
        print_json({"version": version})
        return
    click.echo(f"Added {version}. Articles show it when they are rewritten.")


@text.command("retire")
@click.argument("version")
@json_option
@pass_context
def retire_own_text(context: Context, *, version: str, as_json: bool) -> None:
    """Take a wording of your own out of use; it stays in the history."""
    with context.app.store.transaction() as session:
        retire_text(session, version, now=context.app.clock())
    if as_json:
        print_json({"version": version, "retired": True})
        return
    click.echo(f"Retired {version}. Articles show what comes next when they are rewritten.")


def _standing(row: OwnTextView) -> str:
    return f"retired {row.retired_at:%Y-%m-%d}" if row.retired_at else "your own"


def _own_json(row: OwnTextView) -> dict[str, Any]:
    moments = {"added_at": row.added_at, "retired_at": row.retired_at}
    return {**asdict(row), **{name: at.isoformat() if at else None for name, at in moments.items()}, "own": True}


def _our_json(row: DisclosureText) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name != "publisher"} | {"own": False}
