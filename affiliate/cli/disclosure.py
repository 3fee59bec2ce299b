"""disclosure …"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from affiliate.cli import evidence
from affiliate.cli.frame import (
    Context,
    Group,
    json_option,
    moment,
    pass_context,
    print_json,
    print_table,
    site_option,
)
from affiliate.cli.texts import text
from affiliate.disclosure.findings import SEVERITIES
from affiliate.disclosure.profiles import (
    RuleException,
    change_rule,
    choose_profile,
    drop_profile,
    exceptions_of,
    profiles_of,
    restore_rule,
)
from affiliate.disclosure.rules import Pack, Rule, checked_profile, pack, profile_names
from affiliate.links.sites import find_site, site_keys

_by_option = click.option("--by", default="command", show_default=True, help="Who decided, for the record.")


@click.group(cls=Group)
def disclosure() -> None:
    """What readers must be told about paid links: rules, profiles, exceptions. Not legal advice."""


@disclosure.command("rules")
@click.option("--profile", "wanted", multiple=True, help="uk, us, amazon …; may be repeated (default: all).")
@json_option
@pass_context
def list_rules(_context: Context, *, wanted: tuple[str, ...], as_json: bool) -> None:
    """Every rule in plain words, with its severity and where it stands."""
    packs = [pack(key) for key in dict.fromkeys(checked_profile(name) for name in wanted or profile_names())]
    if as_json:
        print_json([_rule_json(each, rule) for each in packs for rule in each.rules])
        return
    for each in packs:
        click.echo(f"{each.key}: {each.name}, version {each.version}")
        rows = [(rule.id, rule.effective, rule.grade, rule.title, rule.source) for rule in each.rules]
        print_table(("Rule", "Severity", "Evidence", "Title", "Source"), rows, empty="")
    click.echo("Evidence: P read in its own text, Q quoted by others, S a summary, M memory, O our own measure.")
    click.echo("Rules on S, M or O alone warn and never fail a page. Not legal advice.")


@disclosure.command("profiles")
@json_option
@pass_context
def list_profiles(context: Context, *, as_json: bool) -> None:
    """Every profile that pages can be checked against, and the sites whose pages are."""
    with context.app.store.reading() as session:
        checked = {key: profiles_of(session, find_site(session, key)) for key in site_keys(session)}
    packs = [pack(name) for name in profile_names()]
    sites = {each.key: [key for key, profiles in checked.items() if each.key in profiles] for each in packs}
    if as_json:
        print_json([{**_pack_json(each), "sites": sites[each.key]} for each in packs])
        return
    rows = [
        (each.key, each.name, each.kind, each.version, len(each.rules), ", ".join(sites[each.key])) for each in packs
    ]
    print_table(("Profile", "Name", "Kind", "Version", "Rules", "Sites"), rows, empty="")


@disclosure.group("profile")
def profile() -> None:
    """Which profiles a site's pages are checked against, beside the jurisdiction of each article."""


@profile.command("choose")
@click.argument("name", metavar="PROFILE")
@_by_option
@site_option
@json_option
@pass_context
def choose(context: Context, *, name: str, by: str, site: str | None, as_json: bool) -> None:
    """Check the pages of a site against this profile too, from now on."""
    with context.app.store.transaction() as session:
        found = find_site(session, site)
        is_new = choose_profile(session, found, name, by=by, now=context.app.clock())
        answer = {"site": found.key, "profiles": profiles_of(session, found)}
    if as_json:
        print_json(answer)
        return
    is_checked = "is checked" if is_new else "was checked already"
    click.echo(f"{answer['site']} {is_checked} against {checked_profile(name)}: {', '.join(answer['profiles'])}.")


@profile.command("drop")
@click.argument("name", metavar="PROFILE")
@click.option("--reason", required=True, help="Why; it is kept.")
@_by_option
@site_option
@json_option
@pass_context
def drop(context: Context, *, name: str, reason: str, by: str, site: str | None, as_json: bool) -> None:
    """Check the pages of a site against this profile no longer."""
    with context.app.store.transaction() as session:
        found = find_site(session, site)
        drop_profile(session, found, name, reason=reason, by=by, now=context.app.clock())
        answer = {"site": found.key, "profiles": profiles_of(session, found)}
    if as_json:
        print_json(answer)
        return
    click.echo(f"{answer['site']} is checked against {', '.join(answer['profiles'])}.")


