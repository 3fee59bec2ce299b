"""Tampering with the evidence: whatever is done to one record is found, and the record is named."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from affiliate.disclosure.evidence.chain import hash_of
from affiliate.disclosure.evidence.verifying import Verified, verify
from affiliate.store import Store
from affiliate.store.tables import ArticleVerdict, EvidenceFile, PageCheck
from tests.disclosure.evidence.made_up import check_in, filled


def verified(store: Store) -> Verified:
    with store.reading() as session:
        return verify(session)


def test_an_untouched_chain_is_whole(store: Store) -> None:
    filled(store)
    found = verified(store)
    assert found.is_whole
    assert (found.records, found.files, found.first_broken) == (8, 12, None)
    assert any("nothing was cut off at its end" in each for each in found.proves)


def test_an_empty_chain_is_whole(sqlite_store: Store) -> None:
    assert verified(sqlite_store).is_whole


def number(session: Session, wanted: int) -> PageCheck:
    return session.scalars(select(PageCheck).where(PageCheck.number == wanted)).one()


def change_a_word(session: Session) -> None:
    check = number(session, 4)
    check.record = check.record.replace('"uk":"FAIL"', '"uk":"PASS"')


def change_a_byte_of_the_time(session: Session) -> None:
    check = number(session, 4)
    check.record = check.record.replace("12:00:04.000000Z", "12:00:04.000001Z")


def rewrite_with_its_hash(session: Session) -> None:
    check = number(session, 4)
    check.record = check.record.replace("PASS", "FAIL").replace("headline", "nowhere")
    check.hash = hash_of(check.previous_hash, check.record)


def change_a_column(session: Session) -> None:
    number(session, 4).worst = "PASS"


def change_the_columns_and_not_the_record(session: Session) -> None:
    check = number(session, 4)
    check.verdicts, check.worst = {"uk": "PASS"}, "PASS"


def delete_one(session: Session) -> None:
    session.execute(delete(ArticleVerdict))
    session.execute(delete(PageCheck).where(PageCheck.number == 4))


def delete_one_and_close_the_gap(session: Session) -> None:
    delete_one(session)
    for later in (5, 6, 7, 8):
        session.execute(update(PageCheck).where(PageCheck.number == later).values(number=later - 1))


def swap_two(session: Session) -> None:
    for old, new in ((4, 99), (6, 4), (99, 6)):
        session.execute(update(PageCheck).where(PageCheck.number == old).values(number=new))


def make_it_no_json(session: Session) -> None:
    number(session, 4).record = "no record"


def change_the_page(session: Session) -> None:
    page = number(session, 4).html_sha256
    session.execute(update(EvidenceFile).where(EvidenceFile.sha256 == page).values(content=b"another page"))


def lose_the_page(session: Session) -> None:
    page = number(session, 4).html_sha256
    session.execute(delete(EvidenceFile).where(EvidenceFile.sha256 == page))


def make_a_bomb_of_the_page(session: Session) -> None:
    import zlib

    page = number(session, 4).html_sha256
    bomb = zlib.compress(b"\0" * 50_000_000)
    session.execute(update(EvidenceFile).where(EvidenceFile.sha256 == page).values(content=bomb))


TAMPERING: list[Callable[[Session], None]] = [
    change_a_word,
    change_a_byte_of_the_time,
    rewrite_with_its_hash,
    change_a_column,
    change_the_columns_and_not_the_record,
    delete_one,
    delete_one_and_close_the_gap,
    swap_two,
    make_it_no_json,
    change_the_page,
    lose_the_page,
    make_a_bomb_of_the_page,
]


@pytest.mark.parametrize("tamper", TAMPERING)
def test_tampering_with_one_record_is_found_and_the_record_named(
    sqlite_store: Store, tamper: Callable[[Session], None]
) -> None:
    filled(sqlite_store)
    with sqlite_store.transaction() as session:
        tamper(session)
    found = verified(sqlite_store)
    assert not found.is_whole
    assert found.first_broken == 4


def test_changing_the_first_record_is_found(sqlite_store: Store) -> None:
    filled(sqlite_store)
    with sqlite_store.transaction() as session:
        check = number(session, 1)
        check.record = check.record.replace("PASS", "FAIL")
    assert verified(sqlite_store).first_broken == 1


def test_a_verdict_in_the_register_that_no_record_says_is_found(sqlite_store: Store) -> None:
    filled(sqlite_store)
    with sqlite_store.transaction() as session:
        session.execute(update(ArticleVerdict).where(ArticleVerdict.verdict == "FAIL").values(verdict="PASS"))
    found = verified(sqlite_store)
    assert "The register says PASS" in found.problems[0].says


def test_a_tail_that_was_cut_off_cannot_be_seen_without_something_from_outside(sqlite_store: Store) -> None:
    filled(sqlite_store)
    with sqlite_store.transaction() as session:
        session.execute(delete(ArticleVerdict))
        session.execute(delete(PageCheck).where(PageCheck.number > 6))
    found = verified(sqlite_store)
    assert found.is_whole  # which is why every answer says what it does not show
    assert any("cut off" in each for each in found.proves)


def test_the_chain_goes_on_after_it_was_verified(sqlite_store: Store) -> None:
    filled(sqlite_store)
    verified(sqlite_store)
    with sqlite_store.transaction() as session:
        assert check_in(session).number == 9
    assert verified(sqlite_store).is_whole
