"""A sent form: what was typed, and what is wrong with it, kept together so that nothing typed is ever lost."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import redirect
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from affiliate.errors import (
    AffiliateError,
    CannotBuild,
    InvalidDocument,
    InvalidMoney,
    InvalidSlug,
    InvalidUrl,
    SlugTaken,
    UnknownAdvertiser,
)
from affiliate.web.refusals import status_of

Value = TypeVar("Value")

_WHOLE = ""
_FIELDS: dict[type[AffiliateError], tuple[str, ...]] = {
    InvalidSlug: ("slug",),
    SlugTaken: ("slug",),
    InvalidUrl: ("url", "link_base"),
    InvalidDocument: ("html",),
    UnknownAdvertiser: ("url",),
    InvalidMoney: ("price", "currency", "rate"),
    CannotBuild: ("template", "url"),
}


class Form:
    """`problems` maps a field to what is wrong there; the empty name is the form as a whole. `status` is what to
    answer: 200 until something was refused."""

    def __init__(self, values: Mapping[str, str] | MultiDict[str, str] | None = None) -> None:
        self._values = MultiDict(values or {})
        self.problems: dict[str, str] = {}
        self.status = 200

    def over(self, values: Mapping[str, str]) -> "Form":
        """This form with `values` where it was not sent: one of several forms of a page, refused."""
        whole = Form({**values, **self._values.to_dict()})
        whole.problems, whole.status = self.problems, self.status
        return whole

    def value(self, name: str) -> str:
        """As typed; empty if it was not sent."""
        return self._values.get(name) or ""

    def text(self, name: str) -> str:
        """Without outer white space."""
        return self.value(name).strip()

    def several(self, name: str) -> list[str]:
        """Every value of a group of checkboxes."""
        return self._values.getlist(name)

    def lines(self, name: str) -> list[str]:
        """A text area's lines, and a line's parts at commas, without empty ones."""
        parts = self.value(name).replace(",", "\n").splitlines()
        return [part.strip() for part in parts if part.strip()]

    def required(self, name: str, what: str) -> str:
        """The text; notes that `what` is missing where there is none."""
        if not (text := self.text(name)):
            self.note(name, f"{what} is missing.")
        return text

    def checked(self, name: str, check: Callable[[str], Value]) -> Value | None:
        """What `check` makes of the text; its refusal is noted beside the field, and None returned."""
        try:
            return check(self.text(name))
        except AffiliateError as problem:
            self.note(name, str(problem))
            return None

    def checked_lines(self, name: str, check: Callable[[str], object]) -> None:
        """Notes what `check` refuses of the lines, each refusal on a line of its own."""
        refusals = []
        for line in self.lines(name):
            try:
                check(line)
            except AffiliateError as problem:
                refusals.append(str(problem))
        if refusals:
            self.note(name, "\n".join(refusals))

    def note(self, name: str, problem: str, status: int = 422) -> None:
        self.problems.setdefault(name, problem)
        self.status = status

    def refuse(self, problem: AffiliateError) -> None:
        """Notes what a use case refused, beside the field that it is about where that is clear."""
        fields = next((_FIELDS[kind] for kind in type(problem).__mro__ if kind in _FIELDS), ())
        field = next((name for name in fields if name in self._values), _WHOLE)
        self.note(field, str(problem), status_of(problem))

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def whole(self) -> str:
        """What is wrong with the form as a whole."""
        return self.problems.get(_WHOLE, "")


def go(url: str) -> Response:
    """After a form was taken: to a page that can be reloaded without sending it again."""
    return redirect(url, code=303)
