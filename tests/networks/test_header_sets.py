"""The law of proposals: for every file, each proposed column is the right one, or it is asked about; never wrong unasked."""

import csv
import io
import json

import pytest

from affiliate.networks.reading.columns import NEEDED, WORDS
from affiliate.networks.reading.objects import flat
from affiliate.networks.reading.proposals import Proposal, propose
from tests.networks.header_sets import SETS, HeaderSet


def as_json(known: HeaderSet) -> bytes:
    return json.dumps({"rows": known.rows}).encode()


def as_csv(known: HeaderSet) -> bytes:
    rows = [flat(row) for row in known.rows]
    written = io.StringIO()
    writer = csv.DictWriter(written, dict.fromkeys(name for row in rows for name in row))
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def wrong(known: HeaderSet, proposal: Proposal) -> dict[str, str]:
    """What is proposed, is not so, and is not asked about; and what is needed and neither proposed nor asked."""
    asked = {one.field.partition(".")[0] if "." in one.field else one.field for one in proposal.questions}
    proposed = {name: column for name, column in proposal.proposed.items() if "." not in name}
    told = {
        name: column
        for name, column in proposed.items()
        if name not in ("decimal", "date_format") and known.means.get(name) != column and name not in asked
    }
    missing = {name: "" for name in NEEDED if name not in proposed and name not in asked}
    return told | missing


@pytest.mark.parametrize("known", SETS, ids=lambda known: known.name)
def test_each_proposed_column_is_the_right_one_or_asked(known: HeaderSet) -> None:
    for content in (as_json(known), as_csv(known)):
        assert wrong(known, propose(io.BytesIO(content))) == {}


@pytest.mark.parametrize("known", SETS, ids=lambda known: known.name)
def test_every_word_of_a_state_is_known_or_asked_whatever_its_type(known: HeaderSet) -> None:
    for content in (as_json(known), as_csv(known)):
        proposal = propose(io.BytesIO(content))
        asked = {one.field for one in proposal.questions}
        for name, ours in WORDS.items():
            column = proposal.proposed.get(name)
            for row in map(flat, known.rows):
                value = row.get(column or "")
                word = str(value).lower() if isinstance(value, bool) and content[:1] == b"{" else str(value)
                if column and value not in (None, "") and word.lower() not in ours:
                    assert f"{name}.{word}" in asked | set(proposal.proposed)


@pytest.mark.parametrize("known", [one for one in SETS if one.own], ids=lambda known: known.name)
def test_a_network_s_own_report_is_named_as_such(known: HeaderSet) -> None:
    own = {propose(io.BytesIO(content)).network for content in (as_json(known), as_csv(known))}
    assert own - {None} == {known.own}


def test_what_is_no_network_s_own_report_is_not_named_so() -> None:
    for known in SETS:
        if not known.own:
            assert {propose(io.BytesIO(content)).network for content in (as_json(known), as_csv(known))} == {None}


def test_most_needed_columns_are_proposed_and_not_asked() -> None:
    """Asking for everything would keep the law too."""
    right = sum(
        propose(io.BytesIO(as_json(known))).proposed.get(name) == known.means[name]
        for known in SETS
        for name in NEEDED
        if name in known.means
    )
    there = sum(name in known.means for known in SETS for name in NEEDED)
    assert right / there > 0.7


@pytest.mark.parametrize(("rows", "is_asked"), [(9_999, False), (12_000, False), (12_000, True)])
def test_an_id_is_looked_at_in_the_whole_file(rows: int, is_asked: bool) -> None:
    lines = [f"t{number},Acme,1.50,GBP,2026-11-01,approved" for number in range(rows)]
    if is_asked:
        lines.append("t11999,Acme,2.50,GBP,2026-11-02,approved")
    else:
        lines.append(lines[-1])  # the same row again says nothing else
    text = "\n".join(["Transaction ID,Merchant,Commission,Currency,Date,Status", *lines, ""])
    proposal = propose(io.BytesIO(text.encode()))
    assert ("external_id" in {one.field for one in proposal.questions}) == is_asked


def test_two_lists_of_candidates_can_be_answered_and_one_of_them_left_out() -> None:
    content = as_json(next(known for known in SETS if known.name == "Adtraction"))
    asked = {one.field: one.asks for one in propose(io.BytesIO(content)).questions}
    assert "“saleValue” or “orderValue”? (“=” if in none)" in asked["sale"]
    for answer in ("orderValue", "="):
        answered = propose(io.BytesIO(content), {"sale": answer, "status.1": "approved", "status.5": "declined"})
        assert answered.questions == ()
        assert answered.proposed["sale"] == answer
