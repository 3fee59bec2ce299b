"""serve, worker, demo, clicks …, config …, db …, job …"""

import gc
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from affiliate.cli.frame import REFUSED, Command, Context, Group, json_option, pass_context, print_json
from affiliate.clicks.count import MEANINGS
from affiliate.clicks.count import count as count_clicks
from affiliate.clicks.rejudge import rejudge as judge_anew
from affiliate.clicks.rollup import check as check_rollups
from affiliate.clicks.rollup import rebuild as rebuild_rollups
from affiliate.redirect.inspection import look_into, walk
from affiliate.store import migrations


@click.command(cls=Command)
@click.option("--host", help="Default: server.host of the settings.")
@click.option("--port", type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64))
@pass_context
def serve(context: Context, host: str | None, port: int | None, workers: int | None) -> None:
    """Web, redirects, loader and background jobs, as one process tree in the foreground."""
    gc.disable()  # what is loaded now stays: looking through it for garbage takes an eighth of the start
    from affiliate.serve import serve_until_told_otherwise

    gc.freeze()
    gc.enable()
    serve_until_told_otherwise(context.settings, config=context.config, host=host, port=port, workers=workers)


@click.command(cls=Command)
@pass_context
def demo(context: Context) -> None:
    """Fill an empty database with the demo newsroom. A filled one is left as it is."""
    from affiliate.demo.filling import fill

    fill(context.app)


@click.group(cls=Group)
def clicks() -> None:
    """The click journal and what is loaded of it."""


@clicks.command("load")
@json_option
@pass_context
def load(context: Context, as_json: bool) -> None:
    """Load what stands in the journal now; exactly once, whoever else is loading."""
    loaded = context.app.load_clicks()
    if as_json:
        print_json({"loaded": loaded.clicks, "set_aside": loaded.set_aside})
    else:
        click.echo(f"Loaded {loaded.clicks} clicks, set aside {loaded.set_aside} records.")


@clicks.command("count")
@json_option
@pass_context
def count(context: Context, as_json: bool) -> None:
    """The three counts, of what is loaded so far."""
    with context.app.store.reading() as session:
        counts = count_clicks(session)
    if as_json:
        print_json({"raw": counts.raw, "human": counts.human, "network_comparable": counts.network_comparable})
    else:
        click.echo(f"{counts.raw} raw, {counts.human} human, {counts.network_comparable} network-comparable")
        for name, meaning in MEANINGS.items():
            click.echo(f"{name.replace('_', '-')}: {meaning}")


@clicks.command("rebuild")
@click.option("--check", "only_check", is_flag=True, help="Only compare; exit 1 where they differ.")
@pass_context
def rebuild(context: Context, only_check: bool) -> None:
    """Make the roll-ups anew from the raw clicks that are still there."""
    store = context.app.store
    if only_check:
        with store.reading() as session:
            differing = check_rollups(session)
        click.echo(f"{differing} rows of the roll-up differ from the raw clicks.")
        raise SystemExit(REFUSED if differing else 0)
    with store.transaction() as session:
        rows = rebuild_rollups(session)
    click.echo(f"Made {rows} roll-up rows from the raw clicks.")


@clicks.command("rejudge")
@json_option
@pass_context
def rejudge(context: Context, as_json: bool) -> None:
    """Judge the known history anew by the list of bots and the rules in force; print what changed."""
    app = context.app
    report = judge_anew(app.store, now=app.clock()).as_json()
    if as_json:
        print_json(report)
        return
    click.echo(f"By the rules {report['rules']}:")
    for what in ("user_agents", "clicks"):
        changes = cast("dict[str, int]", report[what])
        told = ", ".join(f"{number} from {change}" for change, number in changes.items()) or "none changed"
        click.echo(f"  {what.replace('_', ' ')}: {told}")


@clicks.command("purge")
@json_option
@pass_context
def purge(context: Context, as_json: bool) -> None:
    """Delete clicks and hourly sums that are older than the settings keep them; prove that none older is left."""
    purged = context.app.purge_clicks()
    if as_json:
        print_json(asdict(purged))
    else:
        click.echo(
            f"Deleted {purged.clicks} clicks, {purged.hours} hourly sums and {purged.set_aside} files of records set aside;"
            f" {purged.left} older clicks and sums are left."
        )


@clicks.command("inspect")
@click.argument("segment", type=click.Path(path_type=Path))
@click.option("--limit", type=click.IntRange(0), help="At most so many records. Default: all.")
@json_option
@pass_context
def inspect(context: Context, segment: Path, limit: int | None, as_json: bool) -> None:
    """Print what stands in a file of the journal, in use, damaged or set aside. It is left as it is."""
    from affiliate.cli.journal import print_as_json, print_as_text

    file = look_into(segment)
    seen = walk(file, limit=sys.maxsize if limit is None else limit)
    loaded = context.loaded_up_to(file.header.uuid) if file.header else None
    (print_as_json if as_json else print_as_text)(file, seen, loaded)


@click.group(cls=Group)
def config() -> None:
    """The configuration."""


@config.command("check")
@json_option
@pass_context
def check(context: Context, as_json: bool) -> None:
    """Check the settings and the files of credentials; print the settings in force, secrets masked."""
    from affiliate.networks.asking.credentials import check_credentials

    shown = context.settings.as_shown()
    files = check_credentials(context.settings.networks.credentials_dir)
    if as_json:
        print_json(shown | {"credentials": [file.as_json() for file in files]})
    else:
        for key, value in _flat(shown):
            click.echo(f"{key} = {json.dumps(value, ensure_ascii=False)}")
        for file in files:
            click.echo(str(file))
    if not all(file.usable for file in files):
        raise SystemExit(REFUSED)


def _flat(document: dict[str, object], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for key, value in document.items():
        pairs.extend(_flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)])
    return pairs


@click.group(cls=Group)
def db() -> None:
    """The database."""


@db.command("upgrade")
@pass_context
def upgrade(context: Context) -> None:
    """Create or migrate the schema. Every other command does it too when it is needed."""
    app = context.app
    click.echo(f"The database is at revision {migrations.current(app.store)}.")


@db.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_context
def backup(context: Context, file: Path) -> None:
    """Write a consistent copy of an embedded database while it is in use."""
    context.app.store.backup(file)
    click.echo(f"Wrote {file}.")


@click.command(cls=Command)
@pass_context
def worker(context: Context) -> None:
    """Loader, publisher and jobs alone, in the foreground, for a node without web pages."""
    from affiliate.worker import run_forever

    run_forever(context.app)


@click.group(cls=Group)
def job() -> None:
    """The periodic tasks."""


@job.command("run")
@click.argument("name")
@pass_context
def run(context: Context, name: str) -> None:
    """Run one periodic task now."""
    from affiliate.worker import run_task

    click.echo(run_task(context.app, name))


COMMANDS = {command.name: command for command in (serve, demo, worker, clicks, config, db, job)}
