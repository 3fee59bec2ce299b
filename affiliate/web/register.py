"""The register of disclosure: every monetised page and its verdicts, one page's history, one check in plain words, exports."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from affiliate.clock import day_start, parse_day
from affiliate.disclosure.evidence import files, queries
from affiliate.disclosure.evidence.records import ASKED
from affiliate.disclosure.findings import FAIL, PASS, WARN
from affiliate.disclosure.occasions import queue_again
from affiliate.disclosure.rules import profile_names
from affiliate.errors import InvalidInput, NotFound
from affiliate.reports.evidence import Scope, export_evidence
from affiliate.reports.register import (
    SORTS,
    UNCHECKED,
    RegisterFilter,
    count_register,
    list_register,
    newest_checks,
    profiles_in_register,
    show_history,
)
from affiliate.reports.register import (
    show_check as find_check,
)
from affiliate.web.access import Pages
from affiliate.web.accounts import EDITOR, FINANCE
from affiliate.web.articles import page_number, page_url
from affiliate.web.forms import Form, go
from affiliate.web.services import services
from affiliate.web.site_choice import chosen_site, shown_zone

pages = Pages(
    "register", __name__, roles=(EDITOR, FINANCE), menu=("Disclosure", "register.show"), url_prefix="/disclosure"
)

VERDICTS = {"fail": FAIL, "warn": WARN, "pass": PASS, "unchecked": UNCHECKED}
_PER_PAGE = 50
_LARGEST_ID = 2**31 - 1
_MOST_RECORDS = 2_000  # of an export by a page, which is made while somebody waits; the command has no limit
_TYPES = {files.HTML: "text/plain; charset=utf-8", files.JPEG: "image/jpeg"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OCCASIONS = {
    "publish": "when it was published",
    "edit": "when it was edited",
    "template": "after a change of the template",
    "nightly": "in a night’s sample",
    "archive": "with the whole archive",
    "crawl": "in a walk over the site",
    "asked": "because somebody asked",
}


@pages.get("")
def show() -> str:
    asked = Form(request.args)
    site = chosen_site()
    profile = asked.value("profile") if asked.value("profile") in profile_names() else None
    wanted = RegisterFilter(
        text=asked.text("q").replace("\x00", ""),
        site_id=site.id if site else None,
        verdict=VERDICTS.get(asked.value("verdict")),
        profile=profile,
        sort=asked.value("sort") if asked.value("sort") in SORTS else SORTS[0],
        page=page_number(asked.value("page")),
        per_page=_PER_PAGE,
    )
    with services().store.reading() as session:
        rows, total = list_register(session, wanted, now=services().clock())
        counts = count_register(session, site_id=wanted.site_id)
        profiles = profiles_in_register(session)
        newest = newest_checks(session, site_id=wanted.site_id)
    return render_template(
        "disclosure/register.html",
        form=asked,
        rows=rows,
        total=total,
        counts=counts,
        profiles=profiles,
        newest=newest,
        occasions=_OCCASIONS,
        verdicts=VERDICTS,
        page=wanted.page,
        per_page=_PER_PAGE,
        page_url=page_url,
        searching=bool(wanted.text or wanted.verdict or wanted.profile),
        days=_last_year(),
    )


@pages.get(f"/articles/<int(max={_LARGEST_ID}):article_id>")
def show_article(article_id: int) -> str:
    with services().store.reading() as session:
        found = show_history(session, article_id, now=services().clock())
        return render_template(
            "disclosure/history.html", found=found, row=found.row, occasions=_OCCASIONS, now=services().clock()
        )


@pages.post(f"/articles/<int(max={_LARGEST_ID}):article_id>/check")
def send_check(article_id: int) -> Response:
    with services().store.transaction() as session:
        queue_again(session, article_id, ASKED, now=services().clock())
    flash(
        "The page is being checked. What is found stands here within seconds; one that does not answer leaves no record.",
        "good",
    )
    return go(url_for("register.show_article", article_id=article_id))


@pages.get("/checks/<int:number>")
def show_check(number: int) -> str:
    with services().store.reading() as session:
        check = find_check(session, number)
    return render_template(
        "disclosure/check.html", check=check, row=check.row, record=check.record, occasions=_OCCASIONS
    )


@pages.get("/checks/<int:number>.json")
def download_record(number: int) -> Response:
    """The record as it is hashed, with its place in the chain."""
    with services().store.reading() as session:
        row = find_check(session, number).row
    line = {"number": row.number, "previous_hash": row.previous_hash, "record": row.record, "hash": row.hash}
    return _download(json.dumps(line, ensure_ascii=False) + "\n", "application/json", f"record-{number}.json")


@pages.get("/files/<sha256>")
def show_file(sha256: str) -> Response:
    """A page of evidence as a text to be kept, never one that a browser would run here; or a picture."""
    if not _SHA256.fullmatch(sha256):
        raise NotFound("file", sha256[:80])
    with services().store.reading() as session:
        file = queries.file(session, sha256)
        if file is None or file.media_type not in _TYPES:
            raise NotFound("file", sha256)
        try:
            content = files.unpacked(file)
        except files.Damaged as problem:
            raise InvalidInput("This file is not as it was kept: affiliate disclosure verify says more.") from problem
        media_type = file.media_type
    if media_type == files.JPEG:
        return Response(content, content_type="image/jpeg", headers={"Content-Security-Policy": "sandbox"})
    return _download(content, _TYPES[media_type], f"{sha256}.html.txt")


@pages.get("/export.<any(xlsx, zip):form>")
def download_export(form: str) -> Response:
    asked = Form(request.args)
    site = chosen_site()
    zone = shown_zone()
    scope = Scope(
        site_id=site.id if site else None,
        profile=asked.value("profile") if asked.value("profile") in profile_names() else None,
        first=day_start(parse_day(asked.value("from")), zone) if asked.value("from") else None,
        until=day_start(parse_day(asked.value("to")), zone) if asked.value("to") else None,
    )
    with TemporaryDirectory(prefix="affiliate-evidence-") as folder, services().store.reading() as session:
        _refuse_large(queries.span(session, site_id=scope.site_id, first=scope.first, until=scope.until))
        output = Path(folder) / f"evidence.{form}"
        export_evidence(session, output, scope, now=services().clock())
        content = output.read_bytes()
    types = {"zip": "application/zip", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    return _download(content, types[form], f"evidence-{services().clock():%Y-%m-%d}.{form}")


def _refuse_large(span: tuple[int, int] | None) -> None:
    if span and span[1] - span[0] >= _MOST_RECORDS:
        raise InvalidInput(
            f"These are more than {_MOST_RECORDS:,} records. Choose fewer days, or use the command:"
            " affiliate disclosure export --output evidence.zip"
        )


def _download(content: str | bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return Response(content, content_type=media_type, headers=headers)


def _last_year() -> dict[str, date]:
    tomorrow = services().clock().date() + timedelta(days=1)
    return {"first": tomorrow - timedelta(days=365), "until": tomorrow}
