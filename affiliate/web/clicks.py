"""What was clicked: the report of clicks with its picture, cut and narrowed down step by step."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, render_template, request
from sqlalchemy.orm import Session

from affiliate.clicks.classes import CLASSES, HUMAN
from affiliate.clock import zone
from affiliate.errors import AffiliateError
from affiliate.reports.clicks import DAY, DIMENSIONS, GRAINS, HOUR, ClickRange, Row, clicks_report, course
from affiliate.reports.dimensions import called, names_of
from affiliate.reports.export import csv_text, json_text
from affiliate.web.access import Pages
from affiliate.web.accounts import EDITOR, FINANCE
from affiliate.web.articles import page_number, page_url
from affiliate.web.forms import Form
from affiliate.web.period import Days, asked_days, asked_word, last_days
from affiliate.web.services import services
from affiliate.web.words import day, moment

pages = Pages("clicks", __name__, roles=(EDITOR, FINANCE), menu=("Reports", "clicks.show"))

PER_PAGE = 100
_USUAL_DAYS = 7
_HOURLY_DAYS = 3  # so many days are drawn hour by hour: more bars than 75 are too narrow on a phone
# Behind a value of one dimension: what it is looked into by.
_NEXT = {
    "article": "placement",
    "author": "article",
    "link": "placement",
    "placement": DAY,
    "position": "link",
    "site": "article",
    "advertiser": "link",
    "programme": "link",
    "network": "programme",
    "country": "article",
    "device": "article",
    "class": "referrer",
    "referrer": "article",
}
# Of which other dimensions a value has one value only: within that one it can be looked into alone.
_PART_OF = {
    "placement": ("article", "author", "link", "position", "site"),
    "article": ("author", "site"),
    "link": ("site",),
    "programme": ("advertiser", "network"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickQuestion(Days):
    """The question about clicks: also in which steps of time, of which class, and within which value."""

    every: str | None
    click_class: str | None
    within: str | None
    key: str | None

    @property
    def grain(self) -> str:
        """What the picture's bars are."""
        return HOUR if (self.until - self.first).days <= _HOURLY_DAYS else DAY

    def narrowed(self, session: Session) -> dict[str, Any]:
        """Which clicks are counted, for the report and the picture."""
        return {
            **Days.arguments(self, session),
            "click_class": self.click_class,
            "within": self.within,
            "key": self.key,
        }

    def query(self, **others: str | None) -> dict[str, Any]:
        asked = {"every": self.every, "class": self.click_class, "within": self.within, "key": self.key}
        return Days.query(self, **{**asked, **others})

    def into(self, row: Row) -> dict[str, Any] | None:
        """The question that looks into a row: a day by its hours, any other value by the next dimension. None where that
        would show more clicks than the row has: an hour is no range, and there is one `within` only."""
        if HOUR in (self.by, self.every):
            return None
        time, days = row.key if self.by == DAY else row.time, {}
        if time:
            first = date.fromisoformat(time)
            days = {"from": first.isoformat(), "to": (first + timedelta(days=1)).isoformat()}
        if self.by == DAY:
            return self.query(by=HOUR, **days)
        if self.within and (row.key is None or self.within not in _PART_OF.get(self.by, ())):
            return None
        further = HOUR if time and _NEXT[self.by] == DAY else _NEXT[self.by]
        return self.query(by=further, every=None, within=self.by, key=row.key, **days)

    def ranges(self, today: date) -> dict[str, tuple[date, date]]:
        days = {"Today": last_days(today, 1), "Last 7 days": last_days(today, 7)}
        return {**days, **Days.ranges(self, today)}


@pages.get("/reports/clicks")
def show() -> str | tuple[str, int]:
    form, now = Form(request.args), services().clock()
    try:
        question = _asked(form, now)
        with services().store.reading() as session:
            report = clicks_report(session, **question.narrowed(session), by=question.by, every=question.every, now=now)
            value = _value_of(session, question)
    except AffiliateError as problem:
        form.refuse(problem)
        return render_template("reports/refused.html", form=form, endpoint="clicks.show"), form.status
    page = page_number(form.value("page"))
    return render_template(
        "reports/clicks.html",
        form=form,
        question=question,
        presets=question.presets(now),
        report=report,
        rows=report.rows[(page - 1) * PER_PAGE : page * PER_PAGE],
        page=page,
        per_page=PER_PAGE,
        cuts=DIMENSIONS,
        grains=GRAINS,
        classes=CLASSES,
        machines=[name for name in CLASSES if name != HUMAN],
        value=value,
        called=called,
        time_words=lambda text: _time_words(text, question.time_zone),
        page_url=page_url,
    )


@pages.get("/reports/clicks.<any(csv, json):form>")
def download(form: str) -> Response:
    now = services().clock()
    question = _asked(Form(request.args), now)
    with services().store.reading() as session:
        report = clicks_report(session, **question.narrowed(session), by=question.by, every=question.every, now=now)
    name = f"clicks-by-{question.by}-{question.first}-{question.until}.{form}"
    text, kind = (csv_text(report), "text/csv") if form == "csv" else (json_text(report), "application/json")
    return Response(text, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@pages.get("/reports/clicks.svg")
def picture() -> Response:
    """Clicks hour by hour or day by day: people's, and all others above them."""
    from affiliate.web.picture import PICTURE_POLICY, course_picture  # pygal: no page needs it

    question = _asked(Form(request.args), services().clock())
    with services().store.reading() as session:
        drawn = course_picture(
            course(session, ClickRange.of(**question.narrowed(session)), question.grain), question.grain
        )
    return Response(drawn, mimetype="image/svg+xml", headers={"Content-Security-Policy": PICTURE_POLICY})


def _asked(form: Form, now: datetime) -> ClickQuestion:
    """What the address asks for; the last week by article where it asks for nothing. InvalidInput for words and days that
    cannot be; a step of time is left out where the cut is one itself."""
    by = asked_word(form.text("by"), DIMENSIONS, "dimension")
    every = asked_word(form.text("every"), ("", *GRAINS), "step of time") or None
    within = asked_word(form.text("within"), ("", *_NEXT), "dimension") or None
    return ClickQuestion(
        **asked_days(form, now, _USUAL_DAYS),
        by=by,
        every=None if by in GRAINS else every,
        click_class=asked_word(form.text("class"), ("", *CLASSES), "class of clicks") or None,
        within=within,
        key=request.args.get("key") if within else None,
    )


def _value_of(session: Session, question: ClickQuestion) -> str:
    """What the value that the question is narrowed to is called."""
    if question.within is None:
        return ""
    keys = [] if question.key is None else [question.key]
    labels = names_of(session, question.within, keys).get(question.key or "", {question.within: question.key})
    return called(question.within, question.key, labels)


def _time_words(text: str, time_zone: str) -> str:
    """A day or hour of the report as people read it; where clocks show an hour twice, with the name of their time."""
    if len(text) == len("2026-10-25"):
        return day(date.fromisoformat(text))
    local = datetime.fromisoformat(text).astimezone(zone(time_zone))
    is_twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return moment(local, time_zone) + (f" {local:%Z}" if is_twice else "")
