"""Makes sure that the browser tests have a Chromium, and prints its path.

In this order: the one that AFFILIATE_TEST_BROWSER names; one on PATH; Debian's package, where we are root; the Chromium
that the npm package @sparticuz/chromium carries (x86_64, unpacked into `.browser`), which needs neither root nor system
libraries. Run with the interpreter of `.venv`, whose test group brings npm. No browser is an error, never a skip.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
BROWSER = ROOT / ".browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NPM_PACKAGE = "@sparticuz/chromium@153.0.0"
NPM_SHA256 = "20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0"
UNPACK = 'require("fs").writeFileSync(process.argv[2], require("zlib").brotliDecompressSync(require("fs").readFileSync(process.argv[1])))'
# Without fonts text has no size, so nothing counts as visible; the package's own fonts.conf points into /tmp.
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{browser}/fonts</dir><cachedir>{browser}/font-cache</cachedir></fontconfig>
"""
# The build has no other headless mode than the shell, and no helper for the zygote.
LAUNCHER = """#!/bin/sh
export LD_LIBRARY_PATH='{browser}/lib' FONTCONFIG_PATH='{browser}'
exec '{browser}/chrome' --headless=shell --no-zygote "$@"
"""
MISSING = """No Chromium for the browser tests: {reason}. One of these brings it:
  Debian:        sudo apt-get install chromium
  Fedora, RHEL:  sudo dnf install chromium
  Ubuntu:        sudo snap install chromium
  macOS:         brew install --cask chromium
Or name one:     export AFFILIATE_TEST_BROWSER=/path/to/chrome
All other tests: make test ARGS='-m "not browser and not slow"'"""


def main() -> None:
    found = find() or install_with_apt() or install_from_npm()
    print(found)


def find() -> str | None:
    named = os.environ.get("AFFILIATE_TEST_BROWSER")
    if named:
        return named if shutil.which(named) else give_up(f"AFFILIATE_TEST_BROWSER names {named}, which cannot be run")
    unpacked = BROWSER / "chromium"
    return next(filter(None, map(shutil.which, NAMES)), None) or (str(unpacked) if unpacked.exists() else None)


def install_with_apt() -> str | None:
    """None where we may not, or where the package is not to be had (Ubuntu's is a snap)."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    say("Installing Debian's package chromium for the browser tests")
    quiet = ["apt-get", "-qq", "-o=Dpkg::Use-Pty=0"]
    packages = ["chromium", "fonts-liberation"]  # fonts are only recommended by the browser
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run([*quiet, *command], check=False, env=environment, stdin=subprocess.DEVNULL, stdout=2)
        if done.returncode != 0:
            say("That did not work; taking the one of the npm registry instead")
            return None
    return shutil.which("chromium")


def install_from_npm() -> str:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        give_up(f"none is on PATH, and there is no prebuilt one for {sys.platform} on {platform.machine()}")
    say(f"Unpacking the Chromium of {NPM_PACKAGE} into .browser (65 MB to fetch)")
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".browser-") as folder:
        unpack(fetch(Path(folder)), Path(folder) / "browser")
        shutil.rmtree(BROWSER, ignore_errors=True)
        (Path(folder) / "browser").rename(BROWSER)
    return str(BROWSER / "chromium")


def fetch(folder: Path) -> Path:
    npm = Path(sys.executable).parent / "npm"
    command: list[str | Path] = [npm, "pack", NPM_PACKAGE, "--pack-destination", folder, "--silent"]
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}  # a company's proxy is known to the machine alone
    if subprocess.run(command, check=False, cwd=folder, env=environment, stdout=subprocess.DEVNULL).returncode != 0:
        give_up("none is on PATH, and the npm registry did not answer")
    (archive,) = folder.glob("*.tgz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != NPM_SHA256:
        give_up(f"{NPM_PACKAGE} is not the file that was expected")
    return archive


def unpack(archive: Path, target: Path) -> None:
    extract(archive, target)
    packed = target / "package" / "bin"
    for name in ("al2023.tar", "fonts.tar", "swiftshader.tar", "chromium"):
        node = Path(sys.executable).parent / "node"
        subprocess.run([node, "-e", UNPACK, packed / f"{name}.br", packed / name], check=True)
        if name.endswith(".tar"):
            extract(packed / name, target)
    (packed / "chromium").rename(target / "chrome")
    shutil.rmtree(target / "package")
    (target / "fonts.conf").write_text(FONTS_CONF.format(browser=BROWSER), encoding="utf-8")
    (target / "chromium").write_text(LAUNCHER.format(browser=BROWSER), encoding="utf-8")
    for name in ("chrome", "chromium"):
        (target / name).chmod(0o755)


def extract(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as files:
        # The filter came with 3.11.4; Debian 12 has 3.11.2.
        files.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
        files.extractall(target)  # noqa: S202 what comes here is pinned by hash


def give_up(reason: str) -> NoReturn:
    sys.exit(MISSING.format(reason=reason))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
