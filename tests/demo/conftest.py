"""The demo newsroom, filled once for all tests that only look at it."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from affiliate.app import Application
from affiliate.demo.filling import fill_newsroom
from affiliate.redirect.hop import Answer, Hop
from affiliate.settings import Database, Settings

TODAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Newsroom:
    """The filled application, the networks' files it was filled from, and every answer that the hop gave."""

    app: Application
    files: Path
    answers: tuple[Answer, ...]
    said: str


def open_empty(folder: Path, url: str = "") -> Application:
    app = Application(Settings(data_dir=folder, database=Database(url=SecretStr(url))), clock=lambda: TODAY)
    app.prepare()
    return app


def filled(folder: Path, url: str = "") -> Newsroom:
    app = open_empty(folder / "data", url)
    files = folder / "files"
    files.mkdir()
    answers: list[Answer] = []
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hop, "answer", _remembering(Hop.answer, answers))
        fill_newsroom(app, files, Console(file=said))
    return Newsroom(app, files, tuple(answers), said.getvalue())


def _remembering(answer: Callable[..., Answer | None], answers: list[Answer]) -> Callable[..., Answer | None]:
    def remembering(*request: Any) -> Answer | None:
        given = answer(*request)
        assert given is not None
        answers.append(given)
        return given

    return remembering


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    room = filled(tmp_path_factory.mktemp("newsroom"))
    yield room
    room.app.store.close()
