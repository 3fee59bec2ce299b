"""What looks for breaches of rules, by the names that packs use: functions of a page, a rule and the pack that asks."""

from collections.abc import Callable, Iterator, Mapping

from affiliate.disclosure.checks import amazon, labels, links, sentence, shown, words
from affiliate.disclosure.findings import Finding
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.rules import Pack, Rule

Check = Callable[[Page, Rule, Pack], Iterator[Finding]]

CHECKS: Mapping[str, Check] = {
    "told-before-link": sentence.told_before_link,
    "told-at-links": sentence.told_at_links,
    "sentence-before-link": sentence.before_link,
    "label-before-link": labels.before_link,
    "label-at-headline": labels.at_headline,
    "label-at-link": labels.every_link,
    "label-at-teaser": labels.teaser,
    "language": words.language,
    "wording": words.understood,
    "footnote": words.footnote,
    "not-elsewhere": words.elsewhere,
    "contradiction": words.contradiction,
    "no-need": words.no_need,
    "parity": words.parity,
    "scripts": links.scripts,
    "rel": links.rel,
    "statement": amazon.statement,
    "direct-link": amazon.direct,
    "names-store": amazon.names_store,
    "price-stamp": amazon.price_stamp,
    "own-image": amazon.own_image,
    "support-us": amazon.support_us,
    "seen": shown.seen,
    "no-action": shown.no_action,
    "size": shown.size,
    "contrast": shown.contrast,
    "distance": shown.distance,
    "without-scripts": shown.without_scripts,
}
