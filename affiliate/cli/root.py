"""The root of the command. A subject's module is loaded when one of its commands is called, so that each starts fast; the
list of commands loads none of them."""

import atexit
import gc
from importlib import import_module
from typing import Any

import click

from affiliate import __version__
from affiliate.cli.frame import Context, Group

# The module of each command, and what the list of commands says of it, in one line of a terminal of 80 characters.
_SUBJECTS = {
    "account": ("setup", "Publisher accounts: us at a network."),
    "advertiser": ("programmes", "Numbers under which a network knows the same advertiser."),
    "check": ("checking", "Check the disclosure of pages, fragments and newsletters."),
    "clicks": ("operations", "The click journal and what is loaded of it."),
    "config": ("operations", "The configuration."),
    "crawl": ("crawl", "Walk over your own site and tell what is wrong with its links."),
    "db": ("operations", "The database."),
    "deeplink": ("links", "Build the tracked address for an advertiser's page."),
    "demo": ("operations", "Fill an empty database with the demo newsroom."),
    "disclosure": ("disclosure", "Rules, texts, evidence: what readers must be told."),
    "earn": ("programmes", "Say whether links to these addresses would earn."),
    "import": ("imports", "Bring in what the networks report."),
    "inspect": ("links", "Take links apart: network, ids, sub-ids, target."),
    "job": ("operations", "The periodic tasks."),
    "link": ("links", "The link library."),
    "money": ("money", "The current picture that reports read, held against the ledger."),
    "network": ("networks", "The networks that pay us, and how our connectors stand."),
    "payout": ("payouts", "What networks paid, and the transactions that it covers."),
    "programme": ("programmes", "Programmes: an advertiser's terms on a network."),
    "pull": ("pull", "Ask a network's API for what it has to report."),
    "report": ("money", "What was clicked and earned: commissions, clicks."),
    "rewrite": ("articles", "Rewrite an article's links and print its HTML."),
    "serve": ("operations", "Web, redirects, loader and jobs, as one process tree."),
    "site": ("setup", "Titles: domains, language, jurisdiction, zone."),
    "token": ("setup", "Tokens for scripts."),
    "user": ("setup", "People who sign in."),
    "worker": ("operations", "Loader, publisher and jobs alone, in the foreground."),
}

# Python looks for circles of dead objects after every 700 new ones, hundreds of times while modules are loaded, which make
# no garbage: an eighth of a short command's time.
_OBJECTS_BETWEEN_SEARCHES = 50_000


class _Root(Group):
    def main(self, *args: Any, **kwargs: Any) -> Any:
        gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
        atexit.unregister(gc.freeze)
        atexit.register(gc.freeze)  # else Python searches all modules for garbage before it ends: 0.2 s
        return super().main(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUBJECTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SUBJECTS:
            return None
        subject, _ = _SUBJECTS[cmd_name]
        commands: dict[str, click.Command] = import_module(f"affiliate.cli.{subject}").COMMANDS
        return commands[cmd_name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in _SUBJECTS.items()])


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="affiliate")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Affiliate links for publishers: from the pasted address to the commission report, with the disclosure beside it."""
    ctx.ensure_object(Context)
