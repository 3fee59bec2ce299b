"""The rewriter changes what it means to change, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affiliate.articles.document import Document
from affiliate.articles.edits import restore
from affiliate.articles.rewrite import Replacement, Result, rewrite
from affiliate.errors import InvalidDocument
from tests.articles.oracle import tree
from tests.articles.shop import decide, notice


def rewritten(html: str) -> str:
    return rewrite(html, decide).html


GO = 'data-affiliate-placement="a00000000000"'

ANCHORS = [
    # the author's quotes, order, case and blanks stay
    (
        '<A  HREF = "https://shop.example/x"  Class=y>x</A>',
        f'<A  HREF = "/go/x/-a00000000000" rel="sponsored nofollow" {GO}  Class=y>x</A>',
    ),
    ("<a href='https://shop.example/x'>x</a>", f"<a href='/go/x/-a00000000000' rel=\"sponsored nofollow\" {GO}>x</a>"),
    ("<a href=https://shop.example/x>x</a>", f'<a href=/go/x/-a00000000000 rel="sponsored nofollow" {GO}>x</a>'),
    (
        '<a/href="https://shop.example/x"title=t>x</a>',
        f'<a/href="/go/x/-a00000000000" rel="sponsored nofollow" {GO}title=t>x</a>',
    ),
    # what the author set in rel is kept, and nothing is said twice
    (
        '<a rel="NoFollow noopener" href="https://shop.example/x">x</a>',
        f'<a rel="NoFollow noopener sponsored" href="/go/x/-a00000000000" {GO}>x</a>',
    ),
    (
        "<a rel=noopener href=https://shop.example/x>x</a>",
        f'<a rel="noopener sponsored nofollow" href=/go/x/-a00000000000 {GO}>x</a>',
    ),
    (
        '<a rel href="https://shop.example/x">x</a>',
        f'<a rel="sponsored nofollow" href="/go/x/-a00000000000" {GO}>x</a>',
    ),
    (
        '<a rel="" href="https://shop.example/x">x</a>',
        f'<a rel="sponsored nofollow" href="/go/x/-a00000000000" {GO}>x</a>',
    ),
    (
        '<a rel="sponsored nofollow" href="https://shop.example/x">x</a>',
        f'<a rel="sponsored nofollow" href="/go/x/-a00000000000" {GO}>x</a>',
    ),
    # of two attributes of one name browsers read the first
    (
        '<a href="https://shop.example/x" href="https://elsewhere.example/">x</a>',
        f'<a href="/go/x/-a00000000000" rel="sponsored nofollow" {GO} href="https://elsewhere.example/">x</a>',
    ),
    # entities in the address and blanks around it
    (
        '<a href=" https://shop.example/x?a=1&amp;b=2 ">x</a>',
        f'<a href="/go/x/-a00000000000" rel="sponsored nofollow" {GO}>x</a>',
    ),
    (
        '<map><area href="https://shop.example/x" alt="x"></map>',
        f'<map><area href="/go/x/-a00000000000" rel="sponsored nofollow" {GO} alt="x"></map>',
    ),
    # a byte-order mark, CRLF, and a character beyond the basic plane before the anchor
    (
        '\ufeff<p>\r\n😀\r\n<a\r\nhref="https://shop.example/x"\r\n>x</a>\r\n',
        f'\ufeff<p>\r\n😀\r\n<a\r\nhref="/go/x/-a00000000000" rel="sponsored nofollow" {GO}\r\n>x</a>\r\n',
    ),
    # mis-nested and unclosed
    (
        "<p><b><a href=https://shop.example/x>x</b> y</p>",
        f'<p><b><a href=/go/x/-a00000000000 rel="sponsored nofollow" {GO}>x</b> y</p>',
    ),
]

PING = "/go/-/go/x/-a00000000000"
DIRECT = f'https://direct.example/x?sub=a00000000000" rel="sponsored nofollow" {GO}'
BARE = "https://direct.example/x?sub=a00000000000"

ANCHORS += [
    # a link that leads straight to the shop tells of its use; the author's pings stay
    ('<a href="https://direct.example/x">x</a>', f'<a href="{DIRECT} ping="{PING}">x</a>'),
    ('<a href="https://direct.example/x"ping>x</a>', f'<a href="{DIRECT}ping="{PING}">x</a>'),
    ('<a PING="" href="https://direct.example/x">x</a>', f'<a PING="{PING}" href="{DIRECT}>x</a>'),
    (
        "<a ping=/p href='https://direct.example/x'>x</a>",
        f'<a ping="/p {PING}" href=\'{BARE}\' rel="sponsored nofollow" {GO}>x</a>',
    ),
    ('<a ping="/p\n/q " href="https://direct.example/x">x</a>', f'<a ping="/p\n/q  {PING}" href="{DIRECT}>x</a>'),
    # what an earlier run put in is brought up to date, wherever it led
    (f'<a ping="/p https://old.example{PING} /q" href="{BARE}">x</a>', f'<a ping="/p /q {PING}" href="{DIRECT}>x</a>'),
    (f'<a ping="{PING}1 {PING}" href="{BARE}">x</a>', f'<a ping="{PING}" href="{DIRECT}>x</a>'),
    # a link that goes through us again does not
    (
        f'<a href="https://shop.example/x" ping="{PING}">x</a>',
        f'<a href="/go/x/-a00000000000" rel="sponsored nofollow" {GO}>x</a>',
    ),
    (
        f'<a href="https://shop.example/x" ping="/p https://a.example{PING}">x</a>',
        f'<a href="/go/x/-a00000000000" rel="sponsored nofollow" {GO} ping="/p">x</a>',
    ),
    (
        '<a href="https://shop.example/x" ping=" /go/x /x/go/-/y ">x</a>',
        f'<a href="/go/x/-a00000000000" rel="sponsored nofollow" {GO} ping=" /go/x /x/go/-/y ">x</a>',
    ),
]


@pytest.mark.parametrize(("before", "after"), ANCHORS)
def test_an_anchor_is_changed_where_it_must_be_and_nowhere_else(before: str, after: str) -> None:
    assert rewritten(before) == after
    assert rewritten(after) == after


LEFT_ALONE = [
    "",
    "no markup at all",
    "<p>5 < 6 & 7 > 6 &amp; &nbsp &notanentity;",
    '<a href="https://elsewhere.example/x">x</a>',
    '<a href="/inside">x</a><a href="#part">x</a><a href="mailto:a@shop.example">x</a><a href="javascript:0">x</a>',
    '<a name="https://shop.example/x">x</a><a>x</a><a href>x</a><a href="">x</a><a href="http://[">x</a>',
    '<script>"<a href=https://shop.example/x>x</a>"</script>',
    "<style><a href=https://shop.example/x>x</a></style>",
    "<title><a href=https://shop.example/x>x</a></title>",
    "<textarea><a href=https://shop.example/x>x</a></textarea>",
    "<noscript><a href=https://shop.example/x>x</a></noscript>",
    "<head><noscript><a href=https://shop.example/x>x</a></noscript></head>",
    "<template><p><a href=https://shop.example/x>x</a></p></template>",
    "<div><template shadowrootmode=open><a href=https://shop.example/x>x</a></template></div>",
    "<iframe><a href=https://shop.example/x>x</a></iframe>",
    "<!-- <a href=https://shop.example/x>x</a> -->",
    "<!--[if mso]><a href=https://shop.example/x>x</a><![endif]-->",
    "<![CDATA[<p><a href=https://shop.example/x>x</a></p>]]>",
    "<svg><a href=https://shop.example/x><text>x</text></a></svg>",
    "<svg><foreignObject><p><a href=https://shop.example/x>x</a></p></foreignObject></svg>",
    "<svg><![CDATA[<a href=https://shop.example/x>x</a>]]></svg>",
    '<a data-affiliate="off" href="https://shop.example/x">x</a>',
    '<div data-affiliate=OFF><p><a href="https://shop.example/x">x</a></p></div>',
    '<a href="https://shop.example/x',
    "<a href=https://shop.example/x",
    '<img src="https://shop.example/x.jpg"><link href="https://shop.example/x">',
]


@pytest.mark.parametrize("html", LEFT_ALONE)
def test_what_is_no_paid_anchor_is_left_alone(html: str) -> None:
    assert rewrite(html, decide, notice=notice()) == Result(html, ())


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ('<a href="x">', '<a href="/d?a=1&amp;copy=2&amp;q=&quot;\'">'),
        ("<a href='x'>", "<a href='/d?a=1&amp;copy=2&amp;q=\"&#39;'>"),
        ("<a href=x>", '<a href="/d?a=1&amp;copy=2&amp;q=&quot;\'">'),
    ],
)
def test_an_address_is_escaped_for_the_quotes_it_stands_in(before: str, written: str) -> None:
    address = "/d?a=1&copy=2&q=\"'"
    after = rewrite(before, lambda _url, _anchor: Replacement(address, paid=False)).html
    assert after == written
    assert Document(after).anchors[0].url == address


def test_a_mark_that_is_taken_out_takes_its_blank_along() -> None:
    unpaid = Replacement("https://shop.example/x", paid=False)
    for marked, bare in (
        ('<a href="/go/x"\ndata-affiliate-placement="a0">x</a>', '<a href="https://shop.example/x">x</a>'),
        ("<a href=/go/x data-affiliate-placement=a0/>x</a>", "<a href=https://shop.example/x>x</a>"),
        ('<a href=/go/x data-affiliate-placement="a0"/>x</a>', "<a href=https://shop.example/x />x</a>"),
    ):
        assert rewrite(marked, lambda _url, _anchor: unpaid).html == bare


def test_an_anchor_behind_what_is_left_alone_is_still_found() -> None:
    for html in LEFT_ALONE[:-3]:
        closed = html + '<p><a href="https://shop.example/x">x</a>'
        assert "/go/x/" in rewritten(closed), html


def test_a_paragraph_end_tag_ends_a_picture_and_what_follows_is_a_link() -> None:
    picture = "<svg><a href=https://shop.example/x><a href=https://shop.example/x>"
    html = picture + "</p><a href=https://shop.example/x>x</a>"
    assert rewritten(html) == picture + f'</p><a href=/go/x/-a00000000000 rel="sponsored nofollow" {GO}>x</a>'
    assert tree(rewritten(html)) == tree(html)


@pytest.mark.parametrize("cut", range(0, 260, 7))
def test_html_that_is_cut_anywhere_loses_nothing(cut: int) -> None:
    whole = (
        '<article><h1>Marble print</h1>\r\n<p>Wear <a class="x" href="https://shop.example/dress" rel=\'noopener\'>this'
        " dress</a> &amp; <!-- note --> that.</p><p><a href=https://shop.example/bag>A bag</a></p></article>"
        + "<p>x"
        * 20
    )
    half = whole[:cut]
    result = rewrite(half, decide, notice=notice(product_led=True))
    assert restore(result.html, result.changes) == half
    assert tree(result.html) == tree(half)


def test_a_piece_of_ours_in_another_goes_with_it() -> None:
    html = '<p><span data-affiliate-label="x">Ad<span data-affiliate-label="x">Ad</span></span><a href="/x">y</a></p>'
    result = rewrite(html, lambda _url, _anchor: None)
    assert result.html == '<p><a href="/x">y</a></p>'
    assert restore(result.html, result.changes) == html


def test_five_megabytes_are_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidDocument, match=r"5,000,\d+ characters; at most 2,000,000.*Send the article alone"):
        rewrite("<p>" + "x" * 5_000_000, decide)


def test_the_limit_is_the_callers() -> None:
    with pytest.raises(InvalidDocument, match="at most 10 are read"):
        rewrite("<p>eleven ch", decide, longest=10)


@pytest.mark.parametrize("html", ["PK\x03\x04\x00\x00", "<p>\ud800</p>"])
def test_what_is_no_text_is_refused(html: str) -> None:
    with pytest.raises(InvalidDocument, match="is no text"):
        Document(html)


# ---- laws, over documents that nobody would write and some CMS still sends ------------------------------------------

_href = st.sampled_from(
    [
        "https://shop.example/x",
        "https://shop.example/y?a=1&amp;b=2",
        "https://direct.example/y",
        "//elsewhere.example/",
        "/in",
        "#f",
        "",
        " ",
        "=",
        "x/",
    ]
)
_rel = st.sampled_from(
    ["", ' rel="noopener"', " rel=NoFollow", " rel", ' rel=""', " rel='a&amp;b'", ' REL = "sponsored"']
)
_ping = st.sampled_from(
    [
        "",
        ' ping="/p"',
        " ping=/p",
        " ping",
        ' ping=""',
        " PING='/p\r\n/go/-/go/x/-a0'",
        ' ping="https://a.example/go/-/x"',
    ]
)
_blank = st.sampled_from([" ", "\n", "\r\n", "\t ", "/", "\r"])


@st.composite
def _start_tags(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(["a", "A", "area"]))
    quote = draw(st.sampled_from(['"', "'", ""]))
    href = draw(st.sampled_from(["href=", "HREF = ", "hReF=\r\n"])) + quote + draw(_href) + quote
    end = draw(st.sampled_from(["", " x", " x=1", "/", " href=z", " data-q=é"]))
    return f"<{name}{draw(_blank)}{href}{draw(_rel)}{draw(_ping)}{end}>"


_pieces = st.one_of(
    _start_tags(),
    st.sampled_from(
        "<p> </p> <b> </b> <i> </i> <div> </div> <ul> <li> </ul> <table> <tr> <td> </table> </a> <br> <h1> </h1> <span> </span>"
        " <!-- --> <![CDATA[ ]]> <script> </script> <style> </style> <template> </template> <svg> </svg> <math> <mi> </math>"
        " <textarea> </textarea> <noscript> </noscript> <select> <option> </select> <details> </details> <form> </form>"
        " <html> <head> </head> <body> </body> </html> <!doctype\xa0html> <title> </title> <nobr> <button> </button> <hr>"
        " <section> </section> <article> </article> <header> <blockquote> <center> <pre> <frameset> </p></br> &amp; &lt &#0;".replace(
            "\xa0", "_"
        ).split()
    ),
    st.sampled_from(["text", " ", "\r\n", "\n", "\r", "é", "😀", "<", ">", '"', "\ufeff"]),
)
soup = st.lists(_pieces, max_size=25).map(lambda pieces: "".join(pieces).replace("<!doctype_html>", "<!doctype html>"))


@settings(max_examples=1500, deadline=None)
@given(soup)
def test_every_byte_outside_the_changes_stays_and_the_tree_is_the_same(html: str) -> None:
    result = rewrite(html, decide)
    assert restore(result.html, result.changes) == html
    assert tree(result.html) == tree(html)
    assert rewrite(result.html, decide) == Result(result.html, ())


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_comes_back_or_is_refused(html: str) -> None:
    try:
        assert rewrite(html, decide).html == html
    except InvalidDocument:
        assert any(character == "\0" or "\ud800" <= character <= "\udfff" for character in html)
