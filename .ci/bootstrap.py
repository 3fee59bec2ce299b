"""Brings `.venv` to what `uv.lock` says, on a machine that has Python and make and perhaps nothing else.

Standard library only, and free of newer syntax, so that an old Python can still say that it is too old. uv is taken
from PATH, else installed into `.uv` by pip; pip is the interpreter's own, else one wheel of PyPI, pinned by hash.
A stamp in `.venv` tells what was installed from what, so that a second run costs a tenth of a second.

Byte code is made here, of the packages and of our own modules, because where PYTHONDONTWRITEBYTECODE is set (as in many
containers) or the folder cannot be written, Python would compile some 1,800 modules again at every start.
"""

import argparse
import compileall
import hashlib
import importlib.util
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "installed.json"
OWN_UV = ROOT / ".uv" / "bin" / "uv"
PINS = ROOT / ".ci" / "uv.txt"
OPTIONS = ("--locked", "--no-default-groups", "--compile-bytecode")
OLDEST_PYTHON = (3, 11)
OLDEST_UV = (0, 8)  # the oldest that was seen to read our uv.lock
PIP_WHEEL = (
    "https://files.pythonhosted.org/packages/07/25/ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/"
    "pip-26.3-py3-none-any.whl"
)
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
NO_PYTHON = """Python 3.11 or newer is needed; {path} is {version}.
  Debian 12, Ubuntu 24.04 and newer:  apt-get install python3
  Fedora, RHEL:                       dnf install python3.12
  macOS:                              brew install python
Where it has a name of its own, say so:  make PYTHON=python3.12"""
NO_CERTIFICATES = """This machine has no certificates to check https://pypi.org with.
  Debian, Ubuntu:  apt-get install ca-certificates
  Fedora, RHEL:    dnf install ca-certificates
Behind a proxy with a certificate of its own:  export SSL_CERT_FILE=/path/to/it.pem"""
NO_NETWORK = """https://pypi.org cannot be reached ({reason}), and not all packages are on this machine yet.
Connect it, or name a proxy or a mirror:  export HTTPS_PROXY=...  UV_DEFAULT_INDEX=...  PIP_INDEX_URL=..."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Installs what uv.lock says into .venv.")
    parser.add_argument("--group", action="append", default=[], help="a dependency group beside the product itself")
    parser.add_argument("--extra", action="append", default=[], help="an optional feature, such as postgres")
    asked = parser.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(NO_PYTHON.format(path=sys.executable, version=sys.version.split()[0]))
    before = stamp()
    # What an earlier call installed stays: `make run` after `make test` must not take the tests' packages away.
    after = {
        "source": fingerprint(),
        "groups": sorted({*asked.group, *before["groups"]}),
        "extras": sorted({*asked.extra, *before["extras"]}),
    }
    if after != before:
        install(after)
    compile_own()


def install(after: dict) -> None:
    wanted = ["--group=" + name for name in after["groups"]] + ["--extra=" + name for name in after["extras"]]
    say(" ".join(["Installing what uv.lock says into .venv", *wanted]))
    run([uv(), "sync", *OPTIONS, "--python", sys.executable, *wanted])
    STAMP.write_text(json.dumps(after), encoding="utf-8")


def compile_own() -> None:
    """Makes the byte code of what changed since the last call, by the times of the files. One that cannot be compiled, or a
    folder that cannot be written, is no matter here: Python says so itself, or does without."""
    for folder in ("affiliate", "tests"):
        if (ROOT / folder).is_dir():
            compileall.compile_dir(ROOT / folder, quiet=2)


def fingerprint() -> str:
    """Changes when the lock, the project, the interpreter, the place of the checkout or the way of installing does."""
    parts = [(ROOT / name).read_bytes() for name in ("uv.lock", "pyproject.toml")]
    parts += [sys.version.encode(), os.fsencode(ROOT), " ".join(OPTIONS).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp() -> dict:
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"source": "", "groups": [], "extras": []}


def uv() -> str:
    """The path of a uv that is new enough: the one on PATH, else the pinned one, fetched when it is not there yet."""
    on_path = shutil.which("uv")
    if on_path and is_new_enough(on_path):
        return on_path
    if not (OWN_UV.exists() and is_new_enough(str(OWN_UV))):
        say("Fetching uv, the installer, into .uv")
        install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
        with tempfile.TemporaryDirectory() as folder:
            run([*pip(Path(folder)), *install, "--upgrade", "--target", str(ROOT / ".uv"), "--requirement", str(PINS)])
    return str(OWN_UV)


def is_new_enough(path: str) -> bool:
    told = subprocess.run([path, "--version"], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    version = re.match(rb"uv (\d+)\.(\d+)", told.stdout)
    return version is not None and (int(version.group(1)), int(version.group(2))) >= OLDEST_UV


def pip(folder: Path) -> list:
    """The command that runs pip: the interpreter's own, else a wheel that is run where it lies."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    try:
        with urllib.request.urlopen(PIP_WHEEL, timeout=30) as answer:
            content = answer.read()
    except OSError as error:
        sys.exit(hint(error))
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        sys.exit(PIP_WHEEL + " is not the file that was expected: something between here and PyPI changes downloads.")
    wheel = folder / PIP_WHEEL.rpartition("/")[2]
    wheel.write_bytes(content)
    return [sys.executable, str(wheel / "pip")]


def run(command: list) -> None:
    """Runs an installer in the open; where it fails, its own words are followed by what is missing here."""
    # The machine's certificates decide, not those inside uv: a company's proxy is known to them alone.
    environment = {"UV_SYSTEM_CERTS": "1", **os.environ}
    environment.update({"UV_PYTHON_DOWNLOADS": "never", "UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)})
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode != 0:
        try:
            urllib.request.urlopen("https://pypi.org/simple/pip/", timeout=15).close()
        except OSError as error:
            sys.exit(hint(error))
        sys.exit("The packages could not be installed; the reason stands above.")


def hint(error: OSError) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return NO_CERTIFICATES if isinstance(reason, ssl.SSLError) else NO_NETWORK.format(reason=reason)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
