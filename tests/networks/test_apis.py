"""The networks' APIs, each against a real server on localhost that answers as the network documents."""

import io
import json
import logging
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from werkzeug import Request, Response

from affiliate.errors import Unreachable, UnreadableFile
from affiliate.money import Money
from affiliate.networks.asking.api import CHANGE, TRANSACTION, Api, Ask, Page, Window
from affiliate.networks.asking.calls import ApiClient
from affiliate.networks.asking.paging import on_same_host
from affiliate.networks.base import (
    APPROVED,
    DECLINED,
    INVOICED,
    PAID,
    PENDING,
    UNPAID,
    BadRow,
    Reader,
    Reading,
    ReportedPayout,
    ReportedProgramme,
    ReportedTransaction,
)
from affiliate.networks.registry import network
from tests.networks.reports import read_as, read_report
from tests.networks.servers.base import Answer, Fault, broken_off, changed, cut_off, json_of, limited
from tests.networks.servers.cj import CjServer
from tests.networks.servers.history import ADVERTISERS, History, history
from tests.networks.servers.impact import ImpactServer
from tests.networks.servers.partnerize import PartnerizeServer
from tests.networks.servers.rakuten import SECRET, RakutenServer
from tests.networks.servers.skimlinks import SkimlinksServer

SERVERS: dict[str, type[Any]] = {
    "impact": ImpactServer,
    "cj": CjServer,
    "rakuten": RakutenServer,
    "skimlinks": SkimlinksServer,
    "partnerize": PartnerizeServer,
}
WITH_TOTALS = ("impact", "skimlinks", "partnerize")
WITH_TOKENS = ("rakuten", "skimlinks")
FIRST, NOW = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 28, tzinfo=UTC)
WINDOW = Window(FIRST, NOW)
SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="module")
def sold() -> History:
    return history(7, FIRST, NOW, a_day=4, sub_ids=("", "a0123456789x"))


@pytest.fixture(params=list(SERVERS))
def key(request: pytest.FixtureRequest) -> str:
    return cast("str", request.param)


@dataclass
class Asking:
    """One network's API and a server that plays it; `waits` are the seconds that the client would have slept."""

    key: str
    server: Any
    waits: list[float]
    timeout_seconds: float = 20

    @property
    def api(self) -> Api:
        found = network(self.key).api
        assert found is not None
        return found

    @property
    def reading(self) -> Reading:
        return Reading(currency="GBP", publisher_ref=self.server.publisher)

    def ask(self, **credentials: str) -> Ask:
        known = self.server.credentials | credentials
        client = ApiClient(
            secrets=tuple(known.values()),
            may_connect=lambda _address, _port: True,
            timeout_seconds=self.timeout_seconds,
            sleep=self.waits.append,
        )
        return Ask(
            client, self.server.url, self.server.publisher, known, "UTC", moved=True, clock=lambda: self.server.now
        )

    def pages(self, basis: str = TRANSACTION, window: Window = WINDOW) -> list[Page]:
        return list(self.api.transactions(self.ask(), window, basis))

    def rows(self, basis: str = TRANSACTION, window: Window = WINDOW) -> list[ReportedTransaction]:
        good, bad = self.read(self.pages(basis, window))
        assert bad == []
        return good

    def read(self, pages: Iterable[Page]) -> tuple[list[ReportedTransaction], list[BadRow]]:
        reader = cast("Reader", network(self.key).reader)
        rows = [row for page in pages for row in read_report(reader, io.BytesIO(page.content), self.reading)]
        good = [row for row in rows if not isinstance(row, BadRow)]
        return good, [row for row in rows if isinstance(row, BadRow)]


@pytest.fixture
def asking(key: str, sold: History) -> Iterator[Asking]:
    with SERVERS[key](sold, NOW) as server:
        yield Asking(key, server, [])


