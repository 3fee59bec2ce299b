"""disclosure …"""

import click

from affiliate.cli.frame import Context, Group, json_option, pass_context, print_json, print_table
from affiliate.cli.texts import text
from affiliate.disclosure.rules import pack, profile_names


@click.group(cls=Group)
def disclosure() -> None:
    """What readers must be told about paid links: rules, profiles, exceptions."""


@disclosure.command("profiles")
@json_option
@pass_context
def profiles(_context: Context, *, as_json: bool) -> None:
    """Every profile that pages can be checked against."""
    packs = [pack(name) for name in profile_names()]
    if as_json:
        print_json([{"profile": each.key, "name": each.name, "version": each.version} for each in packs])
        return
    print_table(("Profile", "Name", "Version"), [(each.key, each.name, each.version) for each in packs], empty="")


disclosure.add_command(text)

COMMANDS = {"disclosure": disclosure}
