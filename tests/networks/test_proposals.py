import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.errors import AffiliateError
from affiliate.ids import new_placement_token
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.proposals import Proposal, is_whole, propose

HEADER = "Transaction ID,Merchant,Commission,Currency,Date,Status"


def look(*rows: str, header: str = HEADER, **said: str) -> Proposal:
    return propose(io.BytesIO("\n".join([header, *rows, ""]).encode()), said)


def asked(proposal: Proposal) -> list[str]:
    return [one.field for one in proposal.questions]


def test_a_plain_file_leaves_nothing_to_ask() -> None:
    proposal = look("1,Acme,1.50,GBP,2026-11-01,approved", "2,Acme,2.50,GBP,2026-11-02,Rejected")
    assert asked(proposal) == []
    assert is_whole(proposal.proposed)
    columns = ColumnMap.parse(proposal.proposed)
    assert (columns.decimal, columns.date_format, columns.words["status"]["rejected"]) == (".", None, "declined")


@pytest.mark.parametrize(
    ("dates", "style"),
    [
        (("03/04/2026", "13/04/2026"), "%d/%m/%Y"),
        (("03/04/2026", "04/13/2026"), "%m/%d/%Y"),
        (("03/04/26", "13/04/26"), "%d/%m/%y"),
        (("03.04.2026 10:11", "04.04.2026 10:12"), "%d.%m.%Y %H:%M"),
        (("4/13/2026 01:02:03 PM", "4/14/2026 11:02:03 AM"), "%m/%d/%Y %I:%M:%S %p"),
        (("3 Apr 2026", "4 May 2026"), "%d %b %Y"),
        (('"April 3, 2026"', '"May 4, 2026"'), "%B %d, %Y"),
        (("2026-04-03 10:00:00", "2026-04-03T10:00:00Z"), None),
    ],
)
def test_a_style_of_dates_is_proposed_where_the_file_decides_it(dates: tuple[str, str], style: str | None) -> None:
    proposal = look(*(f"{number},Acme,1.50,GBP,{date},approved" for number, date in enumerate(dates)))
    assert (proposal.proposed.get("date_format"), asked(proposal)) == (style, [])


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (("03/04/2026", "05/06/2026"), "begin with the day"),
        (("13/04/2026", "04/13/2026"), "changed by a spreadsheet"),
        (("20260403", "2026/04/03"), "How is 2026/04/03 to be read"),
    ],
)
def test_a_style_of_dates_is_asked_for_where_the_file_leaves_it_open(dates: tuple[str, str], words: str) -> None:
    proposal = look(*(f"{number},Acme,1.50,GBP,{date},approved" for number, date in enumerate(dates)))
    assert "date_format" not in proposal.proposed
    assert asked(proposal) == ["date_format"]
    assert words in proposal.questions[0].asks


@pytest.mark.parametrize(
    ("amounts", "mark"),
    [
        (("1.5", "2"), "."),
        (("1,5", "2"), ","),
        (("1.250,00", "1.250"), ","),
        (("1,250.00", "1,250"), "."),
        (("1,250", "3"), None),
        (("1.5", "1,5"), None),
        (("12", "3"), ""),
    ],
)
def test_a_decimal_mark_is_proposed_or_asked_for(amounts: tuple[str, str], mark: str | None) -> None:
    proposal = look(*(f'{number},Acme,"{amount}",GBP,2026-11-01,approved' for number, amount in enumerate(amounts)))
    assert proposal.proposed.get("decimal", "") == (mark or "")
    assert asked(proposal) == (["decimal"] if mark is None else [])


def test_what_is_said_stays_and_is_not_asked_again() -> None:
    row = '1,Acme,"1,250",GBP,03/04/2026,Open'
    assert asked(look(row)) == ["decimal", "date_format"]
    said = {"decimal": ",", "date_format": "%d/%m/%Y", "status.Open": "declined", "advertiser": "=Shop"}
    proposal = look(row, **said)
    assert asked(proposal) == []
    assert said.items() <= proposal.proposed.items()
    assert [(one.written, one.read) for one in proposal.understood] == [
        ("1,250", "1.250"),
        ("03/04/2026", "3 April 2026"),
    ]


def test_a_currency_is_read_off_a_title_or_asked_for() -> None:
    def currency(title: str, account: str | None = None) -> tuple[str | None, list[str]]:
        text = f"Transaction ID,Merchant,{title},Date,Status\n1,Acme,1.50,2026-11-01,approved\n"
        proposal = propose(io.BytesIO(text.encode()), currency=account)
        return proposal.proposed.get("currency"), asked(proposal)

    assert currency("Commission (€)") == ("=EUR", [])
    assert currency("Commission (SEK)") == ("=SEK", [])
    assert currency("Commission ($)") == (None, ["currency"])
    assert currency("Commission") == (None, ["currency"])
    assert currency("Commission", "GBP") == (None, [])


def test_our_sub_id_is_found_by_what_it_is() -> None:
    row = f"1,Acme,1.50,GBP,2026-11-01,approved,{new_placement_token()}"
    assert look(row, header=f"{HEADER},Anything").proposed["sub_id"] == "Anything"


def test_a_column_of_people_is_neither_shown_nor_proposed() -> None:
    row = "1,Acme,1.50,GBP,2026-11-01,approved,Jo,203.0.113.9,jo@x.example"
    proposal = look(row, header=f"{HEADER},Customer Name,Where,Contact")
    assert "Customer Name" not in proposal.columns
    shown = json.dumps(proposal.as_json())
    assert "Jo" not in shown
    assert "203.0.113.9" not in shown
    assert "jo@x.example" not in shown


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Händler", "advertiser"),
        ("Annonceur", "advertiser"),
        ("Comisión", "commission"),
        ("Provision (€)", "commission"),
        ("Date de commande", "transaction_at"),
        ("Fecha de pedido", "transaction_at"),
        ("Waarde", None),
        ("saleAmount.amount", "sale"),
        ("commission.currency", "currency"),
        ("click.custom_subid.content", None),
    ],
)
def test_columns_are_known_by_names_in_several_languages(header: str, field: str | None) -> None:
    text = f"{header};x\n1;2026-11-01\n" if field != "transaction_at" else f"{header};x\n2026-11-01;y\n"
    text = text.replace("\n1;", "\nEUR;") if field == "currency" else text
    proposed = propose(io.BytesIO(text.encode())).proposed
    assert [name for name, column in proposed.items() if column == header] == ([field] if field else [])


def test_nothing_but_an_order_number_is_asked_about() -> None:
    proposal = look("1,Acme,1.50,GBP,2026-11-01,approved", header=HEADER.replace("Transaction ID", "Order ID"))
    assert proposal.proposed["external_id"] == "Order ID"
    assert asked(proposal) == ["external_id"]


@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"{HEADER}\n{text}".encode(errors="ignore"))
    )
)
def test_any_content_ends_in_a_proposal_or_a_refusal(content: bytes) -> None:
    with suppress(AffiliateError):
        json.dumps(propose(io.BytesIO(content)).as_json())
