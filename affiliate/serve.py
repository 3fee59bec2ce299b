"""`affiliate serve`: web, redirects and background work as one process tree.

    this process ── web ── worker 1 … N     (granian; every worker holds redirect and pages)
                 └─ background              (loader, publisher, jobs: see worker.py)

The loader is a process of its own because a thread in a web worker halves the redirect. Whoever dies is started again;
whoever loses its parent dies with it (PR_SET_PDEATHSIG), so a kill -9 of any of them leaves nothing behind.
"""

import ctypes
import logging
import math
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from affiliate.app import Application
from affiliate.demo.logins import login_text
from affiliate.errors import InvalidInput
from affiliate.networks.registry import networks
from affiliate.settings import Settings
from affiliate.worker import run_forever

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Threads a web worker answers with. Redirects need few (they never wait), pages wait for the database. Measured with
# wrk at 32 connections on one core: 1 thread 13,000 redirects/s; from 8 to 32 threads as many as each other, 19,000 or
# 31,000 from one start of the process to the next. The pages get 28, as many as a newsroom asks for at one moment and two
# fewer than the connections that the store opens at most. 12 receive what is still being sent and 20 wait for that, and
# hold up nobody else.
FOR_REDIRECTS = 4  # whatever the pages wait for
FOR_BODIES = 12
FOR_TURNS = 20  # as many as bodies.py lets wait
FOR_PAGES = 28
THREADS = FOR_REDIRECTS + FOR_BODIES + FOR_TURNS + FOR_PAGES

_FOR_WORKERS = (
    *("articles.policy", "commissions.postbacks.secrets", "links.publish", "networks.asking.credentials"),
    *("nodes.metrics", "nodes.standing", "redirect.late", "redirect.wsgi", "web.application", "web.staff"),
)
_STOP_SECONDS = 4.0  # for everything to end by itself after SIGTERM; then it is killed
_WORKER_STOP_SECONDS = 2
_SHORT_LIFE = 2.0  # a process that lived for less is started again after a pause, not at once
_PAUSE = 0.5
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_fork = multiprocessing.get_context("fork")

log = logging.getLogger(__name__)


def serve_until_told_otherwise(
    settings: Settings,
    *,
    config: Path | None = None,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, then ends everything within five seconds. InvalidInput if the address cannot be
    listened on."""
    server = settings.server
    host, port, workers = host or server.host, port or server.port, workers or server.workers
    _check_address(host, port)
    load_for_workers()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    parts = [
        _Part("web", partial(_serve_web, settings, host, port, workers)),
        _Part("background", partial(_work, settings)),
    ]
    announce = partial(_announce, host, port, settings, config)
    supervise(parts, when_started=lambda: threading.Thread(target=announce, daemon=True).start())


class _Part:
    """One child process, started again when it dies."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self.name = name
        self._run = run
        self._started = 0.0
        self.process: ForkProcess = self._make()

    def start(self) -> None:
        self._started = time.monotonic()
        self.process = self._make()
        self.process.start()

    def start_again(self) -> None:
        log.error("%s ended unexpectedly (%s) and is started again", self.name, self.process.exitcode)
        if time.monotonic() - self._started < _SHORT_LIFE:
            time.sleep(_PAUSE)
        self.start()

    def _make(self) -> ForkProcess:
        return _fork.Process(target=_child, args=(os.getpid(), self._run), name=self.name)


def load_for_workers() -> None:
    """Loads what web workers answer with. Done before the fork, so that a killed worker is back at once, the workers share
    the memory, and no request waits for a module. What a page needs once in a while (XLSX, charts, time stamps) is not
    among it; the page loads it when it is asked for."""
    for module in _FOR_WORKERS:
        import_module(f"affiliate.{module}")
    networks()


def supervise(parts: list[_Part], *, when_started: Callable[[], None]) -> None:
    """Keeps the parts running until SIGTERM or SIGINT; then ends them in order, the first one first."""
    stop_read, stop_write = os.pipe()
    os.set_blocking(stop_write, False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(stop_write, b"."))
    for part in parts:
        part.start()
    when_started()
    while True:
        ready = wait([stop_read, *(part.process.sentinel for part in parts)])
        if stop_read in ready:
            break
        for part in parts:
            if part.process.sentinel in ready:
                part.process.join()
                part.start_again()
    until = time.monotonic() + _STOP_SECONDS
    for part in parts:
        part.process.terminate()
        part.process.join(max(until - time.monotonic(), 0.1))
    for part in parts:
        part.process.kill()
        part.process.join()


def die_with_parent(parent: int) -> None:
    """From now on the kernel kills this process when its parent ends, however it ends. Linux; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel knew
            os.kill(os.getpid(), signal.SIGKILL)


def _child(parent: int, run: Callable[[], None]) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor says when to end
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    run()


def _serve_web(settings: Settings, host: str, port: int, workers: int) -> None:
    server = Server(
        "affiliate",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=round(settings.server.head_seconds * 1000)),
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=_WORKER_STOP_SECONDS,
    )
    # granian shuts down when a worker dies twice within 5.5 seconds; redirects must not stop for that
    server.respawned_wrks = _Forgetful()
    load: Any = partial(_web_worker, settings, os.getpid())
    server.serve(target_loader=load, wrap_loader=False)


class _Forgetful(dict[int, float]):
    def get(self, _key: int, _default: Any = None) -> float:
        return -math.inf


def _web_worker(settings: Settings, parent: int) -> "WSGIApplication":
    """Called by granian in each worker, after the fork: environments, files and connections are the worker's own."""
    die_with_parent(parent)
    return Application(settings).wsgi(pages_at_once=FOR_PAGES, bodies_at_once=FOR_BODIES)


def _work(settings: Settings) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_forever(Application(settings), stop)


def _check_address(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise InvalidInput(
                f"{host} port {port} cannot be listened on: {reason}. Another port: affiliate serve --port {port + 1}"
            ) from problem


def _announce(host: str, port: int, settings: Settings, config: Path | None) -> None:
    """Says where the server is once it works."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - only compared
    address = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    while not _works(f"{address}/healthz"):
        time.sleep(0.05)
    lines = [f"Affiliate is at {address} (data in {settings.data_dir}, {config or 'default settings'})"]
    if logins := login_text(settings.data_dir):
        lines.append(logins.rstrip())
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _works(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
