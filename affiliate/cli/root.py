"""The root of the command. A subject's module is loaded when one of its commands is called, so that each starts fast."""

from importlib import import_module

import click

from affiliate import __version__
from affiliate.cli.frame import Context, Group

_SUBJECTS = {
    "account": "setup",
    "advertiser": "programmes",
    "check": "checking",
    "clicks": "operations",
    "config": "operations",
    "crawl": "crawl",
    "db": "operations",
    "deeplink": "links",
    "demo": "operations",
    "disclosure": "disclosure",
    "earn": "programmes",
    "import": "imports",
    "inspect": "links",
    "job": "operations",
    "link": "links",
    "network": "networks",
    "programme": "programmes",
    "pull": "pull",
    "report": "money",
    "rewrite": "articles",
    "serve": "operations",
    "site": "setup",
    "token": "setup",
    "user": "setup",
    "worker": "operations",
}


class _Root(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUBJECTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        subject = _SUBJECTS.get(cmd_name)
        if subject is None:
            return None
        commands: dict[str, click.Command] = import_module(f"affiliate.cli.{subject}").COMMANDS
        return commands[cmd_name]


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="affiliate")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Affiliate links for publishers: from the pasted address to the commission report, with the disclosure beside it."""
    ctx.ensure_object(Context)
