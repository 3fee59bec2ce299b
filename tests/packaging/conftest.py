"""The wheel, built from the checkout and installed into an environment that has what it declares and nothing else."""

import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
import requests
from packaging.requirements import Requirement

from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parent.parent.parent
BARE = {"PATH": "/usr/bin:/bin"}


@contextmanager
def serving(command: list[str], environment: dict[str, str], cwd: Path) -> Iterator[str]:
    """The address of a server that `command` starts; SIGTERM ends it in the end."""
    port = free_port()
    with (cwd / "server.log").open("w+b") as log:
        server = subprocess.Popen(
            command, cwd=cwd, env={**environment, "AFFILIATE_SERVER__PORT": str(port)}, stdout=log, stderr=log
        )
        base = f"http://127.0.0.1:{port}"
        try:
            assert answers(f"{base}/healthz", server), (cwd / "server.log").read_text(encoding="utf-8")
            yield base
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether the address answers 200 before the server ends."""

    def is_up() -> bool:
        try:
            return requests.get(url, timeout=PATIENCE).ok
        except requests.RequestException:
            return False

    return wait_until(lambda: server.poll() is not None or is_up()) and server.poll() is None


@dataclass(frozen=True)
class Installation:
    folder: Path
    packages: Path  # site-packages

    def run(self, *command: str, cwd: Path) -> str:
        """What a command of the environment prints, run outside the repository; it must succeed."""
        path = str(self.folder / "bin" / command[0])
        done = subprocess.run([path, *command[1:]], check=False, cwd=cwd, env=BARE, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serving(self, cwd: Path) -> AbstractContextManager[str]:
        return serving([str(self.folder / "bin" / "affiliate"), "serve"], BARE, cwd)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, folder], cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    (metadata,) = packages.glob("affiliate-*.dist-info")
    lend(Distribution.at(metadata), packages)
    return Installation(folder, packages)


def lend(wanting: Distribution, packages: Path, extras: frozenset[str] = frozenset()) -> None:
    """Links what a distribution requires, and what that requires, from the environment of the tests.

    Without network nothing else has the packages; and linking only what is declared shows what was not.
    """
    for line in wanting.requires or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        found = distribution(requirement.name)
        tops = {file.parts[0] for file in found.files or [] if file.parts[0] not in {"..", "__pycache__"}}
        missing = {top for top in tops if not (packages / top).exists()}
        for top in missing:
            (packages / top).symlink_to(str(found.locate_file(top)))
        if missing or requirement.extras:
            lend(found, packages, frozenset(requirement.extras))
