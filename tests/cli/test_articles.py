import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from affiliate.disclosure.checks import CHECKS
from affiliate.disclosure.findings import Finding
from affiliate.disclosure.pages.page import Page
from tests.cli.conftest import Run

ARTICLE = (
    "<article>\r\n<h1>Marble everywhere</h1>\r\n<p>Our pick is the <a HREF='https://www.halden.example/dresses/marble-midi'"
    ' class=x>midi dress</a> &amp; the <a href="https://nobody.example/">other</a>.</p>\r\n</article>'
)


def written(folder: Path, html: str = ARTICLE) -> str:
    path = folder / "story.html"
    path.write_bytes(html.encode())
    return str(path)


def test_an_article_is_rewritten_labelled_and_reported(newsroom: Run, folder: Path) -> None:
    report = folder / "report.json"
    answer = newsroom(
        "rewrite",
        written(folder),
        "--article-url",
        "https://mag.example/marble",
        "--kind",
        "product-led",
        "--report",
        str(report),
    )
    assert "HREF='/go/marble-midi/-a" in answer.stdout
    assert 'href="https://nobody.example/"' in answer.stdout
    assert "sponsored nofollow" in answer.stdout
    assert answer.stdout.index(">Ad<") < answer.stdout.index("/go/marble-midi")
    assert set(json.loads(report.read_text())) == {"changes", "placements", "disclosure", "warnings"}
    assert newsroom("check", written(folder, answer.stdout), "--profile", "UK", "--profile", "us", "--json").json[
        "verdicts"
    ] == {
        "uk": "PASS",
        "us": "PASS",
    }


def test_a_second_run_changes_nothing(newsroom: Run, folder: Path) -> None:
    once = newsroom("rewrite", written(folder)).stdout
    assert newsroom("rewrite", written(folder, once)).stdout == once
    assert newsroom("rewrite", "-", text=once).stdout == once


def test_a_draft_is_named_by_its_file(newsroom: Run, folder: Path) -> None:
    once = newsroom("rewrite", written(folder)).stdout
    edited = ARTICLE.replace("Our pick", "Our new pick")
    again = newsroom("rewrite", written(folder, edited)).stdout
    assert again == once.replace("Our pick", "Our new pick")


def test_an_unlabelled_page_fails_the_check_with_findings(newsroom: Run, folder: Path) -> None:
    page = '<p><a href="https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fs.example">x</a></p>'
    answer = newsroom("check", written(folder, page), "--profile", "uk", "--json", code=1)
    assert answer.json["verdicts"] == {"uk": "FAIL"}
    assert {"rule", "severity", "message", "where", "profile", "mend", "source"} <= set(answer.json["findings"][0])


