"""Opens a page in windows of Chromium and measures it there.

A page is somebody else's program. Nothing of it can change what is measured: our script runs in an isolated world, which
shares the page's elements and none of its objects. Nothing of it can hold us up: each step has its time, pop-ups,
downloads, dialogs and service workers end at once, and once a page has come to rest it cannot navigate away.
"""

import asyncio
import base64
import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Page,
    Playwright,
    Response,
    async_playwright,
)
from playwright.async_api import (
    Error as PlaywrightError,
)
from requests.structures import CaseInsensitiveDict

from affiliate.disclosure.browser.guard import closed_door, guarded_door
from affiliate.disclosure.browser.program import NoBrowser, find_chromium, flags, node_of_its_own
from affiliate.disclosure.looks import Look, Part
from affiliate.errors import AffiliateError, InvalidDocument, Unreachable
from affiliate.networks.connecting import MayConnect
from affiliate.networks.http import Page as Served
from affiliate.networks.http import decoded
from affiliate.urls import parse_web_url

WINDOWS = ((360, 740), (1280, 800))  # CSS pixels: a phone and a desk, as regulators' cases have them

_SCRIPT = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
_PHONE_AGENT = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Mobile Safari/537.36"
)
_DESK_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"
_PAGES = frozenset({".html", ".htm", ".xhtml", ".shtml"})  # what Chromium shows as a page when it is a file
_MOST_NAVIGATIONS = 10  # of a page at an address, its first included; consent and log-in detours take three or four

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds. A page that has not loaded by then is measured as it is."""

    answer: float = 20  # until the document is there
    load: float = 10  # for what it loads, from then on
    quiet: float = 0.15  # without a change, to count as settled
    settle: float = 1.5  # for that, at most
    measure: float = 15  # for one question to the page


class _Stuck(InvalidDocument):
    """A page that does not answer questions any more."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in its windows. `html` is what was served, before any script; `url` where it came from after redirects ("" for
    a file or text), `status` its answer's (None for a file or text). `engine` is the browser's name and version."""

    html: str
    url: str
    status: int | None
    engine: str
    screens: tuple["Window", ...]


@dataclass(eq=False)
class Window:
    """A page in one window: the Screen of looks.py. Lives as long as the block in which it was opened."""

    width: int
    height: int
    html: str
    text_px: float
    page_height: float
    _tab: "_Tab" = field(repr=False)
    _run: Any = field(repr=False)
    _looks: dict[str, Look] = field(default_factory=dict, repr=False)
    _stuck: "_Stuck | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"{self.width}x{self.height}"

    def look(self, mark: str) -> Look:
        """Measures one element; repeated questions are answered from memory. InvalidDocument if the page cannot be measured;
        where it does not answer any more, every later question is refused at once."""
        if self._stuck is not None:
            raise self._stuck
        if mark not in self._looks:
            try:
                self._looks[mark] = self._run(self._tab.look(int(mark)))
            except _Stuck as problem:
                self._stuck = problem
                raise
            except PlaywrightError as problem:
                self._stuck = _Stuck("The page cannot be measured: its tab crashed.")
                raise self._stuck from problem
        return self._looks[mark]

    def picture(self, y: float = 0) -> bytes:
        """The window as a JPEG, scrolled to a place in CSS pixels from the page's top."""
        taken: bytes = self._run(self._tab.picture(y))
        return taken


