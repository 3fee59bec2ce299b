"""The root of the command and its groups."""

import click

from affiliate import __version__
from affiliate.cli import articles, links, money, operations, setup
from affiliate.cli.frame import Context, Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="affiliate")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Affiliate links for publishers: from the pasted address to the commission report, with the disclosure beside it."""
    ctx.ensure_object(Context)


for module in (operations, setup, links, articles, money):
    for command in module.COMMANDS:
        main.add_command(command)
