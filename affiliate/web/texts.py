"""What readers are told: our words with whose they are, the publisher's own, and a form that checks new ones."""

from flask import flash, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from affiliate.disclosure.block import Notice
from affiliate.disclosure.own.texts import (
    LONGEST_LABEL,
    LONGEST_SENTENCE,
    Objection,
    RefusedText,
    add_text,
    as_text,
    jurisdictions,
    objections,
    own_texts,
    retire_text,
)
from affiliate.disclosure.texts import PROVENANCES, STATEMENTS, TEXTS, primary_language
from affiliate.disclosure.wording import languages
from affiliate.errors import AffiliateError
from affiliate.links.sites import find_site
from affiliate.web.access import Pages, somebody
from affiliate.web.accounts import EDITOR
from affiliate.web.forms import Form, go
from affiliate.web.services import services
from affiliate.web.site_choice import sites

pages = Pages("texts", __name__, roles=(EDITOR,), url_prefix="/disclosure/texts")
desk = Pages("texts_desk", __name__, url_prefix="/disclosure/texts")

Answer = tuple[str, int] | Response


@pages.get("")
def show() -> Answer:
    return _page(Form({"jurisdiction": "uk", "language": "en"}))


@desk.post("")
def send() -> Answer:
    """Checks a wording and shows how it looks, or keeps it."""
    form = Form(request.form)
    for name, what in (("label", "The label"), ("sentence", "The sentence")):
        form.required(name, what)
    if not form.ok:
        return _page(form)
    words = {name: form.text(name) for name in ("jurisdiction", "language", "label", "sentence")}
    try:
        if form.value("step") != "store":
            found = objections(**words)
            _note(form, found)
            return _page(form, None if found else _preview(words))
        with services().store.transaction() as session:
            site = find_site(session, form.value("site")) if form.value("site") else None
            version = add_text(session, **words, site=site, added_by=somebody().email, now=services().clock())
    except RefusedText as refused:
        _note(form, refused.objections)
        return _page(form)
    except AffiliateError as problem:
        form.refuse(problem)
        return _page(form)
    flash(f"{version} is in use from now on. Articles show it when they are rewritten.", "good")
    return go(url_for("texts.show"))


@desk.post("/<version>/retire")
def send_retirement(version: str) -> Response:
    with services().store.transaction() as session:
        retire_text(session, version, now=services().clock())
    flash(f"{version} is out of use. Articles show what comes next when they are rewritten.", "good")
    return go(url_for("texts.show"))


def _note(form: Form, found: tuple[Objection, ...]) -> None:
    """Each objection beside the field that it is about; several about one field, each on a line of its own."""
    for name in ("label", "sentence", "language"):
        said = [objection.message for objection in found if objection.about == name]
        if said:
            form.note(name, "\n".join(said))


def _preview(words: dict[str, str]) -> Markup:
    """How the words look in a product-led article."""
    key, language = words["jurisdiction"].lower(), primary_language(words["language"])
    text = as_text(
        version="preview", jurisdiction=key, language=language, label=words["label"], sentence=words["sentence"]
    )
    notice = Notice(text, product_led=True)
    pieces = (notice.headline_label("en"), notice.sentence("en"), f"<p>… {notice.link_label('en')}<u>Acme</u> …</p>")
    return Markup("".join(pieces))  # noqa: S704 # block.py escapes the words


def _page(form: Form, preview: Markup | None = None) -> tuple[str, int]:
    with services().store.reading() as session:
        own = own_texts(session)
    return render_template(
        "disclosure/texts.html",
        form=form,
        preview=preview,
        own=own,
        ours=TEXTS,
        statements=STATEMENTS,
        provenances=PROVENANCES,
        jurisdictions=[(key, key) for key in jurisdictions()],
        languages=[(key, key) for key in languages()],
        site_choices=[("", "all sites"), *((site.key, site.name) for site in sites())],
        longest=(LONGEST_LABEL, LONGEST_SENTENCE),
    ), form.status
