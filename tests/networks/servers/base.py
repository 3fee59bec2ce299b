"""A network's API as a real HTTP server on localhost: it tells a generated history as of the moment that the test sets, and
goes wrong on demand."""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.networks.servers.history import History

Answer = Callable[[], Response]
Fault = Callable[[Request, Answer], Response]

TOKEN = "token-0f-the-tests"


class ApiServer(ABC):
    """`now` is the moment as of which it answers, `token` what opens it, `asked` every request in order (method, path with
    query, body). A subclass answers what is documented, and refuses what is not.

    Used as a context; `url` is its base URL then.
    """

    def __init__(self, told: History, now: datetime, *, token: str = TOKEN) -> None:
        self.history = told
        self.now = now
        self.token = token
        self.asked: list[tuple[str, str, str]] = []
        self._faults: list[Fault | None] = []
        self._closing = threading.Event()
        self._lock = threading.Lock()

    @abstractmethod
    def answer(self, request: Request) -> Response: ...

    def fail(self, *faults: Fault | None) -> None:
        """The next requests go wrong so, one each; None for one that goes well."""
        self._faults.extend(faults)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._server = make_server("127.0.0.1", 0, self._wsgi, threaded=True, request_handler=_Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _wsgi(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        body = request.get_data(as_text=True)
        with self._lock:
            self.asked.append((request.method, request.full_path.rstrip("?"), body))
            fault = self._faults.pop(0) if self._faults else None
        answered = fault(request, lambda: self.answer(request)) if fault else self.answer(request)
        return answered(environ, start_response)

    def silent(self, _request: Request, answer: Answer) -> Response:
        """A fault: says nothing for as long as the server runs."""
        self._closing.wait()
        return answer()

    def expired(self, _request: Request, answer: Answer) -> Response:
        """A fault: from now on the token is another one."""
        self.token += "-renewed"
        return answer()


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        pass


def limited(retry_after: str = "1") -> Fault:
    """429 with Retry-After; "" for none."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda _request, _answer: Response("slow down", status=429, headers=headers)


def empty_400(_request: Request, _answer: Answer) -> Response:
    return Response("", status=400)


def away(_request: Request, _answer: Answer) -> Response:
    return Response("the upstream is away", status=503)


def broken_off(_request: Request, answer: Answer) -> Response:
    """The connection ends in the middle of the page, which HTTP notices."""
    whole = answer().get_data()
    headers = {"Content-Length": str(len(whole)), "Content-Type": "application/json"}
    return Response((part for part in (whole[: len(whole) // 2],)), headers=headers)


def cut_off(_request: Request, answer: Answer) -> Response:
    """The page ends in the middle, and HTTP finds that in order."""
    whole = answer().get_data()
    return Response(whole[: len(whole) // 2], content_type="application/json")


def changed(how: Callable[[Any], Any]) -> Fault:
    """The JSON document is another one: a field renamed, rows twice."""

    def fault(_request: Request, answer: Answer) -> Response:
        return json_of(how(json.loads(answer().get_data())))

    return fault


def json_of(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, content_type="application/json")


def refusal(reason: str, status: int) -> Response:
    return json_of({"error": reason}, status)
