"""What Amazon asks of its Associates' pages: its own sentence, direct links that name it, prices with their time.

Sources of the names of hosts: addresses in Amazon's own pages and in public code.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from affiliate.disclosure import wording
from affiliate.disclosure.checks.breach import breach
from affiliate.disclosure.findings import INFO, WARNING, Finding
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.pages.paid import AMAZON_SHORT, NETWORK, SPONSORED, PaidLink
from affiliate.disclosure.pages.standing import concerned
from affiliate.disclosure.pages.tree import FOOTER
from affiliate.disclosure.rules import Pack, Rule
from affiliate.disclosure.texts import statement as network_statement
from affiliate.networks.amazon.links import marketplace
from affiliate.urls import host_of

_NAMED = re.compile(r"amazon|アマゾン", re.IGNORECASE)
_WITHHELD = frozenset({"no-referrer", "never", "same-origin"})
_AMOUNT = re.compile(
    r"(?P<before>(?:[A-Z]{1,3})?[$£€¥₹]|(?:EUR|GBP|USD|CHF|CAD|AUD|INR|JPY|SEK|NOK|DKK|PLN|Rs\.?)\b)\s?\d[\d.,'  ]{0,12}"
    r"|\d[\d.,'  ]{0,12}\s?(?:[$£€¥₹]|円|zł|(?:EUR|GBP|USD|CHF|CAD|AUD|INR|JPY|SEK|NOK|DKK|PLN|kr|[Ee]uros?|[Dd]ollars?|[Pp]ounds?)\b)"
)
# Before an amount that is no price of a product: a limit, a saving.
_NO_PRICE = re.compile(
    r"(?:under|below|over|less than|more than|up to|save|saving|off|unter|über|bis zu|spare|moins de|menos de)\s*$",
    re.IGNORECASE,
)
_AS_OF = re.compile(
    r"\bas (?:of|at)\b|\bat (?:the )?time of\b|\baccurate\b|\b(?:last )?(?:updated|checked)\b|\bcorrect (?:at|as|on)\b|\bStand\b|\baktualisiert\b"
    r"|\bzuletzt\b|\bà la date\b|\bmis à jour\b|\bactualizad[oa]s?\b|\baggiornat[oi]\b|\bbijgewerkt\b|\buppdatera[dt]\b|時点|現在",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\d{1,2}[:.]\d\d|\d{4}[-/.年]\s?\d{1,2}|\d{1,2}[./]\s?\d{1,2}|\d{1,2}(?:st|nd|rd|th|\.)?\s+\w{3,10}\.?\s+\d{2,4}|\w{3,9}\.?\s+\d{1,2},?\s+\d{4}"
)
_MAY_CHANGE = re.compile(
    r"subject to change|(?:may|can|could) (?:have )?(?:change|vary)|ändern|Änderung|abweichen|sujets? à|susceptib|peuvent (?:changer|varier)"
    r"|pueden (?:cambiar|variar)|soggett|variare|wijzig|ändras|変更|変動",
    re.IGNORECASE,
)
_AMAZONS_IMAGES = re.compile(
    r"(?:^|\.)(?:media-amazon\.com|images-amazon\.com|ssl-images-amazon\.com|amazon-adsystem\.com)$"
)
# The names that Amazon gives its pictures: 81abcDEF12L._AC_SL1500_.jpg, and the folder images/I.
_COPIED = re.compile(
    r"/[0-9A-Za-z+%-]{9,14}\._[A-Z]{2}[\w,]*_?\.(?:jpe?g|png|webp)|/images/I/[0-9A-Za-z+%-]{9,14}\.", re.IGNORECASE
)
_FORWARDS = re.compile(
    r"location(?:\.href)?\s*=\s*['\"](https?://[^'\"\s]{4,2000})|location\.(?:replace|assign)\(\s*['\"](https?://[^'\"\s]{4,2000})"
)
_NEAR = 60  # characters: a short line next to a link belongs to it
_SEES = "Amazon does not see where the reader comes from"


def statement(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Amazon's own sentence, word for word, on every page with a link to it."""
    links = concerned(page, pack)
    if not links:
        return
    said = [found for found in page.statements("amazon") if page.is_seen(found.place)]
    if not said:
        message = "Amazon's own sentence does not stand on the page."
        yield breach(page, pack, rule, message, links[0].where, mend=f"Add “{_sentence(page)}” before the link.")
    elif not any(found.is_exact for found in said):
        message = "Amazon's sentence is there in other words; the exact ones are safer."
        yield breach(page, pack, rule, message, said[0].where, mend=f"Write “{_sentence(page)}”", at_most=WARNING)
    elif all(found.place.region == FOOTER for found in said):
        message = "Amazon's sentence stands in the footer only; Amazon wants it to be prominent."
        yield breach(page, pack, rule, message, said[0].where, at_most=INFO)


