"""What works with which network, and links taken apart, for editors and admins."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import render_template, request

from affiliate.errors import InvalidUrl
from affiliate.links.programmes import account_test
from affiliate.networks.base import Layer
from affiliate.networks.coverage import PARTS, cells, covered
from affiliate.networks.inspect import NO, OTHER, OURS, UNKNOWN, inspect
from affiliate.web.access import Pages
from affiliate.web.accounts import EDITOR
from affiliate.web.forms import Form
from affiliate.web.services import services

pages = Pages("networks", __name__, roles=(EDITOR,), url_prefix="/networks")

_MOST_LINES = 200
_WHOSE = {
    OURS: "It pays us.",
    OTHER: "It pays somebody else.",
    UNKNOWN: "Whom it pays is not known: no account of ours tells.",
    NO: "It pays nobody: it is no network’s link.",
}


@dataclass(frozen=True, slots=True)
class TakenApart:
    """One pasted line: its layers from outside in, or the problem with it."""

    line: str
    monetised: str = UNKNOWN
    target: str | None = None
    layers: tuple[Layer, ...] = ()
    problem: str = ""


@pages.get("")
def show() -> str:
    rows = [(known, cells(known)) for known in covered()]
    return render_template("networks/list.html", rows=rows, parts=PARTS.values())


@pages.get("/inspect")
def show_inspect() -> str:
    return _inspect_page(Form(), [])


@pages.post("/inspect")
def send_inspect() -> tuple[str, int]:
    form = Form(request.form)
    lines = [line.strip() for line in form.value("urls").splitlines() if line.strip()]
    if not lines:
        form.note("urls", "Paste at least one link, one on each line.")
    elif len(lines) > _MOST_LINES:
        form.note("urls", f"These are {len(lines)} lines; paste at most {_MOST_LINES} at once.")
    else:
        with services().store.reading() as session:
            is_ours = account_test(session)
            return _inspect_page(form, [_take_apart(line, is_ours) for line in lines]), 200
    return _inspect_page(form, []), form.status


def _take_apart(line: str, is_ours: Callable[[str, str | None], bool | None]) -> TakenApart:
    try:
        told = inspect(line, is_ours=is_ours)
    except InvalidUrl as problem:
        return TakenApart(line, problem=str(problem))
    return TakenApart(line, told.monetised, told.target_url, told.layers)


def _inspect_page(form: Form, results: list[TakenApart]) -> str:
    return render_template("networks/inspect.html", form=form, results=results, whose=_WHOSE, most=_MOST_LINES)
