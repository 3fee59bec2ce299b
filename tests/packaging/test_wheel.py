"""Whoever installs the wheel has the whole product: code, templates, static files, migrations."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests

from tests.packaging.conftest import ROOT, Installation
from tests.waiting import PATIENCE


def files_below(folder: str) -> Iterator[str]:
    for path in (ROOT / folder).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    assert set(files_below("affiliate")) - names == set()
    assert {"affiliate/py.typed", "affiliate/store/alembic/script.py.mako"} <= names


def test_the_wheel_holds_the_templates_inside_the_package(names: set[str]) -> None:
    assert {f"affiliate/{name}" for name in files_below("templates")} - names == set()
    assert not any(name.startswith("templates/") for name in names)


def test_the_wheel_holds_licence_notice_and_the_example_of_the_configuration(names: set[str]) -> None:
    for text in ("LICENSE", "NOTICE"):
        assert any(name.endswith(f".dist-info/licenses/{text}") for name in names)
    assert any(name.endswith(".data/data/share/affiliate/config.example.toml") for name in names)


def test_the_wheel_holds_nothing_of_the_workshop(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if top != "affiliate" and not top.startswith("affiliate-")} == set()
    assert not any("__pycache__" in name for name in names)


def test_every_module_of_the_installed_wheel_imports_with_what_it_declares(
    installation: Installation, tmp_path: Path
) -> None:
    modules = [
        name.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        for name in files_below("affiliate")
        if name.endswith(".py") and "/alembic/" not in name and not name.endswith("__main__.py")
    ]
    program = "import sys; [__import__(name) for name in sys.argv[1:]]; print(sys.modules['affiliate'].__file__)"
    printed = installation.run("python", "-W", "error", "-c", program, *modules, cwd=tmp_path)
    assert Path(printed.strip()) == installation.packages / "affiliate" / "__init__.py"


def test_the_installed_wheel_finds_its_own_templates(installation: Installation, tmp_path: Path) -> None:
    program = "from affiliate.web.folders import templates_folder; print(templates_folder())"
    printed = installation.run("python", "-c", program, cwd=tmp_path)
    assert Path(printed.strip()) == installation.packages / "affiliate" / "templates"


def test_the_installed_wheel_serves_the_log_in_page_with_its_style(installation: Installation, tmp_path: Path) -> None:
    with installation.serving(tmp_path) as base:
        page = requests.get(f"{base}/", timeout=PATIENCE)
        assert page.status_code == 200
        assert 'type="password"' in page.text
        style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page.text)
        assert style, page.text
        assert (
            requests.get(base + html.unescape(style[1]), timeout=PATIENCE)
            .headers["Content-Type"]
            .startswith("text/css")
        )


def test_the_installed_command_migrates_an_empty_folder(installation: Installation, tmp_path: Path) -> None:
    installation.run("affiliate", "db", "upgrade", cwd=tmp_path)
    assert (tmp_path / "data").is_dir()
    assert installation.run("affiliate", "link", "list", "--json", cwd=tmp_path) == "[]\n"


def test_the_installed_wheel_migrates_an_empty_database(installation: Installation, tmp_path: Path) -> None:
    program = (
        "from affiliate.store import Store, migrations\n"
        "store = Store('sqlite:///affiliate.db')\n"
        "print(migrations.upgrade(store), migrations.current(store) == migrations.newest(), migrations.upgrade(store))"
    )
    assert installation.run("python", "-c", program, cwd=tmp_path) == "True True False\n"
