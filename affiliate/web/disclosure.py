"""The rules of disclosure in plain words with their sources; which profiles a site is checked against, and its exceptions."""

from dataclasses import dataclass
from datetime import datetime

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from affiliate.clock import day_start, parse_day
from affiliate.disclosure import profiles
from affiliate.disclosure.findings import BLOCK, ERROR, INFO, SEVERITIES, WARNING
from affiliate.disclosure.rules import CHECKS, GRADE_WORDS, IN_BROWSER, Pack, Rule, pack, profile_names
from affiliate.errors import AffiliateError, InvalidInput
from affiliate.links.sites import find_site
from affiliate.web.access import Pages, somebody
from affiliate.web.accounts import EDITOR, FINANCE
from affiliate.web.forms import Form, go
from affiliate.web.services import services
from affiliate.web.site_choice import SiteChoice, chosen_site, sites

pages = Pages(
    "disclosure",
    __name__,
    roles=(EDITOR, FINANCE),
    menu=("Disclosure", "disclosure.show_rules"),
    url_prefix="/disclosure",
)
desk = Pages("disclosure_desk", __name__, url_prefix="/disclosure")

Answer = tuple[str, int] | Response

SEVERITY_WORDS = {
    BLOCK: "Fails the page: do not publish it so.",
    ERROR: "Fails the page.",
    WARNING: "A person looks at it; the page does not fail.",
    INFO: "A note.",
}
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Shown:
    """A profile as the page of rules shows it: its own rules, and those of the packs that it extends."""

    pack: Pack
    own: tuple[Rule, ...]
    inherited: tuple[Rule, ...]


# ---- rules


@pages.get("/rules")
def show_rules() -> str:
    """The rules of the profile that was asked for, else of those that the site is checked against."""
    site = chosen_site()
    asked = request.args.get("profile", "")
    with services().store.reading() as session:
        held = profiles.profiles_of(session, find_site(session, site.key)) if site else ()
        exceptions = profiles.exceptions_of(session, site.id, now=services().clock()) if site else []
    if asked == _ALL or not (held or asked in profile_names()):
        wanted = profile_names()
    else:
        wanted = (asked,) if asked in profile_names() else held
    return render_template(
        "disclosure/rules.html",
        shown=[_shown(pack(key)) for key in wanted],
        choices=[(key, pack(key).name) for key in profile_names()],
        asked=asked if asked in (_ALL, *profile_names()) else "",
        taken=_by_rule(exceptions),
        severities=SEVERITY_WORDS,
        grades=GRADE_WORDS,
        checks=CHECKS,
        in_browser=IN_BROWSER,
    )


def _shown(asked: Pack) -> Shown:
    inherited = {rule.id for key in asked.extends for rule in pack(key).rules}
    return Shown(
        asked,
        tuple(rule for rule in asked.rules if rule.id not in inherited),
        tuple(rule for rule in asked.rules if rule.id in inherited),
    )


def _by_rule(exceptions: list[profiles.RuleException]) -> dict[str, list[profiles.RuleException]]:
    found: dict[str, list[profiles.RuleException]] = {}
    for each in exceptions:
        if each.holds:
            found.setdefault(each.rule, []).append(each)
    return found


# ---- profiles of a site, and its exceptions


@pages.get("/profiles")
def show_profiles() -> Answer:
    """With a rule and an article in the address, the form begins with these."""
    asked = {name: request.args.get(name, "") for name in ("rule", "article")}
    return _profiles_page(Form({**asked, "severity": WARNING}))


@desk.post("/profiles")
def send_profile() -> Answer:
    form = Form(request.form)
    try:
        with services().store.transaction() as session:
            site = find_site(session, form.value("site") or None)
            profiles.choose_profile(session, site, form.value("profile"), by=somebody().email, now=services().clock())
    except AffiliateError as problem:
        return _refused(form, problem, "profile")
    flash(f"Pages of {site.name} are checked against {form.value('profile')} from now on.", "good")
    return _to_profiles(form)


