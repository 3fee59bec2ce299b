"""A publisher's own wording: checked, versioned, never changed, used in its articles."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from affiliate.disclosure.own.texts import RefusedText, add_text, objections, own_texts, retire_text, text_for
from affiliate.errors import Conflict, InvalidInput, NotFound
from affiliate.links.sites import add_entity, add_site, find_site
from affiliate.store import Store
from affiliate.store.tables import Site
from tests.conftest import HandClock

SENTENCE = "North Magazine’s promise: we earn a commission if you buy through our links."


@pytest.fixture
def north(sqlite_store: Store, clock: HandClock) -> Store:
    return _with_sites(sqlite_store, clock)


def _with_sites(store: Store, clock: HandClock) -> Store:
    with store.transaction() as session:
        add_entity(session, key="ltd", name="North Ltd", base_currency="GBP")
        for key in ("north", "south"):
            add_site(
                session,
                key=key,
                name=f"{key.title()} Magazine",
                hosts=(),
                language="en-GB",
                jurisdiction="uk",
                time_zone="Europe/London",
                link_base="",
                entity_key="ltd",
                now=clock(),
            )
    return store


def _add(session: Session, clock: HandClock, sentence: str = SENTENCE, site: Site | None = None) -> str:
    return add_text(
        session,
        jurisdiction="UK",
        language="en-GB",
        label="Advertisement",
        sentence=sentence,
        site=site,
        added_by="ed@north.example",
        now=clock(),
    )


def test_own_words_stand_in_articles_until_they_are_retired(north: Store, clock: HandClock) -> None:
    with north.transaction() as session:
        version = _add(session, clock)
        text = text_for(session, find_site(session, "north"), jurisdiction="uk", language="en-GB")
        assert (version, text.version, text.label) == ("own-uk-en-1", "own-uk-en-1", "Advertisement")
        assert text.sentence == SENTENCE.replace("’", "'")
        assert text.labels_headline
        assert text.publisher == "North Magazine"
        retire_text(session, version, now=clock())
        assert text_for(session, find_site(session, "north"), jurisdiction="uk", language="en").version == "uk-en-1"


def test_a_sites_own_words_go_before_those_for_all_sites(store: Store, clock: HandClock) -> None:
    with _with_sites(store, clock).transaction() as session:
        north_site, south_site = find_site(session, "north"), find_site(session, "south")
        _add(session, clock, "We get paid if you buy through our links.", site=north_site)
        _add(session, clock)
        assert text_for(session, north_site, jurisdiction="uk", language="en").sentence.startswith("We get paid")
        assert text_for(session, south_site, jurisdiction="uk", language="en").version == "own-uk-en-2"


def test_words_of_another_language_or_jurisdiction_are_not_taken(north: Store, clock: HandClock) -> None:
    with north.transaction() as session:
        _add(session, clock)
        site = find_site(session, "north")
        assert text_for(session, site, jurisdiction="us", language="en").version == "us-en-1"
        with pytest.raises(InvalidInput, match="no disclosure text"):
            text_for(session, site, jurisdiction="uk", language="de")


def test_new_words_are_a_new_version_and_the_history_stays(north: Store, clock: HandClock) -> None:
    with north.transaction() as session:
        _add(session, clock)
        with pytest.raises(Conflict, match="in use already, as own-uk-en-1"):
            _add(session, clock)
        _add(session, clock, "We earn money when you buy through these links.")
        clock.now += timedelta(days=1)
        retire_text(session, "own-uk-en-1", now=clock())
        retired_at = own_texts(session)[1].retired_at
        clock.now += timedelta(days=1)
        retire_text(session, "own-uk-en-1", now=clock())
        newest, oldest = own_texts(session)
        assert (newest.version, newest.retired_at) == ("own-uk-en-2", None)
        assert (oldest.added_by, oldest.retired_at) == ("ed@north.example", retired_at)


def test_an_unknown_version_is_not_retired(north: Store, clock: HandClock) -> None:
    with north.transaction() as session, pytest.raises(NotFound, match="text list"):
        retire_text(session, "uk-en-1", now=clock())


@pytest.mark.parametrize(
    ("label", "sentence", "about", "said"),
    [
        ("Sponsored", SENTENCE, "label", "tells readers nothing.*Use one of: Ad"),
        ("#affiliate", SENTENCE, "label", "tells readers nothing"),
        ("Psst", SENTENCE, "label", "no label that this jurisdiction accepts"),
        ("Аd", SENTENCE, "label", "no label that"),  # a Cyrillic А
        ("Ad | Best kettles", SENTENCE, "label", "no label that"),
        ("Ad" * 30, SENTENCE, "label", "60 characters; 40 are the most"),
        ("\u200b", SENTENCE, "label", "missing"),
        ("\u202edA", SENTENCE, "label", "another order"),
        ("Ad", "This page contains affiliate links.", "sentence", "tells readers nothing"),
        ("Ad", "Affiliate", "sentence", "tells readers nothing"),
        ("Ad", "Our kettles are lovely.", "sentence", "does not say who is paid"),
        ("Ad", "Acme earns a commission when you order.", "sentence", "not say that it is you"),
        ("Ad", "As an Amazon Associate I earn from qualifying purchases.", "sentence", "added by itself"),
        ("Ad", "Wenn Sie über Links kaufen, erhalten wir eine Provision.", "sentence", r"another language \(de\)"),
        ("Ad", f"{SENTENCE} This is not an ad.", "sentence", "denies that this is advertising"),
        ("Ad", f"{SENTENCE} Our rankings are 100% independent.", "sentence", "promises independence"),
        ("Ad", f"{SENTENCE} Buying supports our journalism.", "sentence", "Amazon forbids"),
        ("Ad", f"{SENTENCE} {'Word ' * 100}", "sentence", "400 are the most"),
        ("Ad", "   ", "sentence", "missing"),
    ],
)
def test_words_that_would_not_do_are_refused_with_the_way_out(label: str, sentence: str, about: str, said: str) -> None:
    found = objections(jurisdiction="uk", language="en", label=label, sentence=sentence)
    assert [each.about for each in found] == [about]
    with pytest.raises(RefusedText, match=said):
        raise RefusedText(found)


def test_a_language_without_a_label_or_a_vocabulary_is_refused() -> None:
    [without_label] = objections(jurisdiction="uk", language="de", label="Werbung", sentence="Wir verdienen an Links.")
    assert "no label in the language 'de'" in without_label.message
    [without_words] = objections(jurisdiction="uk", language="tlh", label="Ad", sentence=SENTENCE)
    assert "no vocabulary" in without_words.message
    with pytest.raises(InvalidInput, match="no rules to check words for 'mars' by"):
        objections(jurisdiction="mars", language="en", label="Ad", sentence=SENTENCE)


def test_refused_words_are_not_kept(north: Store, clock: HandClock) -> None:
    with north.transaction() as session:
        with pytest.raises(RefusedText):
            _add(session, clock, "We are nice.")
        assert own_texts(session) == ()
