"""Pages that want to mislead, to hold up or to reach further than they may."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from affiliate.disclosure.browser.program import NoBrowser, find_chromium
from affiliate.disclosure.browser.windows import Chromium, Patience
from affiliate.errors import InvalidDocument, InvalidUrl, Unreachable
from affiliate.networks.connecting import is_public
from tests.disclosure.rendered.test_ways import look_at
from tests.disclosure.rendered.ways import FILLER, SENTENCE, p, page
from tests.waiting import PATIENCE

PHONE = [(360, 740)]
LIES = """<script>
const full = () => ({left: 0, top: 0, right: 300, bottom: 50, width: 300, height: 50, x: 0, y: 0});
Element.prototype.getBoundingClientRect = full;
Range.prototype.getClientRects = () => [full()];
Element.prototype.checkVisibility = () => true;
window.getComputedStyle = () => new Proxy({}, {get: () => "block"});
Document.prototype.elementsFromPoint = () => [document.getElementById("hidden")];
Object.defineProperty(Node.prototype, "parentNode", {get: () => null});
Map.prototype.get = () => null;
document.importNode = () => null;
</script>"""


def test_scripts_of_the_page_do_not_reach_what_is_measured(chromium: Chromium) -> None:
    with chromium.text(page(p("display:none") + p("", at="seen"), head=LIES), PHONE) as opened:
        (screen,) = opened.screens
        assert look_at(screen, "hidden").hidden_by == "display: none"
        assert look_at(screen, "seen").is_seen


def test_a_form_s_fields_do_not_stand_in_for_what_is_read_of_it(chromium: Chromium) -> None:
    names = (
        "parentNode",
        "checkVisibility",
        "childNodes",
        "firstChild",
        "getRootNode",
        "localName",
        "style",
        "nodeType",
    )
    fields = "".join(f'<input type="hidden" name="{name}">' for name in names)
    forms = f'<form style="display:none">{fields}{p()}</form><form>{fields}{p(at="seen")}</form>'
    clobbered = "".join(
        f'<form name="{name}"></form>' for name in ("fonts", "styleSheets", "implementation", "getAnimations", "body")
    )
    with chromium.text(page(forms + clobbered), PHONE) as opened:
        (screen,) = opened.screens
        assert look_at(screen, "hidden").hidden_by == "display: none"
        assert look_at(screen, "seen").is_seen


@pytest.mark.parametrize(
    "script",
    [
        "location.href = 'https://elsewhere.example/'",
        "setTimeout(() => location.reload(), 60)",
        "setInterval(() => location.href = location.href + '?' + Math.random(), 30)",
        "setInterval(() => window.open('about:blank'), 20)",
        "alert('Welcome'); confirm('Sure?'); prompt('Name?'); onbeforeunload = () => 'Stay'",
        "navigator.serviceWorker && navigator.serviceWorker.register('sw.js'); Notification.requestPermission()",
        "new Image().src = 'https://elsewhere.example/endless'; fetch('https://elsewhere.example/')",
        "const a = document.createElement('a'); a.href = 'data:application/zip,x'; a.download = 'x.zip'; a.click()",
        "setInterval(() => document.body.append(document.createElement('i')), 5)",
        "window.print(); window.close()",
        "history.pushState({}, '', '#elsewhere'); document.title = 'x'.repeat(1e6)",
    ],
)
def test_a_restless_page_is_measured_all_the_same(chromium: Chromium, script: str) -> None:
    with chromium.text(page(p("", at="seen"), head=f"<script>{script}</script>"), PHONE) as opened:
        assert look_at(opened.screens[0], "seen").is_seen


def test_a_page_that_refreshes_itself_elsewhere_stays(chromium: Chromium) -> None:
    head = '<meta http-equiv="refresh" content="0;url=https://elsewhere.example/">'
    with chromium.text(page(p("", at="seen"), head=head), PHONE) as opened:
        assert look_at(opened.screens[0], "seen").is_seen


def test_a_script_that_never_ends_is_given_up_and_the_next_page_is_opened() -> None:
    with Chromium(patience=Patience(load=1, measure=2)) as browser:
        stuck = page(p("", at="seen"), head="<script>setTimeout(() => { for (;;); }, 0)</script>")
        with pytest.raises(InvalidDocument, match="do not end"), browser.text(stuck, PHONE):
            pass
        browser._patience = Patience(measure=PATIENCE)  # the next page is judged, not the machine's speed
        with browser.text(page(p("", at="seen")), PHONE) as opened:
            assert look_at(opened.screens[0], "seen").is_seen


def test_a_page_of_megabytes_is_measured(chromium: Chromium) -> None:
    with chromium.text(page(p("", at="seen") + f"<p>{FILLER}</p>" * 3000), PHONE) as opened:
        assert look_at(opened.screens[0], "seen").is_seen
        assert opened.screens[0].page_height > 100_000


def test_depth_does_not_end_the_measuring(chromium: Chromium) -> None:
    script = "let at = document.getElementById('deep'); for (let i = 0; i < 3000; i++) { const d = document.createElement('b'); at.append(d); at = d }"
    html = page(p("", at="seen") + '<div id="deep"></div>' + f"<script>{script}</script>")
    with chromium.text(html, PHONE) as opened:
        assert look_at(opened.screens[0], "seen").is_seen


def test_what_lies_beside_a_file_is_loaded(chromium: Chromium, tmp_path: Path) -> None:
    (tmp_path / "site.css").write_text("#hidden { display: none }", encoding="utf-8")
    file = tmp_path / "article.html"
    file.write_text(page(p() + p(at="seen"), head='<link rel="stylesheet" href="site.css">'), encoding="utf-8")
    with chromium.file(file) as opened:
        for screen in opened.screens:
            assert look_at(screen, "hidden").hidden_by == "display: none"
            assert look_at(screen, "seen").is_seen


def test_pictures_are_taken_of_the_first_window_and_further_down(chromium: Chromium) -> None:
    with chromium.text(page(p(at="seen") + f"<p>{FILLER}</p>" * 9), PHONE) as opened:
        top, below = opened.screens[0].picture(), opened.screens[0].picture(900)
    assert top.startswith(b"\xff\xd8")
    assert below.startswith(b"\xff\xd8")
    assert top != below


def test_the_engine_says_its_name_and_version(chromium: Chromium) -> None:
    assert chromium.engine.startswith("Chromium ")
    assert chromium.engine.split()[1].split(".")[0].isdecimal()


class _Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/article")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page(p("", at="seen") + '<img src="/pixel">').encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    _Answers.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_address_is_opened_along_its_redirects(chromium: Chromium, host: str) -> None:
    with chromium.url(f"{host}/away") as opened:
        assert (opened.url, opened.status) == (f"{host}/article", 200)
        assert SENTENCE in opened.html
        assert look_at(opened.screens[0], "seen").is_seen


def test_an_address_that_answers_with_an_error_is_refused(chromium: Chromium, host: str) -> None:
    with pytest.raises(Unreachable, match="answered 404"), chromium.url(f"{host}/gone"):
        pass


def test_an_address_without_anybody_is_refused(chromium: Chromium) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{reserved.getsockname()[1]}/"
        with pytest.raises(Unreachable), chromium.url(nobody):
            pass


@pytest.mark.parametrize("address", ["file:///etc/passwd", "chrome://version", "javascript:1", "about:blank"])
def test_only_web_addresses_are_opened(chromium: Chromium, address: str) -> None:
    with pytest.raises(InvalidUrl), chromium.url(address):
        pass


def test_a_guarded_browser_reaches_no_private_address(host: str) -> None:
    with Chromium(may_connect=is_public) as guarded, pytest.raises(Unreachable), guarded.url(f"{host}/article"):
        pass
    assert _Answers.asked == []


def test_a_guarded_browser_lets_through_what_may_be_reached(host: str) -> None:
    asked = []

    def may_connect(address: object, port: int) -> bool:
        asked.append((str(address), port))
        return True

    with Chromium(may_connect=may_connect) as guarded, guarded.url(f"{host}/article", PHONE) as opened:
        assert look_at(opened.screens[0], "seen").is_seen
    assert set(asked) == {("127.0.0.1", int(host.rpartition(":")[2]))}
    assert "/pixel" in _Answers.asked


def test_a_page_from_a_file_asks_no_host(chromium: Chromium, host: str) -> None:
    with chromium.text(page(p("", at="seen") + f'<img src="{host}/pixel"><iframe src="{host}/frame"></iframe>')):
        pass
    assert _Answers.asked == []


def test_a_browser_that_is_not_there_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFILIATE_CHROMIUM", "/nowhere/chrome")
    with pytest.raises(NoBrowser, match=r"/nowhere/chrome.*apt-get install chromium"), Chromium():
        pass


def test_the_named_browser_goes_before_those_on_path(tmp_path: Path) -> None:
    for name in ("chromium", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    assert find_chromium({"PATH": str(tmp_path)}) == str(tmp_path / "chromium")
    assert find_chromium({"PATH": str(tmp_path), "AFFILIATE_CHROMIUM": str(tmp_path / "mine")}) == str(
        tmp_path / "mine"
    )
