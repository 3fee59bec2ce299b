"""A whole small magazine on a real HTTP server: sitemaps, feeds, listings, articles of all kinds, and the traps of real sites."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HTML, XML = "text/html; charset=utf-8", "application/xml"

PAID = (
    '<a href="https://www.awin1.com/cread.php?awinmid=88001&amp;awinaffid=99000001&amp;ued=https%3A%2F%2Fhalden.example%2Fp"'
    ' rel="sponsored">Halden coat</a>'
)
BARE = PAID.replace(' rel="sponsored"', "")
FOREIGN = PAID.replace("99000001", "66666666")
AMAZON = '<a href="https://www.amazon.co.uk/dp/B000000001?tag=themag-21" rel="sponsored">Kettle</a>'
SENTENCE = "We earn a commission if you buy through links marked Ad."
NOTE = f"<p>{SENTENCE}</p>"


@dataclass
class Sent:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": HTML})


Answerer = Callable[[str], Sent]


@dataclass
class Magazine:
    """`pages` maps a path with its query, or a prefix that ends in *, to what is sent; `asked` are the paths in their order, with
    the user agent and the moment."""

    port: int = 0
    pages: dict[str, Sent | Answerer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    at: list[float] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def html(self, path: str, body: str, *, title: str = "", kind: str = "", head: str = "", status: int = 200) -> None:
        meta = f'<meta name="x-content-kind" content="{kind}">' if kind else ""
        page = (
            f"<!DOCTYPE html><html lang='en'><head><title>{title}</title>{meta}{head}</head><body>{body}</body></html>"
        )
        self.pages[path] = Sent(status, page.encode())

    def article(self, path: str, title: str, body: str, *, kind: str = "", label: str = "", head: str = "") -> None:
        nav = '<nav><a href="/">Home</a> <a href="/login">Log in</a> <a href="/account/logout">Log out</a></nav>'
        shown = f"<p><strong>{label}</strong></p>" if label else ""
        self.html(path, f"{nav}<article>{shown}<h1>{title}</h1>{body}</article>", title=title, kind=kind, head=head)

    def raw(self, path: str, body: bytes | str, media_type: str, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = Sent(200, content, {"Content-Type": media_type, **headers})

    def redirect(self, path: str, location: str, status: int = 301) -> None:
        self.pages[path] = Sent(status, b"", {"Location": location})

    def answer(self, path: str) -> Sent:
        found = self.pages.get(path)
        if found is None:
            found = next(
                (each for start, each in self.pages.items() if start[-1] == "*" and path.startswith(start[:-1])), None
            )
        if found is None:
            return Sent(404, b"<h1>Not here</h1>")
        return found(path) if callable(found) else found

    @contextmanager
    def being_asked(self, path: str, agent: str) -> Iterator[None]:
        with self._lock:
            self.asked.append(path)
            self.agents.add(agent)
            self.at.append(time.monotonic())
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1


def sitemap(*entries: str | tuple[str, str], root: str = "urlset", each: str = "url") -> str:
    parts = []
    for entry in entries:
        url, day = (entry, "") if isinstance(entry, str) else entry
        parts.append(f"<{each}><loc>{escape(url)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{each}>")
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {space}>{"".join(parts)}</{root}>'


def index(*urls: str | tuple[str, str]) -> str:
    return sitemap(*urls, root="sitemapindex", each="sitemap")


def rss(*items: tuple[str, str]) -> str:
    parts = "".join(f"<item><title>{escape(t)}</title><link>{escape(u)}</link></item>" for u, t in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>M</title>{parts}</channel></rss>'


@contextmanager
def serving(magazine: Magazine) -> Iterator[Magazine]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with magazine.being_asked(self.path, self.headers.get("User-Agent", "")):
                sent = magazine.answer(self.path)
                self.send_response(sent.status)
                for name, value in sent.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sent.body)))
                self.end_headers()
                try:
                    self.wfile.write(sent.body)
                except OSError:  # the reader has had enough
                    return

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    magazine.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield magazine
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def furnish(magazine: Magazine) -> None:
    """The magazine with everything that a real one has."""
    home = magazine.home
    magazine.raw(
        "/robots.txt",
        f"User-agent: *\nDisallow: /private/\nSitemap: {home}/sitemap_index.xml\nSitemap: https://elsewhere.example/s.xml\n",
        "text/plain",
    )
    magazine.raw("/sitemap_index.xml", index((f"{home}/sitemap-a.xml.gz", "2026-11-01"), f"{home}/news.xml"), XML)
    packed = gzip.compress(
        sitemap((f"{home}/kettles", "2026-11-02"), f"{home}/unregistered", f"{home}/private/secret").encode()
    )
    magazine.raw("/sitemap-a.xml.gz", packed, "application/gzip")
    magazine.raw(
        "/news.xml",
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
        f"<url><loc>{home}/plain</loc><news:news><news:title>Plain</news:title></news:news>"
        f"<image:image><image:loc>{home}/picture.jpg</image:loc></image:image></url></urlset>",
        XML,
    )
    magazine.raw(
        "/feed", rss((f"{home}/from-feed", "From the feed"), ("https://other.example/x", "Away")), "application/rss+xml"
    )
    feed = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    cards = "".join(
        f'<article><a href="{path}"><img src="/x.jpg" alt=""></a><p>{label}</p><h2><a href="{path}">{title}</a></h2></article>'
        for path, title, label in (
            ("/kettles", "The best kettles", ""),
            ("/coats", "The best coats", "Ad"),
            ("/plain", "Plain news", ""),
        )
    )
    magazine.html(
        "/", f"<main>{cards}<p>Read <a href='/lamps?utm_source=home#top'>about lamps</a>.</p></main>", head=feed
    )
    magazine.article("/kettles", "The best kettles", f"{NOTE}<p>{PAID}</p>", kind="product-led", label="Ad")
    magazine.article("/coats", "The best coats", f"{NOTE}<p>{PAID}</p>", kind="product-led", label="Ad")
    magazine.article("/plain", "Plain news", "<p>Nothing is sold here.</p>", kind="editorial")
    magazine.article(
        "/unregistered", "Unregistered", f"{NOTE}<p><b>Ad</b> {FOREIGN} and <b>Ad</b> {AMAZON}</p>", kind="mixed"
    )
    magazine.article("/from-feed", "From the feed", "<p>News.</p>")
    magazine.article("/lamps", "Lamps", f"<p>{BARE}</p>", kind="mixed")
    magazine.article("/private/secret", "Secret", "<p>x</p>")