def direct(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Links lead straight to Amazon, and let it see where readers come from."""
    amazons = concerned(page, pack)
    known = {link.number for link in amazons}
    for link in amazons:
        yield from _hidden_ways(page, rule, pack, link)
    unknown = [link for link in page.earning if link.is_ours and link.leads is None and link.number not in known]
    if unknown:
        message = "Where our own links lead is not known here: links to Amazon must be direct."
        measured = f"{len(unknown)} links"
        yield breach(page, pack, rule, message, unknown[0].where, measured=measured, at_most=WARNING)
    yield from _forwarded(page, rule, pack)


def _hidden_ways(page: Page, rule: Rule, pack: Pack, link: PaidLink) -> Iterator[Finding]:
    attrs = link.place.attrs
    host = host_of(link.href) or ""
    if marketplace(link.href) is None:
        if host in AMAZON_SHORT:
            message = "A short link: neither the tag nor the shop can be seen."
            yield breach(page, pack, rule, message, link.where, at_most=WARNING)
        else:
            message = "The link to Amazon goes through a redirect."
            at_most = (
                WARNING if link.how == NETWORK and link.network != "geniuslink" else ""
            )  # another network's own agreement with Amazon
            yield breach(
                page, pack, rule, message, link.where, measured=link.leads or link.target or "", at_most=at_most
            )
    elif link.how == SPONSORED:
        message = "The link to Amazon carries no tag: nobody is paid for it."
        yield breach(page, pack, rule, message, link.where, mend="Put your tag into the address.", at_most=WARNING)
    policy = attrs.get("referrerpolicy", "").lower()
    if policy in _WITHHELD:
        yield breach(
            page, pack, rule, f"{_SEES}.", link.where, measured=f'referrerpolicy="{policy}"', mend="Take it off."
        )
    elif "noreferrer" in attrs.get("rel", "").lower().split():
        yield breach(
            page, pack, rule, f"{_SEES}.", link.where, measured="rel=noreferrer", mend="Take noreferrer out of rel."
        )
    elif not policy and (named := page.meta("referrer").strip().lower()) in _WITHHELD:
        mend = 'Take it off the page, or give the link referrerpolicy="strict-origin-when-cross-origin".'
        yield breach(
            page, pack, rule, f"{_SEES}.", link.where, measured=f'<meta name="referrer" content="{named}">', mend=mend
        )
    if link.place.tag not in ("a", "area"):
        yield breach(
            page, pack, rule, "The way to Amazon is no plain link.", link.where, measured=f"<{link.place.tag}>"
        )


def _forwarded(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    for place in page.tree.places:
        if place.tag == "meta" and place.attrs.get("http-equiv", "").lower() == "refresh":
            address = place.attrs.get("content", "").partition("=")[2].strip("'\" ")
            if marketplace(address):
                yield breach(
                    page, pack, rule, "The page forwards its readers to Amazon.", "page", measured="meta refresh"
                )
    for text in page.tree.scripts:
        if "amazon." in text and any(marketplace(one or other) for one, other in _FORWARDS.findall(text)):
            yield breach(page, pack, rule, "A script forwards readers to Amazon.", "page", measured="location")


def names_store(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """The link, or the text next to it, says that it leads to Amazon."""
    for link in concerned(page, pack):
        near = (page.words_in(link.place), *(block.words for block in page.beside_link(link)))
        if any(map(_is_named, near)):
            continue
        pictured = any(_NAMED.search(place.attrs.get("alt", "")) for place in page.inside(link.place, "img"))
        message = "Neither the link nor the text next to it says that it leads to Amazon."
        words = wording.plain("".join(run.text for run in page.runs_of(link.place)))[:80]
        mend = "Write “at Amazon” into the link."
        yield breach(
            page, pack, rule, message, link.where, measured=f"“{words}”", mend=mend, at_most=WARNING if pictured else ""
        )


def price_stamp(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """A price next to a link to Amazon says as of when it is, and that it may change."""
    links = concerned(page, pack)
    if not links:
        return
    stamps = [
        block.words for block in page.live if _AS_OF.search(block.words) and _DAY.search(_AMOUNT.sub(" ", block.words))
    ]
    may_change = any(_MAY_CHANGE.search(words) for words in stamps) or (
        bool(stamps) and any(_MAY_CHANGE.search(block.words) for block in page.live)
    )
    if stamps and may_change:
        return
    for link in links:
        amount = next((found for block in page.beside_link(link) if (found := _price(block.words))), "")
        if amount and stamps:
            message = "The price has a time, but nothing says that it may change."
            yield breach(page, pack, rule, message, link.where, measured=amount, at_most=WARNING)
        elif amount:
            message = "A price stands next to a link to Amazon without the time as of which it is."
            yield breach(page, pack, rule, message, link.where, measured=amount)


@lru_cache(maxsize=256)  # many links stand in one block, and ask once each
def _is_named(words: str) -> bool:
    return _NAMED.search(words) is not None


@lru_cache(maxsize=256)
def _price(words: str) -> str:
    for found in _AMOUNT.finditer(words):
        if not _NO_PRICE.search(words[max(0, found.start() - 20) : found.start()]):
            return found.group().strip()
    return ""


def own_image(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Amazon's pictures are shown from Amazon. A picture of our own is none of its business; a copy is known by its name."""
    for link in concerned(page, pack):
        box = page.card_of(link) or link.place
        for place in page.inside(box, "img"):
            for name in ("src", "data-src", "srcset"):
                address = place.attrs.get(name, "").split(" ")[0]
                host = host_of("https:" + address if address.startswith("//") else address) or ""
                if _COPIED.search(address) and not _AMAZONS_IMAGES.search(host) and marketplace(address) is None:
                    message = "A picture of Amazon's is shown from another server."
                    yield breach(page, pack, rule, message, link.where, measured=address[:120])
                    break


def support_us(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Nothing asks readers to buy in order to support us."""
    if not concerned(page, pack):
        return
    for block in page.live:
        for language in page.languages or ("en",):
            if (words := page.judge(block.words, language).support_us) and page.says(block):
                message = "Readers are asked to buy in order to support you."
                yield breach(page, pack, rule, message, page.where(block), measured=f"“{words[:120]}”")


def _sentence(page: Page) -> str:
    found = network_statement("amazon", page.language) or network_statement("amazon", "en")
    return found.said_by("") if found else ""
