"""Whoever adds a command, setting or route documents it: these fail otherwise."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from affiliate.app import Application
from affiliate.cli import main
from affiliate.settings import Settings
from affiliate.web import create_app
from affiliate.web.services import Services

TOP = Path(__file__).parents[2]
REFERENCE = (TOP / "docs" / "reference.md").read_text(encoding="utf-8")


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(main)

    def below(command: click.Command | None, words: list[str]) -> list[tuple[str, click.Command]]:
        assert command is not None
        if not isinstance(command, click.Group):
            return [(" ".join(words), command)]
        names = command.list_commands(context)
        return [found for name in names for found in below(command.get_command(context, name), [*words, name])]

    return below(main, ["affiliate"])


@pytest.mark.parametrize(("words", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_is_documented_with_its_options(words: str, command: click.Command) -> None:
    lines = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{words}") and line[len(words) + 3] in "` "]
    assert len(lines) == 1, f"{words} is {len(lines)} times in docs/reference.md"
    options = [p.opts[0] for p in command.params if isinstance(p, click.Option) and p.opts[0] != "--config"]
    assert [option for option in options if option not in lines[0]] == []


def test_every_setting_is_documented_with_its_default() -> None:
    example = tomllib.loads((TOP / "config.example.toml").read_text(encoding="utf-8"))
    keys = [key for key, value in example.items() if not isinstance(value, dict)]
    keys += [f"{section}.{key}" for section, part in example.items() if isinstance(part, dict) for key in part]
    documented = dict(re.findall(r"^\| `([a-z_.]+)` \| `(.*?)` \|", REFERENCE, re.MULTILINE))
    assert sorted(documented) == sorted(keys)
    for key, shown in documented.items():
        value = example
        for part in key.split("."):
            value = value[part]
        assert tomllib.loads(f"value = {shown}")["value"] == value, key


def test_every_route_is_documented(tmp_path: Path) -> None:
    app = Application(Settings(data_dir=tmp_path))
    flask = create_app(
        Services(
            store=app.store,
            clock=app.clock,
            publish=app.publish,
            publish_hosts=app.publish_hosts,
            session_key="for this test",
        )
    )
    routes = {re.sub(r"<(?:int|any)\([^)]*\):", "<int:", rule.rule) for rule in flask.url_map.iter_rules()}
    routes = {route.replace("<int:form>", "<form>") for route in routes}
    written = set(re.findall(r"(?:^|[` ])(/[^`\s\[]*)", REFERENCE, re.MULTILINE))
    assert sorted(routes - written) == []


def test_every_document_is_reachable_from_the_readme() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    pages = {f"docs/{page.name}" for page in (TOP / "docs").glob("*.md")}
    assert sorted(page for page in pages if page not in readme) == []


def test_links_between_documents_lead_somewhere() -> None:
    pages = [TOP / "README.md", TOP / "CHANGELOG.md", *(TOP / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(TOP)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
