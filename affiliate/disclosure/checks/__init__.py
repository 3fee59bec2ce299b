"""What looks for breaches of rules, by the names that packs use: functions of a page, a rule and the pack that asks."""

from collections.abc import Callable, Iterator, Mapping

from affiliate.disclosure.checks import labels, sentence
from affiliate.disclosure.findings import Finding
from affiliate.disclosure.page import Page
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
}
