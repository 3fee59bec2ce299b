"""Who and what may come in, for admins: users, and tokens for scripts."""

from collections.abc import Callable

from flask import flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from affiliate.errors import AffiliateError
from affiliate.web.access import Pages, somebody
from affiliate.web.accounts import (
    ROLES,
    SCOPES,
    NewToken,
    NewUser,
    add_token,
    add_user,
    checked_email,
    checked_role,
    deactivate,
    list_tokens,
    list_users,
    reactivate,
    reset_password,
    revoke_token,
    set_role,
)
from affiliate.web.forms import Form, go
from affiliate.web.passwords import made_password
from affiliate.web.services import services

pages = Pages("people", __name__, url_prefix="/settings")

Answer = tuple[str, int] | Response


@pages.get("/users")
def show_users() -> Answer:
    return _users_page(Form({"role": "editor"}))


@pages.post("/users")
def send_user() -> Answer:
    """The password is shown on this very answer, and nowhere again."""
    form = Form(request.form)
    form.required("email", "The e-mail address")
    form.checked("email", checked_email)
    form.checked("role", checked_role)
    if not form.ok:
        return _users_page(form)
    try:
        password = made_password()
        with services().store.transaction() as session:
            made = add_user(
                session,
                email=form.value("email"),
                role=form.value("role"),
                name=form.value("name"),
                password=password,
                now=services().clock(),
            )
    except AffiliateError as problem:
        form.note("email", str(problem), 409)
        return _users_page(form)
    return _users_page(Form({"role": "editor"}), made)


@pages.post("/users/<int:user_id>/role")
def send_role(user_id: int) -> Answer:
    role = request.form.get("role", "")
    return _changed(lambda session: set_role(session, user_id=user_id, role=role), "The role is changed.")


@pages.post("/users/<int:user_id>/password")
def send_reset(user_id: int) -> Answer:
    password = made_password()
    with services().store.transaction() as session:
        made = reset_password(session, user_id=user_id, password=password, now=services().clock())
    return _users_page(Form({"role": "editor"}), made)


@pages.post("/users/<int:user_id>/active")
def send_active(user_id: int) -> Answer:
    if request.form.get("active"):
        return _changed(lambda session: reactivate(session, user_id=user_id), "The user can sign in again.")
    return _changed(
        lambda session: deactivate(session, user_id=user_id, now=services().clock()),
        "The user is signed out and can no longer sign in.",
    )


def _changed(change: Callable[[Session], object], said: str) -> Answer:
    try:
        with services().store.transaction() as session:
            change(session)
    except AffiliateError as problem:
        form = Form({"role": "editor"})
        form.refuse(problem)
        return _users_page(form)
    flash(said, "good")
    return go(url_for("people.show_users"))


def _users_page(form: Form, made: NewUser | None = None) -> tuple[str, int]:
    with services().store.reading() as session:
        users = list_users(session)
    return render_template(
        "settings/users.html", form=form, rows=users, roles=ROLES, made=made, me=somebody().id
    ), form.status


@pages.get("/tokens")
def show_tokens() -> Answer:
    return _tokens_page(Form())


@pages.post("/tokens")
def send_token() -> Answer:
    """The token is shown on this very answer, and nowhere again."""
    form = Form(request.form)
    form.required("name", "The name")
    if not form.several("scopes"):
        form.note("scopes", "Choose at least one thing that the token may do.")
    if not form.ok:
        return _tokens_page(form)
    try:
        with services().store.transaction() as session:
            made = add_token(session, name=form.value("name"), scopes=form.several("scopes"), now=services().clock())
    except AffiliateError as problem:
        form.refuse(problem)
        return _tokens_page(form)
    return _tokens_page(Form(), made)


@pages.post("/tokens/<int:token_id>/revoke")
def send_revoke(token_id: int) -> Answer:
    with services().store.transaction() as session:
        revoked = revoke_token(session, token_id=token_id, now=services().clock())
    flash(f"The token “{revoked.name}” is revoked.", "good")
    return go(url_for("people.show_tokens"))


def _tokens_page(form: Form, made: NewToken | None = None) -> tuple[str, int]:
    with services().store.reading() as session:
        tokens = list_tokens(session)
    scopes = [(scope, scope, words) for scope, words in SCOPES.items()]
    return render_template("settings/tokens.html", form=form, rows=tokens, scopes=scopes, made=made), form.status