class Chromium:
    """A browser that stays open for many pages, in a `with` block. Not to be shared between threads.

    `may_connect` judges every address that a page asks for, the page's own included; without it an address may be
    anything (for a person at the command). Pages from files and texts reach no other host at all. NoBrowser if there is
    none, or if it does not start.
    """

    def __init__(self, *, may_connect: MayConnect | None = None, patience: Patience = Patience()) -> None:
        self._may_connect = may_connect
        self._patience = patience
        self._ends = contextlib.ExitStack()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def __enter__(self) -> Self:
        self._loop = self._ends.enter_context(_loop())
        self._closed = self._ends.enter_context(closed_door())
        self._guarded = self._ends.enter_context(guarded_door(self._may_connect)) if self._may_connect else None
        try:
            self._run(self._start())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_problem: object) -> None:
        with contextlib.suppress(PlaywrightError):
            self._run(self._stop())
        self._ends.close()

    @property
    def engine(self) -> str:
        """Name and version, as evidence names it: "Chromium 156.0.8078.79"."""
        return f"Chromium {self._browser.version}" if self._browser else ""

    @contextlib.contextmanager
    def file(self, path: Path, windows: Sequence[tuple[int, int]] = WINDOWS) -> Iterator[Opened]:
        """A page from a file; what lies beside it loads, other hosts are not asked."""
        html = decoded(path.read_bytes())
        if path.suffix.lower() in _PAGES:
            with self._opened(path.resolve().as_uri(), windows, html) as opened:
                yield opened
        else:
            with self.text(html, windows) as opened:
                yield opened

    @contextlib.contextmanager
    def text(self, html: str, windows: Sequence[tuple[int, int]] = WINDOWS) -> Iterator[Opened]:
        """A page from its HTML; no other host is asked."""
        with tempfile.TemporaryDirectory(prefix="affiliate-page-") as folder:
            path = Path(folder) / "page.html"
            path.write_text("\ufeff" + html.removeprefix("\ufeff"), encoding="utf-8", errors="replace")
            with self._opened(path.as_uri(), windows, html) as opened:
                yield opened

    @contextlib.contextmanager
    def url(self, address: str, windows: Sequence[tuple[int, int]] = WINDOWS) -> Iterator[Opened]:
        """A page from its address. InvalidUrl for what is no web address (a file, say), Unreachable if it does not answer with
        a page."""
        with self._opened(parse_web_url(address).text, windows, None) as opened:
            yield opened

    @contextlib.contextmanager
    def _opened(self, address: str, windows: Sequence[tuple[int, int]], html: str | None) -> Iterator[Opened]:
        """`html` is what a file holds, None for a page that is asked from its host."""
        tabs: list[_Tab] = []
        try:
            yield self._run(self._open(address, windows, tabs, html))
        except PlaywrightError as problem:
            raise _refusal(address, problem) from problem
        finally:
            self._run(_closed_tabs(tabs))

    async def _open(
        self, address: str, sizes: Sequence[tuple[int, int]], tabs: list["_Tab"], html: str | None
    ) -> Opened:
        browser = await self._living()
        is_file = html is not None
        door = self._closed if is_file else self._guarded
        tabs += await _all([_Tab.new(browser, *size, door, self._patience, is_file=is_file) for size in sizes])
        answers = await _all([tab.open(address) for tab in tabs])
        found = await _all([tab.screen() for tab in tabs])
        screens = tuple(
            Window(width, height, data["html"], data["text_px"], data["page_height"], tab, self._run)
            for (width, height), data, tab in zip(sizes, found, tabs, strict=True)
        )
        if html is not None:
            return Opened(html, "", None, self.engine, screens)
        return Opened(*await tabs[0].served(address, answers[0]), self.engine, screens)

    async def _living(self) -> Browser:
        """The browser; a new one, where it has crashed meanwhile."""
        if self._browser is not None and self._browser.is_connected():
            return self._browser
        await self._stop()
        return await self._start()

    async def _start(self) -> Browser:
        node = node_of_its_own()
        if node:
            os.environ["PLAYWRIGHT_NODEJS_PATH"] = node
        try:
            self._playwright = await async_playwright().start()
        except (OSError, PlaywrightError) as problem:
            raise NoBrowser(
                "playwright's driver does not start (on Debian it needs the package libatomic1)."
            ) from problem
        try:
            self._browser = await self._playwright.chromium.launch(
                executable_path=find_chromium(),
                args=flags(),
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except PlaywrightError as problem:
            raise NoBrowser("it is not there, or does not start.") from problem
        return self._browser

    async def _stop(self) -> None:
        browser, playwright = self._browser, self._playwright
        self._browser = self._playwright = None
        with contextlib.suppress(PlaywrightError, TimeoutError):
            if browser is not None:
                await asyncio.wait_for(browser.close(), 10)
        with contextlib.suppress(PlaywrightError, TimeoutError):
            if playwright is not None:
                await asyncio.wait_for(playwright.stop(), 10)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextlib.contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop on a thread of its own: the caller's may have one that runs already."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def turn() -> None:
        stopped = asyncio.Event()
        started.set_result((asyncio.get_running_loop(), stopped))
        await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(turn(),), name="chromium", daemon=True)
    thread.start()
    loop, stopped = started.result()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()


