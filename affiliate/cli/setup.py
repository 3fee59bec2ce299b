"""What a new publisher needs first: site, account, user, token."""

import click
from sqlalchemy.orm import Session

from affiliate.cli.frame import Context, Group, json_option, pass_context, print_json
from affiliate.errors import InvalidInput
from affiliate.links.programmes import add_account
from affiliate.links.sites import add_entity, add_site
from affiliate.store.tables import Site
from affiliate.web.accounts import ROLES, SCOPES, add_token, add_user
from affiliate.web.passwords import made_password


@click.group(cls=Group)
def site() -> None:
    """Titles: domains, language, jurisdiction, zone."""


@site.command("add")
@click.argument("key")
@click.option("--name", default="", help="As readers know it (default: the key).")
@click.option("--host", "hosts", multiple=True, help="A domain of the site; may be repeated.")
@click.option("--language", default="en-GB", show_default=True)
@click.option("--jurisdiction", default="uk", show_default=True, help="Whose disclosure rules its articles follow.")
@click.option("--time-zone", default="Europe/London", show_default=True)
@click.option("--link-base", default="", help="Makes links absolute, such as https://magazine.example.")
@click.option("--company", help="The key of the company it belongs to (default: the first one).")
@click.option("--new-company", metavar="KEY:NAME:CURRENCY", help="Make a company for it.")
@json_option
@pass_context
def add_site_command(
    context: Context,
    *,
    key: str,
    name: str,
    hosts: tuple[str, ...],
    language: str,
    jurisdiction: str,
    time_zone: str,
    link_base: str,
    company: str | None,
    new_company: str | None,
    as_json: bool,
) -> None:
    """Add a title."""
    app = context.app
    with app.store.transaction() as session:
        if new_company:
            company = _new_company(session, new_company)
        made = add_site(
            session,
            key=key,
            name=name,
            hosts=hosts,
            language=language,
            jurisdiction=jurisdiction,
            time_zone=time_zone,
            link_base=link_base,
            entity_key=company,
            now=app.clock(),
        )
        answer = _site_json(made)
    app.publish_hosts()
    print_json(answer) if as_json else click.echo(f"Added the site {key}.")


def _new_company(session: Session, text: str) -> str:
    key, name, currency = (*text.split(":"), "", "")[:3]
    if not (key and name and currency):
        raise InvalidInput(f"{text!r} is no company; write KEY:NAME:CURRENCY, such as north:North Ltd:GBP.")
    return add_entity(session, key=key, name=name, base_currency=currency).key


def _site_json(made: Site) -> dict[str, object]:
    return {
        "key": made.key,
        "name": made.name,
        "hosts": [host.host for host in made.hosts],
        "language": made.language,
        "jurisdiction": made.jurisdiction,
        "time_zone": made.time_zone,
        "link_base": made.link_base,
        "company": made.entity.key,
    }


@click.group(cls=Group)
def account() -> None:
    """Publisher accounts: us at a network."""


@account.command("add")
@click.argument("network")
@click.argument("publisher_id", metavar="ID")
@click.option("--name", default="")
@click.option("--currency", help="Only for networks whose reports name none.")
@click.option("--time-zone", help="The zone of the network's reports, where they do not say.")
@click.option("--company", help="The key of the company (default: the first one).")
@json_option
@pass_context
def add_account_command(
    context: Context,
    *,
    network: str,
    publisher_id: str,
    name: str,
    currency: str | None,
    time_zone: str | None,
    company: str | None,
    as_json: bool,
) -> None:
    """Add our account at NETWORK; ID is the publisher id that the network gave us."""
    app = context.app
    with app.store.transaction() as session:
        made = add_account(
            session,
            network,
            publisher_id,
            entity_key=company,
            name=name,
            currency=currency,
            time_zone=time_zone,
            now=app.clock(),
        )
        answer = {"network": made.network, "publisher_id": made.publisher_ref, "company": made.entity.key}
    print_json(answer) if as_json else click.echo(f"Added the account {publisher_id} at {made.network}.")


@click.group(cls=Group)
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", default="")
@json_option
@pass_context
def add_user_command(context: Context, *, email: str, role: str, name: str, as_json: bool) -> None:
    """Add a person; the password is generated and shown once."""
    app = context.app
    password = made_password()
    with app.store.transaction() as session:
        made = add_user(session, email=email, role=role, name=name, password=password, now=app.clock())
        answer = {"email": made.user.email, "role": made.user.role, "password": made.password}
    if as_json:
        print_json(answer)
    else:
        click.echo(f"Added {answer['email']} as {role}. The password, shown this once: {made.password}")


@click.group(cls=Group)
def token() -> None:
    """Tokens for scripts."""


@token.command("add")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="May be repeated.")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@json_option
@pass_context
def add_token_command(context: Context, *, scopes: tuple[str, ...], name: str, as_json: bool) -> None:
    """Add an API token; its text is shown once."""
    app = context.app
    with app.store.transaction() as session:
        made = add_token(session, name=name, scopes=list(scopes), now=app.clock())
    if as_json:
        print_json({"name": name, "scopes": list(scopes), "token": made.text})
    else:
        click.echo(f"The token, shown this once: {made.text}")


COMMANDS = {command.name: command for command in (site, account, user, token)}
