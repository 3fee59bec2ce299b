"""Whether the words do: understood, in the article's language, not taken back, not left to a footnote or to another page."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from affiliate.disclosure import wording
from affiliate.disclosure.checks.breach import breach
from affiliate.disclosure.checks.sentence import is_told, languages_of
from affiliate.disclosure.findings import INFO, WARNING, Finding
from affiliate.disclosure.pages.page import TEASERS, Page
from affiliate.disclosure.pages.paid import PaidLink
from affiliate.disclosure.pages.standing import at_link, before_first_link, in_headline_slot, words_of
from affiliate.disclosure.pages.tree import FOOTER, Block
from affiliate.disclosure.rules import Pack, Rule

_LABEL_CHECKS = frozenset({"label-before-link", "label-at-headline", "label-at-link"})
_ASTERISK = re.compile(r"[*†‡]")
_NOTE = re.compile(r"\s*[(\[]?[*†‡]")
_ELSEWHERE = re.compile(
    r"affiliate|disclosure|disclaimer|how (?:this|it) works|why (?:you can )?trust|commission|advertis(?:ing|er)|provision|werbe|transparen"
    r"|affili|publicid|pubblicit|reklam",
    re.IGNORECASE,
)
_MOST = 3  # of one kind that are told one by one
# What may be true of a page that earns, and is misunderstood.
_MILD = frozenset({"not-sponsored", "unbiased"})


def understood(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """No bare or hedging term stands where the sentence or the label should."""
    if not page.earning or _is_served(page, pack):
        return
    first = page.earning[0]
    seen = 0
    for block in page.live:
        if block.order > first.place.end or seen == _MOST:
            return
        judged = [page.judge(block.words, language) for language in page.languages or ("en",)]
        if any(each.explains for each in judged) or not page.is_seen(block.place):
            continue
        term = next((each.denied for each in judged if each.denied and _stands_for_label(page, block, first)), "")
        if term or any(each.hedge_only for each in judged):
            seen += 1
            message = "These words alone do not tell readers that you are paid."
            yield breach(page, pack, rule, message, page.where(block), measured=f"“{(term or block.words)[:120]}”")


def _is_served(page: Page, pack: Pack) -> bool:
    """Whether a page has what its profile asks for: the label where labels are asked for, else a sentence or a label."""
    words = words_of(page, pack)
    if not any(_LABEL_CHECKS & set(rule.checks) for rule in pack.rules):
        return is_told(page, pack)
    if in_headline_slot(page, words) is not None:
        return True
    return all(at_link(page, words, link) for link in page.earning)


def _stands_for_label(page: Page, block: Block, first: PaidLink) -> bool:
    """Whether a text stands where labels do: right above or below the headline, or right above the first paid link."""
    here = [page.block_at(first.place.order)]
    if page.headline is not None:
        here += [page.block_at(page.headline.order)]
    return any(near is not None and abs(page.steps(block, near) or 0) <= 1 for near in here)


def language(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Sentence and label are in the language of the article."""
    content = page.words_language or page.language
    if not page.earning or not content:
        return
    first = page.earning[0]
    if page.seen_sentences_before(first.place.order, page.languages):
        return
    said = page.seen_sentences_before(first.place.order, wording.languages())
    if said:
        other = wording.explains_in_any(said[0].words) or "another language"
        message = "The sentence is not in the language of the article."
        yield breach(page, pack, rule, message, said[0].where, measured=f"it is {other}, the article {content}")
        return
    own = [word for each in page.languages for word in pack.labels.get(each, ())]
    foreign = frozenset(word for words in pack.labels.values() for word in words) - frozenset(own)
    label = before_first_link(page, foreign, first) if before_first_link(page, frozenset(own), first) is None else None
    if label is not None:
        message = "The label is not in the language of the article."
        mend = f"Write “{own[0]}” instead." if own else ""
        yield breach(page, pack, rule, message, label.where, measured=f"the article is {content}", mend=mend)


def contradiction(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Nothing that the page says takes the disclosure back."""
    if not page.earning:
        return
    for block in page.live:
        for each in page.languages or ("en",):
            judged = page.judge(block.words, each)
            if not judged.contradicts or not page.says(block):
                continue
            for found in judged.contradicts:
                mild = found.kind in _MILD or judged.explains
                message = "The page has paid links, and says something that readers take for the contrary."
                measured = f"“{found.words[:120]}”"
                yield breach(
                    page, pack, rule, message, page.where(block), measured=measured, at_most=WARNING if mild else ""
                )


def footnote(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """The explanation is not left to an asterisk at the link and a note somewhere below."""
    if is_told(page, pack):
        return
    marked = [link for link in page.earning if _has_asterisk(page, link)]
    if marked:
        note = next(
            (block for block in page.live if block.order > marked[0].place.order and _NOTE.match(block.words)), None
        )
        explained = f"explained at {page.where(note)}" if note else "explained nowhere"
        message = "An asterisk stands where readers need to be told."
        yield breach(
            page, pack, rule, message, marked[0].where, measured=f"{len(marked)} links with an asterisk, {explained}"
        )


def _has_asterisk(page: Page, link: PaidLink) -> bool:
    block = page.block_at(link.place.order)
    if block is None:
        return False
    inside = "".join(run.text for run in page.runs_of(link.place)).strip()
    at = bisect_right(block.runs, link.place.end, key=lambda run: run.order)
    behind = "".join(run.text for run in block.runs[at : at + 2]).strip()
    return bool(inside and _ASTERISK.match(inside[-1])) or bool(_ASTERISK.match(behind))


def elsewhere(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """The only sentence is not behind the links, in the footer or on another page."""
    if not page.earning or is_told(page, pack):
        return
    first = page.earning[0].place.order
    for said in page.sentences(languages_of(page, pack)):
        if said.end > first:
            place = "in the footer" if said.place.region == FOOTER else "behind the first paid link"
            yield breach(page, pack, rule, f"The sentence stands {place}, where nobody reads it in time.", said.where)
            return
    for block in page.live:
        for run in block.runs:
            link = run.place.link
            if link is None or not _ELSEWHERE.search(run.text) or len(run.text) > 60 or page.is_paid(link):
                continue
            message = "The disclosure is on another page; a link to it tells nothing."
            where = f"link “{wording.plain(run.text)}” to {link.attrs.get('href', '')[:100]}"
            yield breach(page, pack, rule, message, where)
            return


def no_need(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """A page without paid links does not say that it has some."""
    if page.earning or page.beside or page.rewriters or page.has_master_tag:
        return
    for said in page.sentences(languages_of(page, pack)):
        if said.is_seen:
            is_blanket = said.place.region == FOOTER or page.kind == TEASERS
            message = "The page says that it earns commission but has no paid link."
            yield breach(page, pack, rule, message, said.where, at_most=INFO if is_blanket else "")
            return


def parity(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """What is read without the page's template carries its own disclosure."""
    if page.earning and (page.is_item or page.is_amp) and not is_told(page, pack):
        what = "item of a feed" if page.is_item else "AMP page"
        message = f"This {what} has paid links and no disclosure of its own."
        yield breach(page, pack, rule, message, page.earning[0].where)
