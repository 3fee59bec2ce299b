"""How a check says what it found."""

from affiliate.disclosure.findings import Finding, mildest
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.rules import Pack, Rule


def breach(
    page: Page,
    pack: Pack,
    rule: Rule,
    message: str,
    where: str,
    *,
    measured: str = "",
    mend: str = "",
    at_most: str = "",
) -> Finding:
    """A finding of a rule of a pack, with the rule's severity, or a milder one. `mend` goes before the rule's own words."""
    return Finding(
        profile=pack.key,
        rule=rule.id,
        severity=mildest(rule.effective, at_most) if at_most else rule.effective,
        message=message,
        where=where,
        measured=measured,
        mend=mend or rule.mend,
        source=rule.source,
        screen=page.screen.name if page.screen else "",
    )
