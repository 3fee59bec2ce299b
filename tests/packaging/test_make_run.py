"""`make run`: from nothing to the demo newsroom, in the foreground, and away again without a trace."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.packaging.conftest import ROOT, answers, free_port
from tests.waiting import PATIENCE, wait_until


def processes_with(value: str) -> list[int]:
    """The processes whose environment holds a value."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if value.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:  # gone, or somebody else's
            continue
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_make_run_serves_the_demo_prints_its_log_in_and_leaves_no_process_behind(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "data"
    login = data / "demo-login.txt"
    environment = {**os.environ, "AFFILIATE_DATA_DIR": str(data), "AFFILIATE_SERVER__PORT": str(port)}
    for start in ("first", "second"):
        log = tmp_path / f"{start}.log"
        with log.open("wb") as output:
            run = subprocess.Popen(
                ["make", "run"], cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
            )
            try:
                assert answers(f"http://127.0.0.1:{port}/healthz", run), log.read_text(encoding="utf-8")
                assert requests.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE).status_code == 200
                run.terminate()
                run.wait(timeout=PATIENCE)
                assert wait_until(lambda: not processes_with(str(data))), "processes are left"
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(run.pid, signal.SIGKILL)
        printed = log.read_text(encoding="utf-8")
        assert f"http://127.0.0.1:{port}" in printed
        assert login.read_text(encoding="utf-8").splitlines()[-1] in printed
    assert login.stat().st_mode & 0o077 == 0