@desk.post("/profiles/<profile>/drop")
def send_drop(profile: str) -> Answer:
    form = Form(request.form)
    try:
        with services().store.transaction() as session:
            site = find_site(session, form.value("site") or None)
            profiles.drop_profile(
                session, site, profile, reason=form.value("drop_reason"), by=somebody().email, now=services().clock()
            )
    except AffiliateError as problem:
        return _refused(form, problem)
    flash(f"Pages of {site.name} are no longer checked against {profile}.", "good")
    return _to_profiles(form)


@desk.post("/changes")
def send_change() -> Answer:
    form = Form(request.form)
    try:
        with services().store.transaction() as session:
            site = find_site(session, form.value("site") or None)
            made = profiles.change_rule(
                session,
                site,
                form.value("rule"),
                form.value("severity"),
                reason=form.value("reason"),
                by=somebody().email,
                now=services().clock(),
                article=form.text("article"),
                until=_end_of(form, site.time_zone),
            )
    except AffiliateError as problem:
        return _refused(form, problem, "severity" if isinstance(problem, InvalidInput) else "article")
    flash(f"{made.rule} counts as {made.severity} from now on.", "good")
    return _to_profiles(form)


@desk.post("/changes/<int:change_id>/end")
def send_end(change_id: int) -> Answer:
    form = Form(request.form)
    with services().store.transaction() as session:
        site = find_site(session, form.value("site") or None)
        profiles.restore_change(session, site, change_id, by=somebody().email, now=services().clock())
    flash("The rule counts as its pack says again.", "good")
    return _to_profiles(form)


def _end_of(form: Form, zone: str) -> datetime | None:
    """The first moment of the day that was typed, in the site's zone."""
    return day_start(parse_day(form.text("until")), zone) if form.text("until") else None


def _refused(form: Form, problem: AffiliateError, field: str = "") -> tuple[str, int]:
    form.refuse(problem)
    if field and form.whole:
        form.problems[field] = form.problems.pop("")
    return _profiles_page(form)


def _to_profiles(form: Form) -> Response:
    key = form.value("site")
    return go(url_for("disclosure.show_profiles", site=key) if key else url_for("disclosure.show_profiles"))


def _profiles_page(form: Form) -> tuple[str, int]:
    site = _site_of(form)
    if site is None:
        return _sites_page(form)
    now = services().clock()
    with services().store.reading() as session:
        found = find_site(session, site.key)
        held = profiles.profiles_of(session, found)
        history = profiles.profile_history(session, site.id)
        exceptions = profiles.exceptions_of(session, site.id, now=now)
        jurisdiction = found.jurisdiction
    rules = {rule.id: rule for key in (*held, *profile_names()) for rule in _shown(pack(key)).own}
    rules |= {rule.id: rule for rule in pack("ours").rules if rule.id not in rules}
    return render_template(
        "disclosure/profiles.html",
        form=form,
        chosen=site,
        jurisdiction=jurisdiction,
        held=[pack(key) for key in held],
        by={each.profile: each for each in history if each.dropped_at is None},
        dropped=[each for each in history if each.dropped_at],
        others=[(key, f"{pack(key).name} ({key})") for key in profile_names() if key not in held],
        exceptions=[each for each in exceptions if each.holds],
        past=[each for each in exceptions if not each.holds],
        rules=[(rule.id, f"{rule.id} · {rule.title} ({rule.effective})") for rule in rules.values()],
        severities=[(each, f"{each}: {SEVERITY_WORDS[each]}") for each in reversed(SEVERITIES)],
        longest=profiles.LONGEST_REASON,
    ), form.status


def _site_of(form: Form) -> SiteChoice | None:
    """The site that a form was sent for, else the one that is chosen."""
    return next((site for site in sites() if site.key == form.value("site")), chosen_site())


def _sites_page(form: Form) -> tuple[str, int]:
    """Which site: with several and none chosen, each with its profiles."""
    with services().store.reading() as session:
        rows = [(site, profiles.profiles_of(session, find_site(session, site.key))) for site in sites()]
    return render_template("disclosure/sites.html", rows=rows), form.status
