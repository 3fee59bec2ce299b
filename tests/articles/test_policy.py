"""Who decides whether an article may earn: the first that speaks wins."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from affiliate.articles.policy import Policy, Ruling, rule
from tests.conftest import NOW

ALL = Policy(
    enabled=False,
    default_off_tags=("politics",),
    sections={"News": False, "Style": True},
    cut_off=NOW,
)
# An article about which every step of the order has something to say, each the opposite of the one before it.
FACTS: dict[str, Any] = {
    "kind": "mixed",
    "tags": ("Bereavement", "politics"),
    "section": "news",
    "override": True,
    "published_at": NOW - timedelta(days=1),
    "site_default": True,
}


def test_each_step_speaks_when_those_above_it_are_silent() -> None:
    policy, facts = ALL, dict(FACTS)
    heard: list[tuple[str, bool]] = []

    def hear() -> None:
        ruling = rule(policy, **facts)
        heard.append((ruling.spoke, ruling.monetise))

    hear()
    policy = replace(policy, enabled=True)
    hear()
    facts["tags"] = ("politics",)
    hear()
    facts["override"] = None
    hear()
    facts["tags"] = ()
    hear()
    facts["section"] = "Style"
    hear()
    facts["section"] = "Garden"
    hear()
    facts["published_at"] = NOW
    hear()
    assert heard == [
        ("global switch", False),
        ("always-off tag", False),
        ("article", True),
        ("default-off tag", False),
        ("section", False),
        ("section", True),
        ("cut-off", False),
        ("site", True),
    ]


@pytest.mark.parametrize("tag", ["bereavement", "Disaster", "COURT", "Health Scare", "health_scare", "health-scare"])
def test_always_off_tags_beat_an_editors_yes_however_they_are_written(tag: str) -> None:
    ruling = rule(Policy(), **{**FACTS, "tags": ("style", tag)})
    assert ruling == Ruling(False, "always-off tag", f"The tag “{tag}” never carries paid links.")


def test_an_editorial_article_says_no_for_itself_unless_its_editor_said_yes() -> None:
    facts = {**FACTS, "tags": (), "section": "", "kind": "editorial"}
    assert rule(Policy(), **facts).monetise
    assert rule(Policy(), **{**facts, "override": None}).spoke == "article"
    assert not rule(Policy(), **{**facts, "override": None}).monetise


def test_an_article_without_a_date_is_not_older_than_the_cut_off() -> None:
    facts = {**FACTS, "tags": (), "section": "", "override": None, "published_at": None}
    assert rule(Policy(cut_off=NOW), **facts).spoke == "site"


def test_a_site_may_say_no() -> None:
    facts = {**FACTS, "tags": (), "section": "", "override": None, "site_default": False}
    assert rule(Policy(), **facts) == Ruling(False, "site", "The site does not carry paid links.")
