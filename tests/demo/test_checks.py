"""The demo's register of disclosure: every article was checked, one page fails, and the chain of evidence is whole."""

from affiliate.disclosure.evidence.verifying import verify
from affiliate.reports.register import RegisterFilter, count_register, list_register
from tests.demo.conftest import TODAY, Newsroom


def test_one_monetised_page_fails_and_all_were_checked(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        counts = count_register(session)
        rows, total = list_register(session, RegisterFilter(), now=TODAY)
    assert (counts.failing, counts.unchecked) == (1, 0)
    assert total == counts.pages == 5
    assert rows[0].title.startswith("A table for twelve")
    assert rows[0].verdicts["uk"] == "FAIL"


def test_the_demos_chain_of_evidence_is_whole(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        found = verify(session)
    assert found.is_whole
    assert found.records >= 8
