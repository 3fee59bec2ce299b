"""What every command shares: --config, the opened application, exit codes and how results are printed.

Exit 0: done, repeated and already known included. 1: refused, quarantined rows or findings. 2: usage.
"""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from affiliate.clock import day_start, parse_day
from affiliate.errors import AffiliateError, InvalidInput

if TYPE_CHECKING:
    from affiliate.app import Application
    from affiliate.settings import Settings

REFUSED = 1

F = TypeVar("F", bound=Callable[..., Any])


class Context:
    """One call of the command: settings and the application are read when first asked for."""

    def __init__(self) -> None:
        self.config: Path | None = None

    @cached_property
    def settings(self) -> "Settings":
        from affiliate.settings import load_settings

        return load_settings(self.config)

    @cached_property
    def app(self) -> "Application":
        from affiliate.app import open_application

        return open_application(self.settings)

    @property
    def has_database(self) -> bool:
        """Whether there is one already. Makes none."""
        url = self.settings.database_url
        return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).is_file()

    def loaded_up_to(self, uuid: str) -> int | None:
        """How far the store has loaded a segment of the journal; None if it has not or is not there. Makes no database."""
        if not self.has_database:
            return None
        from affiliate.app import Application

        return Application(self.settings).watch.loaded_up_to(uuid)


pass_context = click.make_pass_decorator(Context, ensure=True)


def _remember_config(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Context).config = value


def _config_option() -> click.Option:
    return click.Option(
        ["--config"],
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        expose_value=False,
        is_eager=True,
        callback=_remember_config,
        help="The configuration (default: $AFFILIATE_CONFIG, else ./config.toml, else defaults).",
    )


class Command(click.Command):
    """A command that takes --config and turns a refusal, or a file that cannot be used, into one clear line and exit 1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_config_option())

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AffiliateError as refusal:
            click.echo(f"affiliate: {refusal}", err=True)
            ctx.exit(REFUSED)
        except OSError as problem:
            if problem.filename is None:  # no file's; click itself knows a reader that went away
                raise
            click.echo(f"affiliate: {problem.filename}: {problem.strerror}.", err=True)
            ctx.exit(REFUSED)


class Group(click.Group):
    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_config_option())


Group.group_class = Group


def json_option(function: F) -> F:
    option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout and nothing else there.")
    return option(function)


def site_option(function: F) -> F:
    option = click.option("--site", metavar="KEY", help="The site, where there are several.")
    return option(function)


def moment(text: str) -> datetime:
    """A moment as people type it: a day (its first moment, UTC), or ISO 8601 with an offset; InvalidInput otherwise."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as problem:
        raise InvalidInput(f"{text!r} is no moment; write 2026-11-02 or 2026-11-02T09:00:00+00:00.") from problem
    if read.tzinfo is None and len(text) > 10:
        raise InvalidInput(f"{text!r} names no time zone; add one, such as +00:00.")
    return read if read.tzinfo else day_start(parse_day(text), "UTC")


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """A table as wide as the terminal allows; in a pipe, long cells are kept whole."""
    if not rows:
        click.echo(empty)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 400)
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)
