"""What is asked of the paid links themselves: marked for search engines, and told where scripts make them."""

from collections.abc import Iterator

from affiliate.disclosure.checks.breach import breach
from affiliate.disclosure.checks.sentence import is_told
from affiliate.disclosure.findings import INFO, WARNING, Finding
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.pages.paid import AWIN
from affiliate.disclosure.rules import Pack, Rule

_MOST = 3  # links that are told one by one
_FLAGS = frozenset({"sponsored", "nofollow"})


def rel(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Every paid link is flagged for search engines, by itself or by the page."""
    if "nofollow" in page.meta("robots").lower():
        return
    bare = [
        link
        for link in [*page.links, *page.beside]
        if link.place.tag in ("a", "area") and not _FLAGS & set(link.place.attrs.get("rel", "").lower().split())
    ]
    for link in bare[:_MOST]:
        measured = f'rel="{link.place.attrs["rel"]}"' if "rel" in link.place.attrs else "no rel"
        message = "A paid link without rel=sponsored or nofollow."
        yield breach(
            page, pack, rule, message, link.where, measured=measured, mend='Write rel="sponsored" into the link.'
        )
    if len(bare) > _MOST:
        message = f"{len(bare) - _MOST} more paid links have neither."
        yield breach(page, pack, rule, message, f"up to {bare[-1].where}", mend='Write rel="sponsored" into each.')


def scripts(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """A page whose links a script turns into paid ones tells its readers too; which of them, its markup does not show."""
    if page.rewriters:
        names = " and ".join(page.rewriters)
        if not page.outbound:
            yield breach(page, pack, rule, f"{names} is loaded; no link leads to a shop.", "page", at_most=INFO)
        elif is_told(page, pack):
            message = f"{names} turns links of this page into paid ones; it tells its readers before the first."
            yield breach(page, pack, rule, message, "page", measured=_count(page), at_most=INFO)
        else:
            message = f"{names} turns links of this page into paid ones, and nothing before the first of them says so."
            first = page.outbound[0].attrs.get("href", "")[:120]
            yield breach(page, pack, rule, message, f"outbound link 1: {first}", measured=_count(page))
    elif page.has_master_tag and page.outbound and not is_told(page, pack):
        message = f"{AWIN} is loaded, which may turn links of this page into paid ones, and nothing says so."
        yield breach(page, pack, rule, message, "page", measured=_count(page), at_most=WARNING)


def _count(page: Page) -> str:
    return f"{len(page.outbound)} links that may lead to shops"
