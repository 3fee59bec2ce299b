"""Walks over the publisher's own sites: what they found, for editors and finance; beginning and stopping one, for admins."""

import csv
import io
from collections.abc import Iterator

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from affiliate.disclosure.crawl import (
    KINDS,
    begin_crawl,
    go_on,
    list_crawls,
    list_findings,
    show_crawl,
    stop_crawl,
)
from affiliate.disclosure.crawl.crawls import MOST_PAGES
from affiliate.disclosure.crawl.queries import FoundWrong
from affiliate.errors import AffiliateError, InvalidInput
from affiliate.links.sites import find_site
from affiliate.reports.export import safe_cell
from affiliate.web.access import Pages, somebody
from affiliate.web.accounts import EDITOR, FINANCE
from affiliate.web.articles import page_number, page_url
from affiliate.web.forms import Form, go
from affiliate.web.services import services
from affiliate.web.site_choice import chosen_site, sites

pages = Pages(
    "crawls",
    __name__,
    roles=(EDITOR, FINANCE),
    menu=("Disclosure", "crawls.show"),
    url_prefix="/disclosure/crawls",
)
desk = Pages("crawls_desk", __name__, url_prefix="/disclosure/crawls")

_PER_PAGE = 50
_FEW = 10  # findings of each kind where all kinds are shown
_LARGEST_ID = 2**31 - 1
_COLUMNS = ("kind", "severity", "rule", "url", "message", "mend", "place")

Answer = tuple[str, int] | Response


@pages.get("")
def show() -> Answer:
    return _list_page(Form({"pages": str(MOST_PAGES), "site": getattr(chosen_site(), "key", "")}))


@desk.post("")
def send_start() -> Answer:
    form = Form(request.form)
    try:
        with services().store.transaction() as session:
            crawl = begin_crawl(
                session,
                site=find_site(session, form.value("site") or None),
                start=form.text("url") or None,
                most_pages=_number(form.text("pages") or str(MOST_PAGES)),
                in_background=True,
                started_by=somebody().email,
                now=services().clock(),
            )
    except AffiliateError as problem:
        form.refuse(problem)
        return _list_page(form)
    flash("The crawl has begun; it goes on by itself, whether somebody looks or not.", "good")
    return go(url_for("crawls.show_one", crawl_id=crawl.id))


@pages.get(f"/<int(max={_LARGEST_ID}):crawl_id>")
def show_one(crawl_id: int) -> str:
    """All kinds with a few findings each, or all of one kind, page by page."""
    kind = request.args.get("kind", "")
    page = page_number(request.args.get("page", ""))
    with services().store.reading() as session:
        detail = show_crawl(session, crawl_id)
        chosen = [kind] if kind in detail.row.findings else list(detail.row.findings)
        whole = kind in detail.row.findings
        found = {
            each: list_findings(
                session, crawl_id, kind=each, page=page if whole else 1, per_page=_PER_PAGE if whole else _FEW
            )
            for each in chosen
        }
    return render_template(
        "disclosure/crawl.html",
        row=detail.row,
        unread=detail.unread,
        found=found,
        kinds=KINDS,
        whole=whole,
        few=_FEW,
        page=page,
        per_page=_PER_PAGE,
        page_url=page_url,
    )


@pages.get(f"/<int(max={_LARGEST_ID}):crawl_id>.csv")
def download(crawl_id: int) -> Response:
    kind = request.args.get("kind") or None
    with services().store.reading() as session:
        show_crawl(session, crawl_id)
        found = list_findings(session, crawl_id, kind=kind)
    text = "".join(_lines(found))
    named = f"crawl-{crawl_id}-{kind}.csv" if kind in KINDS else f"crawl-{crawl_id}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{named}"'}
    return Response(text, content_type="text/csv; charset=utf-8", headers=headers)


@desk.post(f"/<int(max={_LARGEST_ID}):crawl_id>/stop")
def send_stop(crawl_id: int) -> Response:
    with services().store.transaction() as session:
        stop_crawl(session, crawl_id, now=services().clock())
    flash("Stopped. It can be gone on with at any time.", "good")
    return go(url_for("crawls.show_one", crawl_id=crawl_id))


@desk.post(f"/<int(max={_LARGEST_ID}):crawl_id>/resume")
def send_resume(crawl_id: int) -> Response:
    more = _number(request.form.get("pages") or "0")
    with services().store.transaction() as session:
        detail = show_crawl(session, crawl_id)
        most = detail.row.most_pages + more if more else None
        go_on(session, crawl_id, most_pages=most, in_background=True)
    flash("It goes on where it was.", "good")
    return go(url_for("crawls.show_one", crawl_id=crawl_id))


def _list_page(form: Form) -> Answer:
    site = chosen_site() if len(sites()) > 1 else None
    page = page_number(request.args.get("page", ""))
    with services().store.reading() as session:
        rows, total = list_crawls(session, site_id=site.id if site else None, page=page, per_page=_PER_PAGE)
    answer = render_template(
        "disclosure/crawls.html",
        form=form,
        rows=rows,
        total=total,
        page=page,
        per_page=_PER_PAGE,
        page_url=page_url,
        site_choices=[(each.key, each.name) for each in sites()],
    )
    return answer, form.status


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 7):
        raise InvalidInput(f"{text[:20]!r} is no number of pages.")
    return int(text)


def _lines(found: list[FoundWrong]) -> Iterator[str]:
    """The findings as CSV with a header; a spreadsheet runs none of them as a formula."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for each in found:
        cells = each.as_json()
        writer.writerow([safe_cell(cells[column]) for column in _COLUMNS])
    yield output.getvalue()