@disclosure.group("rule")
def rule() -> None:
    """Rules that a site takes more or less seriously than their packs, with the reasons."""


@rule.command("change")
@click.argument("rule_id", metavar="RULE")
@click.argument("severity", type=click.Choice(SEVERITIES, case_sensitive=False))
@click.option("--reason", default="", help="Why; required for a milder severity, and shown beside the verdicts.")
@click.option("--article", default="", help="For this article alone: its address, its name in the CMS or its number.")
@click.option("--until", metavar="WHEN", help="When it ends: a day (its first moment, UTC) or a moment.")
@_by_option
@site_option
@json_option
@pass_context
def change(
    context: Context,
    *,
    rule_id: str,
    severity: str,
    reason: str,
    article: str,
    until: str | None,
    by: str,
    site: str | None,
    as_json: bool,
) -> None:
    """Take a rule as SEVERITY on a site, or for one article. One that fails a page can be loosened to WARN, no further."""
    ends_at = moment(until) if until else None
    with context.app.store.transaction() as session:
        made = change_rule(
            session,
            find_site(session, site),
            rule_id,
            severity,
            reason=reason,
            by=by,
            now=context.app.clock(),
            article=article,
            until=ends_at,
        )
    if as_json:
        print_json(_exception_json(made))
        return
    where = f" for “{made.article}”" if made.article_id else ""
    end = f" until {made.ends_at:%Y-%m-%d %H:%M} UTC" if made.ends_at else ""
    click.echo(f"{made.rule} counts as {made.severity}{where}{end}, not {made.own_severity}.")


@rule.command("restore")
@click.argument("rule_id", metavar="RULE")
@click.option("--article", default="", help="What was changed for this article alone.")
@_by_option
@site_option
@json_option
@pass_context
def restore(context: Context, *, rule_id: str, article: str, by: str, site: str | None, as_json: bool) -> None:
    """Take a rule as its pack says again."""
    with context.app.store.transaction() as session:
        found = find_site(session, site)
        was_changed = restore_rule(session, found, rule_id, by=by, now=context.app.clock(), article=article)
    if as_json:
        print_json({"rule": rule_id.strip().upper(), "restored": was_changed})
        return
    as_ever = "counts as its pack says again" if was_changed else "counts as its pack says already"
    click.echo(f"{rule_id.strip().upper()} {as_ever}.")


@rule.command("changes")
@click.option("--past", is_flag=True, help="Also those that ended.")
@site_option
@json_option
@pass_context
def changes(context: Context, *, past: bool, site: str | None, as_json: bool) -> None:
    """What a site takes differently, and why."""
    with context.app.store.reading() as session:
        found = exceptions_of(session, find_site(session, site).id, now=context.app.clock())
    shown = [each for each in found if past or each.holds]
    if as_json:
        print_json([_exception_json(each) for each in shown])
        return
    rows = [
        (each.rule, each.severity, each.own_severity, each.article, each.reason, each.made_by, _end(each))
        for each in shown
    ]
    columns = ("Rule", "Counts as", "Pack says", "Article", "Reason", "By", "Ends")
    print_table(columns, rows, empty="Every rule counts as its pack says.")


def _end(each: RuleException) -> str:
    if each.ended_at:
        return f"ended {each.ended_at:%Y-%m-%d}"
    return f"{each.ends_at:%Y-%m-%d}" if each.ends_at else ""


def _pack_json(each: Pack) -> dict[str, Any]:
    return {"profile": each.key, "name": each.name, "kind": each.kind, "version": each.version}


def _rule_json(each: Pack, rule: Rule) -> dict[str, Any]:
    facts = {**asdict(rule), "severity": rule.effective, "stated_severity": rule.severity, "grade": rule.grade}
    return {"profile": each.key, "version": each.version, **facts}


def _exception_json(each: RuleException) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(each).items()}


disclosure.add_command(text)
for each in evidence.COMMANDS:
    disclosure.add_command(each)

COMMANDS = {"disclosure": disclosure}