def test_a_served_page_is_checked_and_one_that_is_not_there_is_named(run: Run, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/good").respond_with_data("<p>No paid links.</p>", content_type="text/html")
    httpserver.expect_request("/gone").respond_with_data("", status=404)
    address = f"http://127.0.0.1:{httpserver.port}"
    assert run("check", f"{address}/good", "--profile", "uk", "--json").json["verdicts"] == {"uk": "PASS"}
    assert "404" in run("check", f"{address}/gone", "--profile", "uk", code=1).stderr


def test_an_article_without_paid_links_stays_as_it_is(newsroom: Run, folder: Path) -> None:
    html = '<h1>News</h1><p><a href="https://nobody.example/">a</a> <a href="/b">b</a></p>'
    assert newsroom("rewrite", written(folder, html)).stdout == html


def test_a_bereavement_story_is_never_monetised(newsroom: Run, folder: Path) -> None:
    answer = newsroom("rewrite", written(folder), "--tag", "bereavement", "--monetise")
    assert answer.stdout == ARTICLE
    assert "bereavement" in answer.stderr


def test_bad_documents_are_refused_in_words(newsroom: Run, folder: Path) -> None:
    large = folder / "large.html"
    large.write_text("<p>" + "x" * 5_000_000)
    assert "at most" in newsroom("rewrite", str(large), code=1).stderr
    binary = folder / "binary.html"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in newsroom("rewrite", str(binary), code=1).stderr
    assert "cannot be read" in newsroom("rewrite", str(folder / "nothing.html"), code=1).stderr


def test_html_cut_in_half_keeps_every_byte_it_has(newsroom: Run, folder: Path) -> None:
    half = ARTICLE[: ARTICLE.index("&amp;")]
    out = newsroom("rewrite", written(folder, half)).stdout
    assert "/go/marble-midi/-a" in out
    assert out.endswith("class=x>midi dress</a> ") or "midi dress</a>" in out


def test_a_feed_is_rewritten_item_by_item_and_its_listing_labelled(newsroom: Run, folder: Path) -> None:
    link = '<a href="https://www.halden.example/dresses/marble-midi">dress</a>'
    feed = (
        '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item><title>Dresses</title>'
        f"<link>https://mag.example/dresses</link><content:encoded><![CDATA[<p>{link}</p>]]></content:encoded></item></channel></rss>"
    )
    once = newsroom("rewrite", written(folder, feed), "--kind", "product-led").stdout
    assert "<title>Ad: Dresses</title>" in once
    assert newsroom("rewrite", written(folder, once)).stdout == once
    assert newsroom("check", written(folder, once), "--profile", "uk", "--json").json["verdicts"]["uk"] != "FAIL"
    newsroom("rewrite", written(folder, feed), "--article-url", "https://mag.example/x", code=1)
    newsroom("rewrite", written(folder, f"<p>{link}</p>"), "--article-url", "https://mag.example/dresses")
    listing = newsroom(
        "rewrite", written(folder, '<a href="https://mag.example/dresses">D</a>'), "--variant", "listing"
    )
    assert ">Ad&#160;</span>D</a>" in listing.stdout


def test_a_newsletter_has_absolute_links(newsroom: Run, folder: Path) -> None:
    answer = newsroom("rewrite", written(folder), "--article-url", "https://mag.example/m", "--variant", "newsletter")
    assert "https://mag.example/go/marble-midi/-a" in answer.stdout


@pytest.mark.parametrize(
    ("charset", "declared"),
    [("cp1252", ""), ("iso-8859-1", "iso-8859-1"), ("utf-16", ""), ("utf-8-sig", ""), ("shift_jis", "shift_jis")],
)
def test_a_saved_page_is_read_in_its_own_charset(run: Run, folder: Path, charset: str, declared: str) -> None:
    meta = f'<meta charset="{declared}">' if declared else ""
    link = '<a href="/go/x" rel="sponsored">Kessel</a>'
    german = f"<p>Werbung</p><h1>K\u00e4nnchen</h1><p>Wenn Sie \u00fcber Links kaufen, erhalten wir eine Provision.</p><p>{link}</p>"
    japanese = f"<p>\u5e83\u544a</p><h1>\u30b1\u30c8\u30eb</h1><p>\u30ea\u30f3\u30af\u304b\u3089\u8cfc\u5165\u3055\u308c\u308b\u3068\u5f53\u793e\u306b\u5831\u916c\u304c\u652f\u6255\u308f\u308c\u307e\u3059\u3002</p><p>{link}</p>"
    html, language, profile = (japanese, "ja", "jp") if charset == "shift_jis" else (german, "de", "de")
    saved = folder / "saved.html"
    saved.write_bytes(
        f'<!doctype html><html lang="{language}"><head>{meta}</head><body>{html}</body></html>'.encode(charset)
    )
    assert run("check", str(saved), "--profile", profile, "--json").json["verdicts"] == {profile: "PASS"}


@pytest.mark.parametrize("content", [b"%PDF-1.7 \xff", b"\x89PNG\r\n\x00\x01"])
def test_what_is_no_text_is_refused_not_passed(run: Run, folder: Path, content: bytes) -> None:
    (folder / "x.html").write_bytes(content)
    assert "is no text" in run("check", str(folder / "x.html"), "--profile", "uk", code=1).stderr


def test_several_files_are_checked_in_one_call(run: Run, folder: Path) -> None:
    good, bad = folder / "good.html", folder / "bad.html"
    good.write_text("<p>No paid links.</p>")
    bad.write_text('<h1>x</h1><p><a href="/go/x">x</a></p>')
    answer = run("check", str(good), str(bad), "--profile", "us", "--json", code=1)
    assert [(each["file"], each["verdicts"]) for each in answer.json] == [
        (str(good), {"us": "PASS"}),
        (str(bad), {"us": "FAIL"}),
    ]
    told = run("check", str(bad), "--profile", "us", code=1).stdout
    assert "BLOCK US-02: No sentence before the first paid link" in told
    assert "    mend: " in told
    assert "    source: https://" in told


def test_a_page_that_cannot_be_checked_takes_no_other_along(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(page: Page, _rule: object, _pack: object) -> Iterator[Finding]:
        if "odd" in page.tree.blocks[0].words:
            raise ValueError("nobody thought of this page")
        yield from ()

    monkeypatch.setitem(CHECKS, "wording", odd)
    names = [str(folder / name) for name in ("good.html", "odd.html", "gone.html", "picture.html", "last.html")]
    for name, content in zip(names, [b"<p>x</p>", b"<p>odd</p>", None, b"\x89PNG\r\n\x00", b"<p>y</p>"], strict=True):
        if content is not None:
            Path(name).write_bytes(content)
    answer = run("check", *names, "--profile", "us", "--json", code=1)
    assert [each["file"] for each in answer.json] == names
    assert [each["verdicts"]["us"] for each in answer.json] == ["PASS", "FAIL", "FAIL", "FAIL", "PASS"]
    reasons = [each["findings"][0]["measured"] for each in answer.json if each["verdicts"]["us"] == "FAIL"]
    assert "nobody thought of this page" in reasons[0]
    assert "gone.html" in reasons[1]
    assert "is no text" in reasons[2]
    assert "could not be checked" in run("check", names[1], "--profile", "us", code=1).stdout


def test_the_kind_can_be_said(run: Run, folder: Path) -> None:
    page = written(folder, '<h1>x</h1><p><b>Ad</b> <a href="/go/x">x</a></p>')
    assert run("check", page, "--profile", "uk", "--kind", "mixed", "--json").json["verdicts"] == {"uk": "PASS"}
    assert run("check", page, "--profile", "uk", "--kind", "product-led", "--json", code=1).json["verdicts"] == {
        "uk": "FAIL"
    }


def test_a_check_against_named_profiles_makes_no_database(run: Run, folder: Path) -> None:
    run("check", written(folder, "<p>x</p>"), "--profile", "us")
    assert not list(folder.rglob("*.db"))
