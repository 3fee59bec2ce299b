"""A disk that fills up under the redirect: `python -m tests.redirect.full_disk FOLDER mounted|limited`.

A process of its own, because the disk is a file system of four megabytes that only it sees (`unshare --mount`), or where a
machine lets nobody mount, a limit on the size of its files, which the kernel enforces in the same calls.
Prints what happened as JSON.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from affiliate.redirect.counters import Counters
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.segments import segments
from tests.redirect.conftest import Redirects

SIZE = 4 << 20
SEGMENT = 1 << 20


def mounted(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)], check=True)
    filler = folder / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    return fill, filler.unlink


def limited(_folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    return (lambda: limit(SEGMENT // 2)), (lambda: limit(most))


def click(redirects: Redirects, times: int) -> list[str]:
    answers = [redirects.ask(headers={"user-agent": f"Mozilla/5.0 {number:0400}"}) for number in range(times)]
    return sorted({answer.status for answer in answers if answer})


def main(folder: Path, fill: Callable[[], None], make_room: Callable[[], None]) -> None:
    redirects = Redirects(folder)
    redirects.journal = JournalWriter(folder / "journal", Counters(folder / "counters"), segment_bytes=SEGMENT)
    redirects.make_hop()
    said = {"before": click(redirects, 100)}
    fill()
    said["full"] = click(redirects, 10_000)  # four segments' worth: the open one takes some, the next cannot be made
    lost = redirects.failures()
    make_room()
    redirects.journal._retry_at = 0.0
    said["after"] = click(redirects, 100)
    kept = len(redirects.clicks())
    drafts = len(list((folder / "journal").glob(".*")))
    print(json.dumps({**said, "lost": lost, "failures": redirects.failures(), "kept": kept, "drafts": drafts}))
    redirects.journal.close()
    assert segments(folder / "journal")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    main(place, *{"mounted": mounted, "limited": limited}[sys.argv[2]](place))