def of(*keys: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("key", keys, indirect=True)


def earned(rows: Iterable[ReportedTransaction]) -> Decimal:
    """What counts: declined rows do not, negative ones keep their sign."""
    return sum((row.commission.amount for row in rows if row.status != DECLINED), Decimal(0))


def kept(told: History, now: datetime = NOW) -> Decimal:
    return sum((state.commission for state in told.states(now) if state.status != DECLINED), Decimal(0))


def ids(rows: Iterable[ReportedTransaction]) -> set[tuple[str, str]]:
    return {(row.external_id, row.line_id) for row in rows}


def small_pages(asking: Asking) -> None:
    """About five pages. Rakuten's are recognised as cut off by their round number."""
    asking.server.page_size = 100 if asking.key == "rakuten" else 25
    if asking.key == "rakuten":
        asking.server.history = history(7, FIRST, NOW, a_day=8)


# ---- what comes -----------------------------------------------------------------------------------------------------


def test_a_window_brings_every_sale_and_what_was_kept_of_it(asking: Asking, sold: History) -> None:
    rows = asking.rows()
    assert len(rows) >= len(sold.made)
    assert earned(rows) == kept(sold) > 0


def test_a_window_of_changes_brings_what_the_days_of_sale_bring(asking: Asking) -> None:
    assert ids(asking.rows(CHANGE)) == ids(asking.rows(TRANSACTION))


def test_sub_ids_and_orders_come_along(asking: Asking, sold: History) -> None:
    """Skimlinks tells no order."""
    found = {row.order_ref or row.external_id for row in asking.rows() if row.sub_ids == ("a0123456789x",)}
    sales = [sale for sale in sold.made if sale.sub_id]
    assert found == {str(sale.id) if asking.key == "skimlinks" else sale.order_ref for sale in sales}


def test_nothing_of_a_person_is_kept(asking: Asking) -> None:
    shown = json.dumps([dict(row.payload) for row in asking.rows()])
    for personal in ("2001:db8::17", "203.0.113.9", "customer-1"):
        assert personal not in shown


def test_a_window_without_sales_is_one_empty_page(asking: Asking) -> None:
    asking.server.history = History([])
    assert len(asking.pages()) == 1
    assert asking.rows() == []


@of("impact", "rakuten", "partnerize")
def test_every_row_keeps_its_own_currency(asking: Asking) -> None:
    assert {row.commission.currency for row in asking.rows()} == {"GBP", "USD", "EUR"}


# ---- windows --------------------------------------------------------------------------------------------------------


def test_impact_is_asked_in_pieces_for_sales_that_may_have_changed_much_later(sold: History) -> None:
    """StartDate and EndDate mean the last update and lie 45 days apart at most."""
    much_later = NOW + timedelta(days=120)
    with ImpactServer(sold, much_later) as server:
        asking = Asking("impact", server, [])
        assert earned(asking.rows()) == kept(sold, much_later)
        assert len(server.asked) == 4
        assert all("ActionDateStart" in path and "StartDate" in path for _method, path, _body in server.asked)


def test_cj_answers_more_than_31_days_with_400_and_not_a_word(sold: History) -> None:
    with CjServer(sold, NOW) as server, pytest.raises(Unreachable, match="more days are asked for") as refused:
        Asking("cj", server, []).pages(window=Window(FIRST, FIRST + timedelta(days=40)))
    assert (refused.value.status, refused.value.permanent) == (400, True)
    assert cast("Api", network("cj").api).longest <= timedelta(days=31)


def test_rakuten_answers_30_days_back_and_no_further(sold: History) -> None:
    with (
        RakutenServer(sold, NOW + timedelta(days=20)) as server,
        pytest.raises(Unreachable, match="older than 30 days"),
    ):
        Asking("rakuten", server, []).pages()
    assert cast("Api", network("rakuten").api).memory == timedelta(days=30)


def test_skimlinks_is_asked_for_all_changes_since(sold: History) -> None:
    with SkimlinksServer(sold, NOW) as server:
        Asking("skimlinks", server, []).rows(CHANGE)
        assert "updated_since=2026-09-01T00%3A00%3A00Z" in server.asked[-1][1]


# ---- pages ----------------------------------------------------------------------------------------------------------


def test_many_pages_bring_what_one_brings(asking: Asking) -> None:
    small_pages(asking)
    pages = asking.pages()
    asking.server.page_size = 1000
    assert len(pages) > 2
    assert {page.total for page in pages} == ({len(pages)} if asking.key in WITH_TOTALS else {None})
    good, bad = asking.read(pages)
    assert bad == []
    assert ids(good) == ids(asking.rows())


@of("impact", "partnerize")
def test_pages_are_counted_where_they_do_not_name_the_next(asking: Asking, sold: History) -> None:
    asking.server.page_size = 25
    asking.server.names_the_next = False
    assert len(asking.pages()) > 2
    assert earned(asking.rows()) == kept(sold)


@pytest.mark.parametrize(
    "address",
    ["/a/b?Page=2", "https://elsewhere.example/a/b?Page=2", "//elsewhere.example/a/b?Page=2", "a/b?Page=2"],
)
def test_a_next_page_is_looked_for_on_the_networks_own_host(address: str) -> None:
    """Credentials go along with every request."""
    assert on_same_host("https://api.example", address) == "https://api.example/a/b?Page=2"
    assert on_same_host("https://api.example", ".elsewhere.example/a") == "https://api.example/.elsewhere.example/a"


def test_partnerize_is_paged_until_a_page_is_not_full_where_nothing_else_is_said(sold: History) -> None:
    """Its example of the report has neither `hypermedia` nor `offset`, and a count that may be the page's own."""
    with PartnerizeServer(sold, NOW) as server:
        server.page_size, server.names_the_next = 25, False
        asking = Asking("partnerize", server, [])
        whole = ids(asking.rows())
        server.fail(
            *[
                changed(
                    lambda document: {
                        "limit": 25,
                        "count": len(document["conversions"]),
                        "conversions": document["conversions"],
                    }
                )
            ]
            * 9
        )
        assert ids(asking.rows()) == whole


def test_impact_is_paged_until_a_page_is_not_full_where_nothing_else_is_said(
    sold: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its OpenAPI shows a list and no paging fields."""
    monkeypatch.setattr("affiliate.networks.impact.api._PAGE_SIZE", 25)
    with ImpactServer(sold, NOW) as server:
        asking = Asking("impact", server, [])
        server.fail(*[changed(lambda document: {"Actions": document["Actions"]})] * 9)
        assert ids(asking.rows()) == ids(asking.rows())
        assert len(asking.pages()) > 3


class Twice:
    """A page that comes again in the place of the next one."""

    def __init__(self) -> None:
        self.first = Response()

    def once(self, _request: Request, answer: Answer) -> Response:
        self.first = answer()
        return self.first

    def again(self, _request: Request, _answer: Answer) -> Response:
        return Response(self.first.get_data(), content_type="application/json")


def test_a_page_in_the_place_of_another_fails_the_window(asking: Asking) -> None:
    small_pages(asking)
    twice = Twice()
    before: list[Fault | None] = [None] if asking.key in WITH_TOKENS else []
    asking.server.fail(*before, twice.once, twice.again)
    with pytest.raises(UnreadableFile):
        asking.pages()


def test_a_server_that_sends_one_page_for_ever_is_left(asking: Asking) -> None:
    small_pages(asking)
    twice = Twice()
    before: list[Fault | None] = [None] if asking.key in WITH_TOKENS else []
    asking.server.fail(*before, twice.once, *[twice.again] * 50)
    with pytest.raises(UnreadableFile):
        asking.pages()
    assert len(asking.server.asked) < 15


def promising_more(document: Any) -> Any:
    """A page that says there is more, and holds nothing."""
    if "pagination" in document:
        return {"pagination": {"has_next": True, "total_count": 0}, "commissions": []}
    answer = {"count": 0, "payloadComplete": False, "maxCommissionId": "7", "records": []}
    return {"data": {"publisherCommissions": answer}}


@of("cj", "skimlinks")
def test_a_network_that_promises_more_and_sends_nothing_is_left(asking: Asking) -> None:
    before: list[Fault | None] = [None] if asking.key in WITH_TOKENS else []
    asking.server.fail(*before, *[changed(promising_more)] * 50)
    with pytest.raises(UnreadableFile, match="go round in a circle"):
        asking.pages()
    assert len(asking.server.asked) < 5


@of(*WITH_TOTALS)
def test_sales_that_come_in_while_we_read_move_rows_to_the_next_page_and_lose_none(asking: Asking) -> None:
    small_pages(asking)
    asking.server.now = NOW - timedelta(days=4)
    before = ids(asking.rows())

    def later(_request: Request, answer: Answer) -> Response:
        asking.server.now += timedelta(days=1)
        return answer()

    well: list[Fault | None] = [None, None] if asking.key == "skimlinks" else [None]
    asking.server.fail(*well, later, later, later)
    rows = asking.rows()
    assert ids(rows) >= before
    assert all(count <= 3 for count in Counter((row.external_id, row.line_id) for row in rows).values())


@of(*WITH_TOTALS)
def test_a_window_with_fewer_rows_than_the_network_counts_fails(asking: Asking) -> None:
    def one_less(document: Any) -> Any:
        for rows in (document.get(name) for name in ("Actions", "commissions", "conversions")):
            if rows:
                del rows[3]
        return document

    asking.server.fail(*([None] if asking.key == "skimlinks" else []), changed(one_less))
    with pytest.raises(UnreadableFile, match=r"tells of \d+ records but only \d+ came"):
        asking.pages()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"payloadComplete": False, "maxCommissionId": None}, "does not say where it goes on"),
        ({"payloadComplete": None}, "does not say whether it is complete"),
        ({"count": 10_000}, "tells of 10000 commissions"),
        ({"payloadComplete": False, "maxCommissionId": ""}, "does not say where it goes on"),
    ],
)
def test_what_cj_does_not_complete_is_not_taken(sold: History, change: dict[str, Any], said: str) -> None:
    def incomplete(document: Any) -> Any:
        document["data"]["publisherCommissions"] |= change
        return document

    with CjServer(sold, NOW) as server:
        server.fail(changed(incomplete))
        with pytest.raises(UnreadableFile, match=said):
            Asking("cj", server, []).pages()


def test_errors_of_graphql_are_said(sold: History) -> None:
    with CjServer(sold, NOW) as server:
        server.fail(lambda _request, _answer: json_of({"errors": [{"message": "Invalid date"}], "data": None}))
        with pytest.raises(UnreadableFile, match="Invalid date"):
            Asking("cj", server, []).pages()


# ---- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_page_cut_off_in_the_middle_fails_the_window(asking: Asking) -> None:
    small_pages(asking)
    asking.server.fail(*([None] if asking.key in WITH_TOKENS else []), None, cut_off)
    with pytest.raises(UnreadableFile):
        asking.pages()


def test_a_page_that_breaks_off_on_its_way_is_asked_for_again(asking: Asking) -> None:
    whole = ids(asking.rows())
    asking.server.fail(broken_off)
    assert ids(asking.rows()) == whole
    assert len(asking.waits) == 1


def test_a_network_that_is_asked_too_often_is_waited_for(asking: Asking) -> None:
    asking.server.fail(limited("7"))
    assert asking.rows()
    assert asking.waits == [7]


@of("impact", "partnerize")
def test_limits_in_a_networks_own_headers_are_kept(asking: Asking) -> None:
    """impact has no Retry-After; Partnerize has it under another name."""
    header, said = ("X-RateLimit-Reset", "11") if asking.key == "impact" else ("X-RateLimit-Retry-After", "9")
    asking.server.fail(
        lambda _request, _answer: Response("", status=429, headers={header: said}),
        lambda _request, _answer: Response("", status=429, headers={"X-RateLimit-Reset": "1795000000"}),
    )
    assert asking.rows()
    assert asking.waits == [float(said), 30]


def test_a_silent_server_is_asked_again(asking: Asking) -> None:
    asking.timeout_seconds = 0.3
    asking.server.fail(asking.server.silent)
    assert asking.rows()


@pytest.mark.parametrize(
    "document", ["{}", "null", "<html>", "7", '{"data": 1}', '{"data": {"publisherCommissions": []}}']
)
def test_an_answer_of_another_kind_is_refused(asking: Asking, document: str) -> None:
    before: list[Fault | None] = [None] if asking.key in WITH_TOKENS else []
    asking.server.fail(*before, lambda _request, _answer: Response(document, content_type="application/json"))
    with pytest.raises(UnreadableFile):
        asking.pages()


@of("impact", "cj", "skimlinks", "partnerize")
def test_a_bare_list_is_a_page_of_rakutens_alone(asking: Asking) -> None:
    test_an_answer_of_another_kind_is_refused(asking, "[]")


_COMMISSIONS = {
    "impact": (("Actions", 2), "Payout"),
    "cj": (("data", "publisherCommissions", "records", 2), "pubCommissionAmountPubCurrency"),
    "rakuten": ((2,), "commissions"),
    "skimlinks": (("commissions", 2, "transaction_details", "basket"), "publisher_amount"),
    "partnerize": (("conversions", 2, "conversion_data", "conversion_items", 0), "item_publisher_commission"),
}
_WORDS = {
    "impact": (("Actions", 2), "State"),
    "cj": (("data", "publisherCommissions", "records", 2), "actionStatus"),
    "skimlinks": (("commissions", 2, "transaction_details"), "status"),
    "partnerize": (("conversions", 2, "conversion_data", "conversion_items", 0), "item_status"),
}
_CURRENCIES = {
    "impact": (("Actions", 2), "Currency"),
    "rakuten": ((2,), "currency"),
    "skimlinks": (("commissions", 2, "transaction_details", "basket"), "currency"),
}


def at(document: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        document = document[step]
    return document


def test_a_renamed_field_sets_its_row_aside_and_no_other(asking: Asking) -> None:
    whole = asking.rows()
    path, name = _COMMISSIONS[asking.key]

    def renamed(document: Any) -> Any:
        row = at(document, path)
        row[f"{name}V2"] = row.pop(name)
        row.pop("pubCommissionAmountUsd", None)
        return document

    good, bad = read_with(asking, changed(renamed))
    assert len(good) == len(whole) - 1
    assert [name in row.reason for row in bad] == [True]


@of(*_WORDS)
def test_an_unknown_word_sets_its_row_aside_and_is_named(asking: Asking) -> None:
    path, name = _WORDS[asking.key]

    def unheard_of(document: Any) -> Any:
        at(document, path)[name] = "Reconsidered"
        return document

    good, bad = read_with(asking, changed(unheard_of))
    assert [row.word for row in bad] == ["Reconsidered"]
    assert good


@of(*_CURRENCIES)
def test_a_row_without_a_currency_is_set_aside(asking: Asking) -> None:
    path, name = _CURRENCIES[asking.key]

    def without(document: Any) -> Any:
        del at(document, path)[name]
        return document

    good, bad = read_with(asking, changed(without))
    assert len(bad) == 1
    assert "currency" in bad[0].reason
    assert good


def read_with(asking: Asking, fault: Fault) -> tuple[list[ReportedTransaction], list[BadRow]]:
    asking.server.fail(*([None] if asking.key in WITH_TOKENS else []), fault)
    return asking.read(asking.pages())


# ---- credentials ----------------------------------------------------------------------------------------------------


@of(*WITH_TOKENS)
def test_a_token_that_runs_out_half_way_is_renewed(asking: Asking) -> None:
    small_pages(asking)
    whole = ids(asking.rows())
    asking.server.fail(None, None, asking.server.expired)
    assert ids(asking.rows()) == whole
    assert sum(path in ("/token", "/access_token") for _method, path, _body in asking.server.asked) == 3


@of(*WITH_TOKENS)
def test_a_token_is_renewed_once_and_then_the_refusal_stands(asking: Asking) -> None:
    refused = lambda _request, _answer: Response("no", status=401)  # noqa: E731
    asking.server.fail(None, None, refused, None, refused)
    small_pages(asking)
    with pytest.raises(Unreachable) as problem:
        asking.pages()
    assert problem.value.status == 401


@of("impact", "cj", "partnerize")
def test_a_token_that_ends_half_way_fails_the_window_and_says_so(asking: Asking) -> None:
    small_pages(asking)
    ask = asking.ask()
    asking.server.fail(None, asking.server.expired)
    with pytest.raises(Unreachable, match="401") as problem:
        list(asking.api.transactions(ask, WINDOW, TRANSACTION))
    assert (problem.value.status, problem.value.permanent) == (401, True)


def test_wrong_credentials_are_refused_without_being_shown(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    """The servers repeat in their refusal what they were given, as CJ's does."""
    caplog.set_level(logging.DEBUG)
    wrong = {name: "wr0ng-secret+of=mine" for name in asking.server.credentials if name != "account_sid"}
    with pytest.raises(Unreachable) as problem:
        list(asking.api.transactions(asking.ask(**wrong), WINDOW, TRANSACTION))
    assert problem.value.status in (401, 403)
    assert "wr0ng-secret" not in f"{problem.value}{problem.value!r}{caplog.text}"


def test_credentials_are_neither_shown_nor_kept(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ask = asking.ask()
    shown = f"{ask!r}{asking.read(asking.api.transactions(ask, WINDOW, CHANGE))!r}{caplog.text}"
    for secret in (asking.server.token, SECRET):
        assert secret not in shown


@of("rakuten")
def test_403_means_too_often_at_rakuten_and_may_be_tried_again(asking: Asking) -> None:
    asking.server.fail(None, lambda _request, _answer: Response("limit", status=403))
    with pytest.raises(Unreachable, match="too much was asked in a minute") as problem:
        asking.pages()
    assert not problem.value.permanent


def test_what_opens_an_account_is_said_with_the_place_where_the_network_shows_it(asking: Asking) -> None:
    assert set(asking.api.credentials) == set(asking.server.credentials)
    assert all(asking.api.credentials.values())


# ---- payouts --------------------------------------------------------------------------------------------------------

LATER = NOW + timedelta(days=150)


def payouts(asking: Asking) -> tuple[list[ReportedPayout], list[BadRow]]:
    asking.server.now = LATER
    assert asking.api.payouts is not None
    assert asking.api.read_payouts is not None
    pages = asking.api.payouts(asking.ask(), Window(FIRST, LATER))
    rows = [row for page in pages for row in asking.api.read_payouts(page.content, asking.reading)]
    good = [row for row in rows if not isinstance(row, BadRow)]
    return good, [row for row in rows if isinstance(row, BadRow)]


@of("impact", "partnerize")
def test_payouts_are_what_was_kept_of_the_sales_that_they_cover(asking: Asking, sold: History) -> None:
    good, bad = payouts(asking)
    assert bad == []
    told = {each.id: each for each in sold.payouts(FIRST, LATER, LATER)}
    assert len(good) == len(told) > 3
    for row in good:
        payout = told[row.external_id.rpartition("-")[2]]
        assert row.commission == Money(payout.commission, payout.currency)
        assert (row.payment, row.paid_at) == ((PAID, payout.paid_at) if payout.paid_at else (INVOICED, None))
        assert row.issued_at == payout.issued_at


@of("partnerize")
def test_a_transaction_names_the_self_bill_that_covers_it(asking: Asking) -> None:
    covered: dict[str | None, Decimal] = {}
    bills, _ = payouts(asking)
    for row in asking.rows():
        covered[row.payout_ref] = covered.get(row.payout_ref, Decimal(0)) + row.commission.amount
    assert {bill.external_id: bill.commission.amount for bill in bills} == {
        ref: amount for ref, amount in covered.items() if ref
    }


def test_impacts_invoice_is_owed_until_each_of_its_lines_is_paid() -> None:
    def read(*statuses: str) -> ReportedPayout | BadRow:
        document = json.loads((SAMPLES / "impact_invoices.json").read_text())
        line = document["Invoices"][0]["LineItems"][0]
        document["Invoices"][0]["LineItems"] = [{**line, "Status": status} for status in statuses]
        api = cast("Api", network("impact").api)
        assert api.read_payouts is not None
        return next(api.read_payouts(json.dumps(document).encode(), Reading()))

    owed, paid, unknown = read("PAID", "OVERDUE"), read("PAID", "PAID"), read("PAID", "FORGIVEN")
    assert isinstance(owed, ReportedPayout)
    assert isinstance(paid, ReportedPayout)
    assert isinstance(unknown, BadRow)
    assert (owed.payment, owed.raw_status, owed.paid_at) == (INVOICED, "OVERDUE, PAID", None)
    assert (paid.payment, paid.commission) == (PAID, Money(Decimal("100.00"), "USD"))
    assert paid.paid_at == datetime(2024, 10, 1, 7, tzinfo=UTC)
    assert unknown.word == "FORGIVEN"


def self_bill(**changes: Any) -> ReportedPayout | BadRow:
    document = json.loads((SAMPLES / "partnerize_selfbill.json").read_text())
    document["selfbills"][0]["selfbill"] |= changes
    api = cast("Api", network("partnerize").api)
    assert api.read_payouts is not None
    return next(api.read_payouts(json.dumps(document).encode(), Reading()))


def test_partnerizes_own_example_of_a_self_bill() -> None:
    bill = self_bill()
    assert isinstance(bill, ReportedPayout)
    assert (bill.external_id, bill.number, bill.publisher_ref) == ("1011l5403", "S-1l1007802-1011l5403", "1l1007802")
    assert (bill.payment, bill.raw_status, bill.paid_at) == (INVOICED, "created", None)
    assert bill.commission == bill.net == Money(Decimal("430.17"), "GBP")
    assert bill.vat == bill.withheld == Money(Decimal(0), "GBP")
    assert bill.issued_at == datetime(2012, 7, 25, 14, 22, 35, tzinfo=UTC)


def test_vat_and_withheld_tax_of_a_self_bill_lead_to_what_arrives() -> None:
    bill = self_bill(vat_value=86.03, withheld_tax=21.51, total_value=516.20, payment_date="2012-08-01 09:00:00")
    assert isinstance(bill, ReportedPayout)
    assert bill.net == Money(Decimal("494.69"), "GBP")
    assert (bill.payment, bill.paid_at) == (PAID, datetime(2012, 8, 1, 9, tzinfo=UTC))
    assert self_bill(vat_value=86.03, withheld_tax=21.51, total_value=494.69) != bill  # not paid; the same amounts


def test_a_self_bill_that_does_not_add_up_or_is_in_an_unknown_state_is_set_aside() -> None:
    for changes, said in (
        ({"total_value": 430.18}, "make 430.17"),
        ({"status": "disputed"}, "'disputed', an unknown word"),
        ({"selfbill_currency": None}, "currency"),
    ):
        bill = self_bill(**changes)
        assert isinstance(bill, BadRow)
        assert said in bill.reason


@of("cj", "rakuten", "skimlinks")
def test_networks_that_document_no_payouts_are_not_asked_for_any(asking: Asking) -> None:
    assert asking.api.payouts is None


# ---- programmes -----------------------------------------------------------------------------------------------------


def test_programmes_come_with_what_each_network_tells_of_them(asking: Asking) -> None:
    api = asking.api
    assert api.programmes is not None
    assert api.read_programmes is not None
    rows = [row for page in api.programmes(asking.ask()) for row in api.read_programmes(page.content, asking.reading)]
    found = {row.name: row for row in rows if isinstance(row, ReportedProgramme)}
    assert set(found) == {each.name for each in ADVERTISERS}
    assert len(rows) == len(ADVERTISERS)
    frocks = found["Marlpool Frocks"]
    assert frocks.joined
    assert frocks.advertiser_ref.endswith("1001")
    hosts, rate, parameters = _TOLD[asking.key]
    assert (frocks.hosts, frocks.rate, dict(frocks.parameters)) == (hosts, rate, parameters)
    others_joined = asking.key not in ("rakuten", "partnerize")
    assert found["Maison Plume"].joined is others_joined


_HOST = "marlpoolfrocks.example"
_TOLD: dict[str, tuple[tuple[str, ...], Decimal | None, dict[str, str]]] = {
    "impact": ((_HOST,), None, {"host": "1001.sjv.io", "ad_id": "506720"}),
    "cj": ((_HOST,), Decimal("0.08"), {}),
    "rakuten": ((), None, {}),
    "skimlinks": ((_HOST, f"shop.{_HOST}"), Decimal("0.08"), {}),
    "partnerize": ((f"www.{_HOST}",), None, {"camref": "111111l1001"}),
}


def test_an_answer_of_cj_that_is_no_list_of_advertisers_is_refused() -> None:
    api = cast("Api", network("cj").api)
    assert api.read_programmes is not None
    for content in (
        b"",
        b"<cj-api>",
        b"<cj-api><error-message>Not so</error-message></cj-api>",
        b"<!DOCTYPE a []><a/>",
    ):
        with pytest.raises(UnreadableFile):
            list(api.read_programmes(content, Reading()))


# ---- whatever comes -------------------------------------------------------------------------------------------------

ODD: list[Any] = [None, "", "x", 7, -1, True, 10**400, [], {}, [None], {"a": 1}, "\x00", "2026-13-45", "1e999"]


def reads_of(asking: Asking) -> Iterator[tuple[Any, Any]]:
    """Every document that the API gives, with what reads it."""
    asking.server.now = LATER
    api, window = asking.api, Window(LATER - timedelta(days=20), LATER)
    asking.server.history = history(5, window.first, LATER - timedelta(days=1), a_day=0.3)
    for page in api.transactions(asking.ask(), window, TRANSACTION):
        yield page.content, lambda content: asking.read([Page(content)])
    if api.payouts and (read_payouts := api.read_payouts):
        asking.server.history = history(5, FIRST, FIRST + timedelta(days=3), a_day=2)
        for page in api.payouts(asking.ask(), Window(FIRST, LATER)):
            yield page.content, lambda content: list(read_payouts(content, asking.reading))
    if asking.key != "cj" and api.programmes and (read_programmes := api.read_programmes):
        for page in api.programmes(asking.ask()):
            yield page.content, lambda content: list(read_programmes(content, asking.reading))


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for name, value in inside:
        yield from places(value, (*path, name))


def test_whatever_stands_in_an_answer_is_read_set_aside_or_refused(asking: Asking) -> None:
    chance = random.Random(11)
    for content, read in list(reads_of(asking)):
        everywhere = list(places(json.loads(content)))
        for _ in range(250):
            document, path = json.loads(content), chance.choice(everywhere)
            at(document, path[:-1])[path[-1]] = chance.choice(ODD)
            try:
                read(json.dumps(document).encode())
            except UnreadableFile:
                continue


# ---- providers' own examples ----------------------------------------------------------------------------------------


def test_partnerizes_own_example_of_a_conversion() -> None:
    report = read_as("partnerize", (SAMPLES / "partnerize_conversion.json").read_bytes(), Reading())
    (row,) = report.good
    assert (row.external_id, row.line_id, row.publisher_ref) == ("111111l314", "111111l314", "111111l92")
    assert (row.advertiser_ref, row.advertiser_name) == ("111111l29", "rubycampaignsuvwlynm")
    assert (row.status, row.payment, row.kind) == (PENDING, UNPAID, "sale")
    assert (row.commission, row.sale) == (Money(Decimal("95.5"), "EUR"), Money(Decimal(955), "EUR"))
    assert row.transaction_at == datetime(2020, 3, 8, 17, 18, 33, tzinfo=UTC)
    assert row.sub_ids == ("adrefd",)
    assert "customer_reference" not in row.payload
    assert "referer_ip" not in row.payload


def test_an_export_of_partnerize_that_names_self_bill_and_reference_says_what_the_report_says() -> None:
    header, line = (SAMPLES / "partnerize_conversion_item.csv").read_text().splitlines()[:2]
    content = f"{header},publisher_reference,publisher_self_bill_id\n{line},a0123456789x,1011l5403\n".encode()
    (row,) = read_as("partnerize", content, Reading()).good
    assert (row.sub_ids, row.payment, row.payout_ref) == (("a0123456789x",), INVOICED, "1011l5403")
    (row,) = read_as("partnerize", f"{header}\n{line}\n".encode(), Reading()).good
    assert (row.sub_ids, row.payment, row.payout_ref) == ((), UNPAID, None)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"[]", b"<html></html>"])
def test_another_file_than_partnerizes_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read_as("partnerize", content, Reading())


def partnerize(**changes: Any) -> Any:
    document = json.loads((SAMPLES / "partnerize_conversion.json").read_text())
    document["conversions"][0]["conversion_data"] |= changes
    return read_as("partnerize", json.dumps(document).encode(), Reading())


def test_an_order_with_mixed_items_is_as_many_rows_as_it_has_items() -> None:
    (item,) = json.loads((SAMPLES / "partnerize_conversion.json").read_text())["conversions"][0]["conversion_data"][
        "conversion_items"
    ]
    items = [
        {**item, "conversion_item_id": "a", "item_status": "approved", "publisher_self_bill_id": "1011l5403"},
        {**item, "conversion_item_id": "b", "item_status": "rejected", "reject_reason": "returned"},
    ]
    report = partnerize(conversion_items=items, conversion_value={"conversion_status": "mixed"})
    assert [(row.line_id, row.status, row.payment, row.payout_ref, row.reason) for row in report.good] == [
        ("a", APPROVED, INVOICED, "1011l5403", None),
        ("b", DECLINED, UNPAID, None, "returned"),
    ]


def test_an_order_without_items_is_set_aside_since_its_own_status_may_mean_several() -> None:
    without: list[Any] = [None, [], "none"]
    for items in without:
        report = partnerize(conversion_items=items)
        assert (len(report.good), len(report.bad)) == (0, 1)
        assert "conversion_items" in report.bad[0].reason


def skimlinks(**details: Any) -> ReportedTransaction:
    document = json.loads((SAMPLES / "skimlinks_commission_report.json").read_text())
    document["commissions"][0]["transaction_details"] |= details
    (row,) = read_as("skimlinks", json.dumps(document).encode(), Reading()).good
    return row


def test_skimlinks_own_example_of_a_commission() -> None:
    row = skimlinks()
    assert (row.external_id, row.publisher_ref, row.advertiser_ref) == ("123", "1X2", "124")
    assert (row.status, row.raw_status, row.payment, row.kind) == (APPROVED, "active", PAID, "cpc")
    assert (row.commission, row.sale) == (Money(Decimal("0.35"), "GBP"), Money(Decimal("8.69"), "GBP"))
    assert row.transaction_at == datetime(2017, 3, 1, 15, 15, tzinfo=UTC)


def test_skimlinks_does_not_tell_agreement_so_what_is_active_stays_pending_until_it_is_paid() -> None:
    assert (skimlinks(payment_status="unpaid").status, skimlinks(payment_status="unpaid").payment) == (PENDING, UNPAID)
    invoiced = skimlinks(payment_status="unpaid", invoice_id="77")
    assert (invoiced.status, invoiced.payment, invoiced.payout_ref) == (PENDING, INVOICED, "77")
    assert skimlinks(status="cancelled", payment_status="unpaid").status == DECLINED


def test_an_advertiser_that_skimlinks_numbers_otherwise_is_told_apart() -> None:
    document = json.loads((SAMPLES / "skimlinks_commission_report.json").read_text())
    del document["commissions"][0]["merchant_details"]["advertiser_id"]
    (row,) = read_as("skimlinks", json.dumps(document).encode(), Reading()).good
    assert row.advertiser_ref == "merchant:8212"


def test_a_correction_of_cj_keeps_its_reason_and_names_the_action() -> None:
    sales = history(3, FIRST, NOW, a_day=6)
    with CjServer(sales, NOW) as server:
        corrections = [row for row in Asking("cj", server, []).rows() if row.commission.amount < 0]
    assert corrections
    assert {row.reason for row in corrections} == {"RETURNED_MERCHANDISE"}
    assert all(row.original_ref for row in corrections)


def test_all_of_an_account_belongs_to_it_where_a_row_names_no_site() -> None:
    sales = history(3, FIRST, NOW, a_day=20)
    with CjServer(sales, NOW) as server:
        rows = Asking("cj", server, []).rows()
        assert any(row.kind == "bonus" for row in rows)
        assert {row.publisher_ref for row in rows} == {server.publisher}
