"""Signing in and out, the own account, and the way home."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import current_app, flash, render_template, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from affiliate.errors import AffiliateError, NotAllowed
from affiliate.web import site_choice
from affiliate.web.access import Pages, menu_for, person, somebody
from affiliate.web.accounts import ROLES, Person, change_password, check_password
from affiliate.web.forms import Form, go
from affiliate.web.services import services
from affiliate.web.throttle import Throttle

doors = Pages("sessions", __name__, everybody=True)
pages = Pages("own", __name__, roles=ROLES)

_WINDOW = timedelta(minutes=15)
_PER_ACCOUNT, _PER_ADDRESS = 8, 60  # one person's slips; a newsroom behind one address


def new_throttles() -> dict[str, Throttle]:
    return {"account": Throttle(_PER_ACCOUNT, _WINDOW), "address": Throttle(_PER_ADDRESS, _WINDOW)}


@doors.get("/login")
def log_in() -> str | Response:
    if person():
        return go(safe_next(request.args.get("next")))
    return render_template("account/login.html", form=Form(), next=request.args.get("next", ""))


@doors.post("/login")
def send_log_in() -> tuple[str, int] | Response:
    form = Form(request.form)
    found = _checked_person(form)
    if found is None:
        return render_template("account/login.html", form=form, next=form.value("next")), form.status
    chosen = session.get("site")
    session.clear()  # nothing that stood in a stranger's session outlives the log-in
    session["site"] = chosen or ""
    session.permanent = True
    login_user(found)
    return go(safe_next(form.value("next")))


def _checked_person(form: Form) -> Person | None:
    email, now = form.text("email").lower(), services().clock()
    keys = {"account": email, "address": request.remote_addr or ""}
    throttles: dict[str, Throttle] = current_app.extensions["affiliate.throttles"]
    if any(throttles[name].wait(key, now) for name, key in keys.items()):
        form.note("", "Too many tries. Wait a quarter of an hour, or ask an admin for a new password.", 429)
        return None
    with services().store.transaction() as reading:
        found = check_password(reading, email=email, password=form.value("password"), now=now)
    if found is None:
        for name, key in keys.items():
            throttles[name].failed(key, now)
        form.note("", "E-mail address and password do not fit together.", 401)
        return None
    throttles["account"].succeeded(email)
    return found


@doors.post("/logout")
def log_out() -> Response:
    logout_user()
    session.clear()
    return go(url_for("sessions.log_in"))


@pages.get("/")
def home() -> str | Response:
    """The first page that the role may open."""
    menu = menu_for(somebody())
    return go(url_for(menu[0].endpoint)) if menu else render_template("account/own.html", form=Form())


@pages.get("/account")
def own() -> str:
    return render_template("account/own.html", form=Form())


@pages.post("/account")
def send_own() -> tuple[str, int] | Response:
    form = Form(request.form)
    form.required("current", "The current password")
    form.required("wanted", "The new password")
    if form.value("wanted") != form.value("again"):
        form.note("again", "The two new passwords differ.")
    if not form.ok:
        return render_template("account/own.html", form=form), form.status
    try:
        with services().store.transaction() as writing:
            changed = change_password(
                writing,
                user_id=somebody().id,
                current=form.value("current"),
                wanted=form.value("wanted"),
                now=services().clock(),
            )
    except AffiliateError as problem:
        form.note("current" if isinstance(problem, NotAllowed) else "wanted", str(problem))
        return render_template("account/own.html", form=form), form.status
    login_user(changed)
    flash("The password is changed. You are signed out everywhere else.", "good")
    return go(url_for("own.own"))


@pages.post("/site")
def choose_site() -> Response:
    site_choice.choose_site(request.form.get("site", ""))
    return go(_without_site(safe_next(request.form.get("next"))))


def _without_site(address: str) -> str:
    """The page again, from its first part: the choice outweighs the site that its address named."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query, True) if name not in ("site", "page")]
    return parts._replace(query=urlencode(kept)).geturl()


def safe_next(wanted: str | None) -> str:
    """A path of ours to go on to; anything that could lead elsewhere becomes the home page."""
    home_page = url_for("own.home")
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or "\\" in wanted:
        return home_page
    parts = urlsplit(wanted)
    printable = all(character.isprintable() for character in wanted)
    return wanted if printable and not parts.scheme and not parts.netloc else home_page