class _Tab:
    """A window with one page, in a context of its own: no cookies but its own."""

    def __init__(
        self, context: BrowserContext, page: Page, cdp: CDPSession, patience: Patience, *, is_file: bool
    ) -> None:
        self._context = context
        self._page = page
        self._cdp = cdp
        self._patience = patience
        self._is_file = is_file
        self._navigations = 0
        self._is_measured = False
        self._strayed = asyncio.Event()
        self._tasks: set[asyncio.Future[Any]] = set()
        self._world = ""

    @classmethod
    async def new(
        cls, browser: Browser, width: int, height: int, door: str | None, patience: Patience, *, is_file: bool
    ) -> "_Tab":
        is_phone = width < 600
        agent = (_PHONE_AGENT if is_phone else _DESK_AGENT).format(browser.version)
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=is_phone,  # no pointer that could hover
            user_agent=agent,
            service_workers="block",
            accept_downloads=False,
            color_scheme="light",
            reduced_motion="reduce",
            ignore_https_errors=False,
            # Chromium goes round a proxy for this machine, unless it is told not to
            proxy={"server": door, "bypass": "<-loopback>"} if door else None,
        )
        page = await context.new_page()
        tab = cls(context, page, await context.new_cdp_session(page), patience, is_file=is_file)
        context.on("page", tab._pop_up)
        page.on("dialog", lambda dialog: tab._later(dialog.dismiss()))
        tab._cdp.on("Fetch.requestPaused", tab._navigates)
        await tab._cdp.send("Fetch.enable", {"patterns": [{"resourceType": "Document", "requestStage": "Request"}]})
        return tab

    async def open(self, address: str) -> Response | None:
        answer = await self._go(address)
        if not await self._loaded():
            # It was kept from leaving, and Chromium has stopped reading it: without scripts it stays.
            await self._allow_scripts(allowed=False)
            self._navigations = 0
            answer = await self._go(address)
            await self._loaded()
            await self._allow_scripts(allowed=True)  # ours need their turn
        return answer

    async def _allow_scripts(self, *, allowed: bool) -> None:
        await self._in_time(self._cdp.send("Emulation.setScriptExecutionDisabled", {"value": not allowed}))

    async def _go(self, address: str) -> Response | None:
        return await self._page.goto(address, wait_until="commit", timeout=self._patience.answer * 1000)

    async def _loaded(self) -> bool:
        """False if the page was kept from leaving before it was there. Where loading does not end, what is there counts."""
        loading = asyncio.ensure_future(
            _quietly(self._page.wait_for_load_state("load", timeout=self._patience.load * 1000))
        )
        leaving = asyncio.ensure_future(self._strayed.wait())
        await asyncio.wait({loading, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            await asyncio.wait({loading}, timeout=1)
        has_loaded = loading.done()
        loading.cancel()
        leaving.cancel()
        return has_loaded

    async def served(self, address: str, answer: Response | None) -> tuple[str, str, int]:
        """The HTML as it was served, where it came from after redirects, and the status."""
        if answer is None:
            raise Unreachable(_host(address), "it did not answer with a page.")
        if not answer.ok:
            raise Unreachable(_host(address), f"it answered {answer.status}.", status=answer.status)
        try:
            body = await asyncio.wait_for(answer.body(), self._patience.load)
        except (PlaywrightError, TimeoutError) as problem:
            raise Unreachable(_host(address), "what it answered cannot be read.") from problem
        headers = CaseInsensitiveDict(await answer.all_headers())
        return Served(answer.url, answer.status, headers, body).text, answer.url, answer.status

    async def screen(self) -> dict[str, Any]:
        """The page at rest: its marked HTML, the size of its running text and its height. From here on it stays."""
        await self._enter()
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await self._ask("settle", self._patience.quiet * 1000, self._patience.settle * 1000)
        self._is_measured = True
        try:
            found: dict[str, Any] = await self._ask("screen")
        except PlaywrightError:  # the page went elsewhere meanwhile, and took our world along
            await self._enter()
            found = await self._ask("screen")
        return found

    async def look(self, mark: int) -> Look:
        found = _look(await self._ask("look", mark))
        if found.hidden_by.startswith(("opacity", "visibility", "a blur", "its place")):
            # some texts fade or slide in when a reader comes to them
            found = _look(await self._ask("lookAgain", mark, 350))
        return found

    async def picture(self, y: float) -> bytes:
        await self._ask("scrollTo", y)
        taken = await self._in_time(self._cdp.send("Page.captureScreenshot", {"format": "jpeg", "quality": 75}))
        return base64.b64decode(taken["data"])

    async def close(self) -> None:
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(self._context.close(), 5)

    async def _enter(self) -> None:
        """Puts our script into a world of its own in the page that is there now."""
        tree = await self._in_time(self._cdp.send("Page.getFrameTree"))
        frame = tree["frameTree"]["frame"]["id"]
        world = await self._in_time(
            self._cdp.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "affiliate"})
        )
        made = await self._in_time(
            self._cdp.send("Runtime.evaluate", {"expression": _SCRIPT, "contextId": world["executionContextId"]})
        )
        self._world = _value(made, "objectId")

    async def _ask(self, question: str, *arguments: float) -> Any:
        answer = await self._in_time(
            self._cdp.send(
                "Runtime.callFunctionOn",
                {
                    "objectId": self._world,
                    "functionDeclaration": f"function() {{ return this.{question}({', '.join(map(json.dumps, arguments))}) }}",
                    "returnByValue": True,
                    "awaitPromise": True,
                },
            )
        )
        return _value(answer, "value")

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            return await asyncio.wait_for(work, self._patience.measure)
        except TimeoutError:
            raise _Stuck(
                f"The page does not let itself be measured within {self._patience.measure:g} seconds: its scripts do not end."
            ) from None

    def _later(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pop_up(self, page: Page) -> None:
        if page is not self._page:
            self._later(page.close())

    def _navigates(self, paused: dict[str, Any]) -> None:
        """Lets the page's own document and its frames through, but no page that was opened take itself elsewhere."""
        is_page = paused.get("frameId") == self._main_frame(paused)
        self._navigations += is_page
        may_go = self._navigations <= (1 if self._is_file else _MOST_NAVIGATIONS) and not self._is_measured
        ways: dict[str, Any] = {"requestId": paused["requestId"]}
        if is_page and not may_go:
            self._strayed.set()
            self._later(self._cdp.send("Fetch.fulfillRequest", {**ways, "responseCode": 204}))  # stay where you are
        else:
            self._later(self._cdp.send("Fetch.continueRequest", ways))

    def _main_frame(self, paused: dict[str, Any]) -> str:
        if not hasattr(self, "_frame"):
            self._frame = str(paused.get("frameId"))  # a tab's first document is its page's
        return self._frame


def _look(found: dict[str, Any]) -> Look:
    parts = tuple(Part(**{name: part[name] for name in Part.__slots__}) for part in found["parts"])
    worst = _worst(parts)
    return Look(
        hidden_by=worst.hidden_by if worst else found["hidden_by"],
        action=worst.action if worst else found["action"],
        x=found["x"],
        y=found["y"],
        width=found["width"],
        height=found["height"],
        font_px=worst.font_px if worst else 0,
        bold=worst.bold if worst else False,
        contrast=worst.contrast if worst else None,
        lines=found["lines"],
        parts=parts,
        is_fixed=found["is_fixed"],
    )


def _worst(parts: Sequence[Part]) -> Part | None:
    """Where a third of the letters or more is not seen, the longest of those parts; else the smallest size and the palest
    contrast in which at least a tenth of the letters stand: fewer are a mark, not words. However finely the text is cut into
    parts (a menu, a table, one element for each letter), its letters decide."""
    if not parts:
        return None
    letters = sum(_letters(part) for part in parts)
    unseen = [part for part in parts if not part.is_seen]
    if unseen and sum(_letters(part) for part in unseen) * 3 >= letters:
        return max(unseen, key=_letters)
    seen = [part for part in parts if part.is_seen]
    known = [(part.contrast, _letters(part)) for part in seen if part.contrast is not None]
    unknown = sum(_letters(part) for part in seen if part.contrast is None)
    return Part(
        text="",
        hidden_by="",
        action="",
        font_px=_lowest([(part.font_px, _letters(part)) for part in seen], letters),
        bold=sum(_letters(part) for part in seen if not part.bold) * 10 < letters,
        contrast=_lowest(known, letters) if known and unknown * 10 < max(letters, 1) else None,
    )


def _lowest(measured: Sequence[tuple[float, int]], letters: int) -> float:
    """The lowest value that holds for a tenth of the letters, together with all below it; `measured` are values with how many
    letters have them."""
    passed, lowest = 0, 0.0
    for value, count in sorted(measured):
        passed, lowest = passed + count, value
        if passed * 10 >= letters:
            break
    return lowest


def _letters(part: Part) -> int:
    return len(part.text.strip())


def _value(answer: dict[str, Any], name: str) -> Any:
    if "exceptionDetails" in answer:
        said = answer["exceptionDetails"].get("exception", {}).get("description", "an error")
        raise InvalidDocument(f"The page cannot be measured: {said.splitlines()[0][:200]}")
    return answer["result"].get(name)


async def _all(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All at once; the first problem once every one has ended, so that none goes on in a closed tab."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return [one for one in done if not isinstance(one, BaseException)]


async def _closed_tabs(tabs: Sequence[_Tab]) -> None:
    await asyncio.gather(*(tab.close() for tab in tabs))


async def _quietly(work: Awaitable[Any]) -> None:
    with contextlib.suppress(PlaywrightError):
        await work


def _host(address: str) -> str:
    return urlsplit(address).hostname or address


def _refusal(address: str, problem: PlaywrightError) -> AffiliateError:
    """What went wrong, without the driver's log, which holds whole addresses."""
    said = problem.message.splitlines()[0]
    if "Timeout" in said:
        return Unreachable(_host(address), "it did not answer in time.")
    if "crash" in said.lower() or "closed" in said.lower():
        return InvalidDocument("The page cannot be measured: its tab crashed.")
    reason = (
        "it is a download, not a page."
        if "ERR_ABORTED" in said or "Download" in said
        else "no connection could be made."
    )
    return Unreachable(_host(address), reason)
