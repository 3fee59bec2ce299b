"""Which profiles a site is checked against, and which rules it takes differently."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from affiliate.disclosure import profiles
from affiliate.disclosure.check import Change, check
from affiliate.disclosure.findings import FAIL, WARN
from affiliate.disclosure.profiles import change_rule, changes_of, choose_profile, drop_profile, profiles_of
from affiliate.errors import InvalidInput, NotFound
from affiliate.links.sites import add_entity, add_site
from affiliate.store import Store
from affiliate.store.tables import Article, Site
from tests.conftest import NOW

WHO = "ida@magazine.example"
LATER = NOW + timedelta(days=7)


@pytest.fixture
def session(store: Store) -> Iterator[Session]:
    with store.transaction() as open_session:
        add_entity(open_session, key="books", name="Books", base_currency="GBP")
        yield open_session


@pytest.fixture
def site(session: Session) -> Site:
    return add_site(session, key="mag", name="Mag", jurisdiction="uk", now=NOW)


@pytest.fixture
def article(session: Session, site: Site) -> Article:
    made = Article(site_id=site.id, ref="4711", url="https://mag.example/kettles", title="Kettles", created_at=NOW)
    session.add(made)
    session.flush()
    return made


def change(session: Session, site: Site, rule: str, severity: str, **how: object) -> profiles.RuleException:
    options = {"reason": "The chief editor decided so.", "by": WHO, "now": NOW, **how}
    return change_rule(session, site, rule, severity, **options)  # type: ignore[arg-type]


def taken(session: Session, site: Site, article: Article | None = None, days: int = 0) -> dict[str, str]:
    found = changes_of(session, site.id, article.id if article else None, NOW + timedelta(days=days))
    return {each.rule: each.severity for each in found}


def test_an_article_is_checked_against_its_jurisdiction_and_what_the_site_chose(session: Session, site: Site) -> None:
    assert profiles_of(session, site) == ("uk",)
    assert choose_profile(session, site, "GOOG", by=WHO, now=NOW)
    assert choose_profile(session, site, "amazon", by=WHO, now=NOW)
    assert not choose_profile(session, site, "AMZ", by=WHO, now=NOW), "a second time changes nothing"
    assert profiles_of(session, site) == ("uk", "amazon", "google")
    assert profiles_of(session, site, "DE") == ("de", "amazon", "google")
    assert profiles_of(session, site, "amazon") == ("amazon", "google"), "none twice"
    assert profiles_of(session, site, "atlantis") == ("amazon", "google")


def test_what_one_site_chooses_is_none_of_another(session: Session, site: Site) -> None:
    other = add_site(session, key="west", name="West", jurisdiction="us", now=NOW)
    choose_profile(session, site, "google", by=WHO, now=NOW)
    change(session, site, "UK-02", "WARN")
    assert profiles_of(session, other) == ("us",)
    assert not taken(session, other)


def test_a_profile_is_dropped_with_a_reason_and_stays_in_the_history(session: Session, site: Site) -> None:
    choose_profile(session, site, "ebay", by=WHO, now=NOW)
    with pytest.raises(InvalidInput, match="Say why"):
        drop_profile(session, site, "ebay", reason="  ", by=WHO, now=LATER)
    drop_profile(session, site, "ebay", reason="We left the network.", by=WHO, now=LATER)
    assert profiles_of(session, site) == ("uk",)
    choose_profile(session, site, "ebay", by="nora@magazine.example", now=LATER)
    held, past = profiles.profile_history(session, site.id)
    assert (held.chosen_by, held.dropped_at) == ("nora@magazine.example", None)
    assert (past.reason, past.dropped_by, past.dropped_at) == ("We left the network.", WHO, LATER)


def test_a_profile_that_was_not_chosen_cannot_be_dropped(session: Session, site: Site) -> None:
    with pytest.raises(NotFound, match="always checked against it"):
        drop_profile(session, site, "uk", reason="No.", by=WHO, now=NOW)
    with pytest.raises(NotFound, match="chose none"):
        drop_profile(session, site, "ebay", reason="No.", by=WHO, now=NOW)
    with pytest.raises(InvalidInput, match="no profile 'atlantis'"):
        choose_profile(session, site, "atlantis", by=WHO, now=NOW)


def test_an_exception_for_an_article_goes_before_what_its_site_decided(
    session: Session, site: Site, article: Article
) -> None:
    change(session, site, "uk-02", "error")
    change(session, site, "UK-02", "WARN", article="4711")
    assert taken(session, site) == {"UK-02": "ERROR"}
    assert taken(session, site, article) == {"UK-02": "WARN"}
    assert profiles.restore_rule(session, site, "UK-02", by=WHO, now=NOW, article=article.url or "")
    assert taken(session, site, article) == {"UK-02": "ERROR"}


def test_a_change_ends_when_its_time_is_over_or_somebody_ends_it(session: Session, site: Site) -> None:
    change(session, site, "UK-02", "WARN", until=LATER)
    change(session, site, "UK-03", "WARN")
    assert taken(session, site, days=6) == {"UK-02": "WARN", "UK-03": "WARN"}
    assert taken(session, site, days=7) == {"UK-03": "WARN"}
    assert profiles.restore_rule(session, site, "UK-03", by=WHO, now=LATER)
    assert not profiles.restore_rule(session, site, "UK-03", by=WHO, now=LATER), "again changes nothing"
    assert not taken(session, site, days=7)
    ended, over = profiles.exceptions_of(session, site.id, now=LATER)
    assert (ended.rule, ended.ended_by, ended.holds) == ("UK-03", WHO, False)
    assert (over.rule, over.ended_at, over.holds) == ("UK-02", None, False)


def test_a_new_change_takes_the_place_of_the_old_one_which_is_kept(session: Session, site: Site) -> None:
    change(session, site, "UK-02", "WARN", reason="A test.")
    change(session, site, "UK-02", "ERROR", now=LATER)
    new, old = profiles.exceptions_of(session, site.id, now=LATER)
    assert (new.severity, new.holds, new.is_looser) == ("ERROR", True, True)
    assert (old.severity, old.reason, old.ended_at, old.ended_by) == ("WARN", "A test.", LATER, WHO)


def test_loosening_needs_a_reason_and_tightening_none(session: Session, site: Site) -> None:
    with pytest.raises(InvalidInput, match="Say why UK-02 is taken less seriously"):
        change(session, site, "UK-02", "WARN", reason=" ")
    assert change(session, site, "K2", "ERROR", reason="").severity == "ERROR"
    assert change(session, site, "UK-10", "ERROR", reason="").own_severity == "WARN", "thin evidence warns"
    with pytest.raises(InvalidInput, match="1001 characters"):
        change(session, site, "UK-02", "WARN", reason="x" * 1001)


@pytest.mark.parametrize(
    ("rule", "severity", "words"),
    [
        ("UK-02", "INFO", "loosened to WARN at most"),
        ("UK-06", "INFO", "loosened to WARN at most"),
        ("UK-02", "BLOCK", "is BLOCK anyway"),
        ("UK-02", "SHOUT", "no severity"),
        ("XX-99", "WARN", "no rule XX-99"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    session: Session, site: Site, rule: str, severity: str, words: str
) -> None:
    change(session, site, "UK-02", "ERROR")
    with pytest.raises((InvalidInput, NotFound), match=words):
        change(session, site, rule, severity)
    assert taken(session, site) == {"UK-02": "ERROR"}


def test_a_change_names_an_article_of_the_site_and_an_end_that_is_to_come(
    session: Session, site: Site, article: Article
) -> None:
    other = add_site(session, key="west", name="West", now=NOW)
    with pytest.raises(NotFound, match="no article 4711"):
        change(session, other, "UK-02", "WARN", article="4711")
    with pytest.raises(InvalidInput, match="is past"):
        change(session, site, "UK-02", "WARN", until=NOW)
    by_number = change(session, site, "UK-02", "WARN", article=str(article.id))
    assert (by_number.article_id, by_number.article) == (article.id, "Kettles")


def test_a_change_is_ended_by_its_number(session: Session, site: Site) -> None:
    made = change(session, site, "UK-02", "WARN")
    assert profiles.restore_change(session, site, made.id, by=WHO, now=NOW)
    assert not profiles.restore_change(session, site, made.id, by=WHO, now=NOW)
    with pytest.raises(NotFound):
        profiles.restore_change(session, add_site(session, key="west", name="W", now=NOW), made.id, by=WHO, now=NOW)


def test_a_verdict_follows_the_change_and_its_finding_says_so(session: Session, site: Site) -> None:
    html = """<html lang="en"><meta name="x-content-kind" content="product-led"><article><h1>Kettles</h1>
        <p>We earn a commission if you buy through links in this article.</p>
        <p><a rel="sponsored" href="https://www.awin1.com/cread.php?awinmid=1&amp;awinaffid=2">A kettle</a></p>"""
    assert check(html, ["uk"]).verdicts == {"uk": FAIL}
    change(session, site, "UK-02", "WARN", reason="The label moves with the new template.")
    checked = check(html, ["uk"], changes=changes_of(session, site.id, None, NOW))
    assert checked.verdicts == {"uk": WARN}
    [finding] = [each for each in checked.findings if each.rule == "UK-02"]
    assert finding.severity == "WARN"
    assert "The label moves with the new template." in finding.message
    assert changes_of(session, site.id, None, NOW) == (
        Change("UK-02", "WARN", "The label moves with the new template."),
    )
