"""Signing in and out, the own account, and the way home."""

from datetime import timedelta
from math import ceil
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import flash, render_template, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from affiliate.errors import AffiliateError, InvalidInput, TooBusy
from affiliate.web import site_choice
from affiliate.web.access import Pages, menu_for, person, somebody
from affiliate.web.accounts import ROLES, change_password, check_password, user_id_of, verified_user
from affiliate.web.brake import Tries
from affiliate.web.devices import Device, device_label, remember, this_device
from affiliate.web.forms import Form, go
from affiliate.web.passwords import checked_password, hashed
from affiliate.web.services import client_address, services
from affiliate.web.signed_in import Person, begin_session, end_session, end_sessions, list_sessions

doors = Pages("sessions", __name__, everybody=True)
pages = Pages("own", __name__, roles=ROLES)


@doors.get("/login")
def log_in() -> str | Response:
    if person():
        return go(safe_next(request.args.get("next")))
    return render_template("account/login.html", form=Form(), next=request.args.get("next", ""))


@doors.post("/login")
def send_log_in() -> tuple[str, int] | Response:
    form = Form(request.form)
    device = this_device()
    found = _checked_person(form, device)
    if found is None:
        return render_template("account/login.html", form=form, next=form.value("next")), form.status
    chosen = session.get("site")
    session.clear()  # nothing that stood in a stranger's session outlives the log-in
    session["site"] = chosen or ""
    session.permanent = True
    login_user(found)
    answer = go(safe_next(form.value("next")))
    remember(answer, device, found.id)
    return answer


def _checked_person(form: Form, device: Device) -> Person | None:
    """Counts the try, checks it, and signs in; the form says why not."""
    given, email = services(), form.text("email").lower()
    now = given.clock()
    tries = _tries(email, device)
    if wait := tries.take(now):
        form.note("", _wait_in_words(wait), 429)
        return None
    try:
        verified = check_password(given.store, email=email, password=form.value("password"))
    except TooBusy as problem:
        with given.store.transaction() as writing:
            tries.give_back(writing)
        form.note("", str(problem), 503)
        return None
    if verified is not None:
        with given.store.transaction() as writing:
            if user := verified_user(writing, verified):
                tries.give_back(writing)
                return begin_session(writing, user, device=device_label(), now=now)
    form.note("", "E-mail address and password do not fit together.", 401)
    return None


def _tries(email: str, device: Device) -> Tries:
    given = services()
    with given.store.reading() as reading:
        known = user_id_of(reading, email)
    return Tries(
        given.store,
        given.session_key,
        account=email,
        address=client_address(),
        device=device.of(known) if known is not None else "",
    )


def _wait_in_words(wait: timedelta) -> str:
    minutes = ceil(wait / timedelta(minutes=1))
    return (
        f"Too many tries. Wait {minutes} minute{'s' if minutes > 1 else ''}, sign in on a device on which you did before, or"
        " ask an admin for a new password."
    )


@doors.post("/logout")
def log_out() -> Response:
    """Ends the session itself: a copy of the cookie is worth nothing afterwards."""
    if who := person():
        with services().store.transaction() as writing:
            end_session(writing, who.session_id, user_id=who.id, now=services().clock())
    logout_user()
    session.clear()
    return go(url_for("sessions.log_in"))


@pages.get("/")
def home() -> str | Response:
    """The first page that the role may open."""
    menu = menu_for(somebody())
    return go(url_for(menu[0].endpoint)) if menu else _own_page(Form())


@pages.get("/account")
def own() -> str:
    return _own_page(Form())


@pages.post("/account")
def send_own() -> tuple[str, int] | Response:
    form = Form(request.form)
    form.required("current", "The current password")
    form.required("wanted", "The new password")
    if form.value("wanted") != form.value("again"):
        form.note("again", "The two new passwords differ.")
    if form.value("wanted"):
        form.checked("wanted", lambda _text: checked_password(form.value("wanted"), somebody().email))
    if not form.ok:
        return _own_page(form), form.status
    try:
        changed = _changed_password(form)
    except AffiliateError as problem:
        form.refuse(problem)
        changed = False
    if not changed:
        return _own_page(form), form.status
    flash("The password is changed. You are signed out everywhere else.", "good")
    return go(url_for("own.own"))


def _changed_password(form: Form) -> bool:
    """Whether the current password was right; the form says why not. It is guessed at no faster than on the log-in page."""
    given, me = services(), somebody()
    tries = Tries(given.store, given.session_key, account=me.email, address="", device=f"signed in {me.id}")
    now = given.clock()
    if wait := tries.take(now):
        form.note("current", _wait_in_words(wait), 429)
        return False
    verified = check_password(given.store, email=me.email, password=form.value("current"))
    if verified is None:
        form.note("current", "The current password is not right.")
        return False
    wanted = hashed(form.value("wanted"))
    with given.store.transaction() as writing:
        change_password(writing, verified, wanted)
        tries.give_back(writing)
        end_sessions(writing, user_id=me.id, besides=me.session_id, now=now)
    return True


@pages.post("/account/sessions/<int:session_id>/end")
def send_end(session_id: int) -> Response:
    """Ends one session; its owner's own one by signing out."""
    _sure()
    me = somebody()
    if session_id == me.session_id:
        return log_out()
    with services().store.transaction() as writing:
        end_session(writing, session_id, user_id=me.id, now=services().clock())
    flash("That session is ended: who goes on there has to sign in.", "good")
    return go(url_for("own.own"))


@pages.post("/account/sessions/end-others")
def send_end_others() -> Response:
    _sure()
    me = somebody()
    with services().store.transaction() as writing:
        ended = end_sessions(writing, user_id=me.id, besides=me.session_id, now=services().clock())
    flash("You are signed out everywhere else." if ended else "You were signed in here alone.", "good")
    return go(url_for("own.own"))


def _sure() -> None:
    if request.form.get("sure") != "yes":
        raise InvalidInput("Tick the box to say that this signs somebody out.")


def _own_page(form: Form) -> str:
    given, me = services(), somebody()
    with given.store.reading() as reading:
        sessions = list_sessions(reading, me.id, life=given.life, now=given.clock())
    return render_template("account/own.html", form=form, sessions=sessions, here=me.session_id)


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
