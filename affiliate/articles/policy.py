"""May this article earn, and who says so. The first that speaks wins, in this order:

global switch, always-off tags, the article itself, default-off tags, section list, cut-off date, the site's default.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

PRODUCT_LED, MIXED, EDITORIAL = KINDS = ("product-led", "mixed", "editorial")

# Beside these, no article may ever carry a paid link, whatever its editor set.
ALWAYS_OFF_TAGS = frozenset({"bereavement", "disaster", "court", "health-scare"})


@dataclass(frozen=True, slots=True)
class Policy:
    """A title's rules. Tags and sections are compared without case, blanks and hyphens. `sections` says yes or no by
    section; articles published before `cut_off` are left alone."""

    enabled: bool = True
    always_off_tags: Collection[str] = ALWAYS_OFF_TAGS
    default_off_tags: Collection[str] = ()
    sections: Mapping[str, bool] = field(default_factory=dict)
    cut_off: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer, which step of the order gave it (`spoke`), and why, in words for an editor."""

    monetise: bool
    spoke: str
    reason: str


def rule(
    policy: Policy,
    *,
    kind: str,
    tags: Collection[str],
    section: str,
    override: bool | None,
    published_at: datetime | None,
    site_default: bool,
) -> Ruling:
    """Applies the order. An article whose kind is editorial says "no" for itself unless its editor said "yes"."""
    if not policy.enabled:
        return Ruling(False, "global switch", "Monetising is switched off everywhere.")
    if tag := _first_common(tags, policy.always_off_tags):
        return Ruling(False, "always-off tag", f"The tag “{tag}” never carries paid links.")
    if override is not None:
        words = "on" if override else "off"
        return Ruling(override, "article", f"An editor switched this article {words}.")
    if kind == EDITORIAL:
        return Ruling(
            False, "article", "The article is editorial: it carries no paid links. Make it mixed to change that."
        )
    if tag := _first_common(tags, policy.default_off_tags):
        return Ruling(False, "default-off tag", f"The tag “{tag}” carries no paid links unless an editor says so.")
    for name, allowed in policy.sections.items():
        if section and _folded(name) == _folded(section):
            words = "carries" if allowed else "does not carry"
            return Ruling(allowed, "section", f"The section “{section}” {words} paid links.")
    if policy.cut_off and published_at and published_at < policy.cut_off:
        return Ruling(False, "cut-off", f"It was published before {policy.cut_off.date()}, where paid links begin.")
    words = "carries" if site_default else "does not carry"
    return Ruling(site_default, "site", f"The site {words} paid links.")


def _first_common(tags: Collection[str], listed: Collection[str]) -> str | None:
    wanted = {_folded(tag) for tag in listed}
    return next((tag for tag in tags if _folded(tag) in wanted), None)


def _folded(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
