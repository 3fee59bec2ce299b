"""Networks' messages as they come over HTTP: who is let in, what is kept, what it does to the ledger."""

import hashlib
import hmac
import io
import json
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from affiliate.commissions.importing import import_transactions
from affiliate.commissions.maps import save_map
from affiliate.commissions.postbacks import Secrets, book
from affiliate.commissions.runs import list_runs, show_run
from affiliate.links.programmes import add_account
from affiliate.store import Store
from affiliate.store.tables import Postback, PublisherAccount, Pull, Transaction, TransactionVersion
from affiliate.web import Services, create_app
from affiliate.web import postbacks as door
from affiliate.web.throttle import Throttle
from tests.commissions.sheets import awin_file, awin_row
from tests.conftest import NOW, HandClock

SECRET = "a-secret-of-the-sender-0123456789"
KEY = "a-key-in-the-address-0123456789"
OURS = "426667"
SECRETS = {
    ("awin", OURS): Secrets(secret=SECRET),
    ("impact", "3000"): Secrets(secret=SECRET),
    ("awin", "555"): Secrets(key=KEY),
    ("template", "7"): Secrets(key=KEY),
    ("awin", "short"): Secrets(key="too-short"),
    ("cj", "nowhere"): Secrets(key=KEY),
}


@pytest.fixture
def client(services: Services) -> FlaskClient:
    given = Services(
        store=services.store,
        clock=services.clock,
        publish=services.publish,
        publish_hosts=services.publish_hosts,
        session_key="a key for tests",
        postback_secrets=lambda network, ref: SECRETS.get((network, ref), Secrets()),
    )
    with services.store.transaction() as session:
        for network, ref in (("awin", OURS), ("impact", "3000"), ("awin", "555"), ("template", "7"), ("awin", "short")):
            add_account(session, network, ref, currency="GBP", now=NOW)
    app: APIFlask = create_app(given)
    app.config.update(TESTING=True)
    return app.test_client()


def signature(body: bytes, at: datetime = NOW, secret: str = SECRET) -> str:
    seconds = int(at.timestamp())
    return f"t={seconds},v1={hmac.new(secret.encode(), b'%d.' % seconds + body, hashlib.sha256).hexdigest()}"


def post(
    client: FlaskClient,
    message: object,
    *,
    at: datetime = NOW,
    network: str = "awin",
    account: str = OURS,
    signed: str | None = None,
    content_type: str = "application/json",
) -> TestResponse:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return client.post(
        f"/api/v1/postback/{network}",
        query_string={"account": account},
        data=body,
        content_type=content_type,
        headers={"X-Affiliate-Signature": signature(body, at) if signed is None else signed},
    )


def kept(store: Store, table: Any = Postback) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def statuses(store: Store) -> list[tuple[str, str]]:
    """(transaction, its current status)."""
    with store.reading() as session:
        rows = session.execute(
            select(Transaction.external_id, TransactionVersion.status)
            .join(TransactionVersion, TransactionVersion.id == Transaction.current_version_id)
            .order_by(Transaction.external_id)
        )
        return [(row.external_id, row.status) for row in rows]


# ---- what a message does --------------------------------------------------------------------------------------------


def test_a_signed_row_of_the_networks_own_report_is_booked_once_in_a_run_of_its_own(
    client: FlaskClient, services: Services
) -> None:
    answer = post(client, awin_row(1))
    assert (answer.status_code, answer.json) == (202, {"status": "received"})
    assert kept(services.store, Transaction) == 0  # the sender does not wait for the ledger
    booked = book(services.store, now=NOW)
    assert (booked.messages, len(booked.runs)) == (1, 1)
    assert statuses(services.store) == [("1", "pending")]
    with services.store.reading() as session:
        (run,) = list_runs(session)
    assert (run.network, run.new, run.as_of) == ("awin", 1, NOW)
    assert book(services.store, now=NOW).messages == 0


def test_a_message_that_comes_again_is_known_before_and_after_it_was_booked(
    client: FlaskClient, services: Services
) -> None:
    post(client, awin_row(1))
    again = post(client, awin_row(1))
    assert (again.status_code, again.json) == (200, {"status": "known"})
    book(services.store, now=NOW)
    assert post(client, awin_row(1)).status_code == 200
    assert book(services.store, now=NOW).messages == 0
    assert kept(services.store) == 1


def test_messages_that_overtook_each_other_end_in_what_was_said_last(
    client: FlaskClient, services: Services, clock: HandClock
) -> None:
    later, earlier = awin_row(1, commissionStatus="approved"), awin_row(1)
    post(client, later, at=NOW - timedelta(seconds=10))
    book(services.store, now=NOW)
    post(client, earlier, at=NOW - timedelta(seconds=90))
    clock.forward(seconds=30)
    book(services.store, now=clock())
    assert statuses(services.store) == [("1", "approved")]
    assert kept(services.store, TransactionVersion) == 2


def test_a_status_that_goes_back_is_a_new_message_when_it_is_signed_anew(
    client: FlaskClient, services: Services, clock: HandClock
) -> None:
    for status in ("pending", "approved", "pending"):
        assert post(client, awin_row(1, commissionStatus=status), at=clock()).status_code == 202
        clock.forward(seconds=20)
    booked = book(services.store, now=clock())
    assert len(booked.runs) == 3  # one run says one thing of a transaction
    assert statuses(services.store) == [("1", "pending")]
    assert kept(services.store, TransactionVersion) == 3


def test_messages_about_several_transactions_are_one_run(client: FlaskClient, services: Services) -> None:
    for number in range(5):
        post(client, awin_row(number))
    assert len(book(services.store, now=NOW).runs) == 1
    assert len(statuses(services.store)) == 5


def test_a_pull_made_after_a_message_wins_over_it(client: FlaskClient, services: Services, clock: HandClock) -> None:
    post(client, awin_row(1, commissionStatus="approved"))
    clock.forward(minutes=1)
    with services.store.transaction() as session:
        file = awin_file(awin_row(1, commissionStatus="declined"))
        import_transactions(session, network="awin", file_name="pulled", content=file, now=clock())
    clock.forward(minutes=1)
    book(services.store, now=clock())
    assert statuses(services.store) == [("1", "declined")]


def test_a_bad_row_is_quarantined_whole_and_hides_no_good_one(client: FlaskClient, services: Services) -> None:
    post(client, awin_row(1, commissionStatus="parked"))
    post(client, awin_row(2))
    book(services.store, now=NOW)
    with services.store.reading() as session:
        (aside,) = show_run(session, 1).set_aside
    assert "'parked', an unknown word" in aside.reason
    assert statuses(services.store) == [("2", "pending")]


def test_a_message_that_names_another_account_than_it_proves_is_set_aside(
    client: FlaskClient, services: Services
) -> None:
    post(client, awin_row(1, publisherId=555))
    book(services.store, now=NOW)
    with services.store.reading() as session:
        (aside,) = show_run(session, 1).set_aside
    assert aside.reason == f"It names the account 555, but came with the proof of {OURS}."
    assert statuses(services.store) == []


def test_personal_data_is_dropped_before_a_message_is_kept(client: FlaskClient, services: Services) -> None:
    post(client, {**awin_row(1), "ip": "203.0.113.9", "customerName": "Imogen", "nested": [{"email": "i@x.example"}]})
    with services.store.reading() as session:
        payload = session.scalars(select(Postback.payload)).one()
    assert "203.0.113.9" not in payload
    assert "Imogen" not in payload
    assert "i@x.example" not in payload


# ---- addresses with a key, maps, hints ------------------------------------------------------------------------------


def with_key(client: FlaskClient, network: str = "awin", account: str = "555", key: str = KEY, **options: Any) -> Any:
    fields = options.pop("fields", {})
    query = {"account": account, "key": key, **fields}
    return client.post(f"/api/v1/postback/{network}", query_string=query, **options)


def test_a_form_and_macros_in_an_address_are_read_by_the_accounts_column_map(
    client: FlaskClient, services: Services
) -> None:
    columns = {
        "external_id": "order.id",
        "advertiser": "shop",
        "status": "state",
        "commission": "paid",
        "transaction_at": "when",
    }
    with services.store.transaction() as session:
        save_map(session, "postback-template-7", columns, now=NOW)
    fields = {"order.id": "A-1", "shop": "77", "state": "approved", "paid": "4.20", "when": "2026-11-20T10:00:00"}
    assert with_key(client, "generic", "7", fields=fields).status_code == 202
    assert with_key(client, "generic", "7", fields=fields).status_code == 200
    assert with_key(client, "generic", "7", data={**fields, "order.id": "A-2"}).status_code == 202
    nested = {**fields, "order": {"id": "A-3"}}
    del nested["order.id"]
    assert with_key(client, "generic", "7", json=nested).status_code == 202
    book(services.store, now=NOW)
    assert statuses(services.store) == [("A-1", "approved"), ("A-2", "approved"), ("A-3", "approved")]


def test_without_a_map_a_message_of_an_unread_network_is_set_aside_with_the_maps_name(
    client: FlaskClient, services: Services
) -> None:
    with_key(client, "template", "7", fields={"a": "1"})
    book(services.store, now=NOW)
    with services.store.reading() as session:
        (aside,) = show_run(session, 1).set_aside
    assert aside.reason == "Nothing says how to read it: save a column map named postback-template-7."


def awin_notification(number: int, when: str = "2026-11-20 11:59:00") -> dict[str, str]:
    """As help.awin.com/developers/docs/transaction-notifications shows it."""
    pushed = {"transactionId": str(number), "transactionDate": when, "commission": "1.64", "ip": "203.0.113.9"}
    return {"AwinTransactionPush": json.dumps({**pushed, "affiliateId": "555", "transactionCurrency": "GBP"})}


def test_awins_notification_is_a_hint_and_asks_for_its_day_at_most_every_quarter_of_an_hour(
    client: FlaskClient, services: Services, clock: HandClock
) -> None:
    assert with_key(client, data=awin_notification(1)).status_code == 202
    assert with_key(client, data=awin_notification(2)).status_code == 202
    assert with_key(client, data=awin_notification(3, "2026-11-18 23:10:00")).status_code == 202
    with services.store.reading() as session:
        assert set(session.scalars(select(Postback.payload))) == {"{}"}
    booked = book(services.store, now=clock())
    assert (booked.messages, booked.runs, booked.days) == (3, (), 2)
    with_key(client, data=awin_notification(4))
    assert book(services.store, now=clock()).days == 0
    clock.forward(minutes=16)
    assert book(services.store, now=clock()).days == 1
    assert kept(services.store, Transaction) == 0
    with services.store.reading() as session:
        windows = session.execute(select(Pull.first, Pull.until, Pull.basis, Pull.state).order_by(Pull.id)).all()
    day = NOW.replace(hour=0)
    assert (day, day + timedelta(days=1), "transaction", "waiting") in [tuple(window) for window in windows]
    assert len(windows) == 3


def test_a_broken_notification_is_refused_whole(client: FlaskClient, services: Services) -> None:
    assert with_key(client, data={"AwinTransactionPush": "{"}).status_code == 422
    assert with_key(client, data=awin_notification(1, "yesterday")).status_code == 422
    assert kept(services.store) == 0


# ---- hostile messages -----------------------------------------------------------------------------------------------


def refused(client: FlaskClient, services: Services, answer: TestResponse, status: int, said: str) -> None:
    assert answer.status_code == status, answer.text
    assert said in (answer.json or {})["error"]["message"]
    assert SECRET not in answer.text
    assert KEY not in answer.text
    assert kept(services.store) == 0


@pytest.mark.parametrize(
    "signed",
    [
        signature(b'{"another": "body"}'),
        signature(json.dumps(awin_row(1)).encode(), secret="another-secret-0123456789"),
        signature(json.dumps(awin_row(1)).encode()).replace("t=", "t=1"),
        signature(json.dumps(awin_row(1)).encode()).upper(),
        f"t={int(NOW.timestamp())}",
        "v1=00",
        "t=abc,v1=00",
        "t=99999999999999999999,v1=00",
        "t=1,t=2,v1=00",
        "t=-5,v1=é",
        ",,,===",
        "",
    ],
)
def test_a_wrong_signature_is_refused_and_nothing_is_kept(client: FlaskClient, services: Services, signed: str) -> None:
    refused(client, services, post(client, awin_row(1), signed=signed), 403, "The message was not taken: ")


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365, 60 * 24 * 365])
def test_a_signature_from_another_time_is_refused_with_our_clock(
    client: FlaskClient, services: Services, minutes: int
) -> None:
    answer = post(client, awin_row(1), at=NOW + timedelta(minutes=minutes))
    refused(client, services, answer, 403, "our clock, which shows 2026-11-20 12:00:00 UTC")


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_by_minutes_and_no_message_is_from_the_future(
    client: FlaskClient, services: Services, minutes: int
) -> None:
    assert post(client, awin_row(1), at=NOW + timedelta(minutes=minutes)).status_code == 202
    book(services.store, now=NOW)
    assert statuses(services.store) == [("1", "pending")]


def test_a_message_replayed_later_is_too_old(client: FlaskClient, services: Services, clock: HandClock) -> None:
    body = awin_row(1)
    signed = signature(json.dumps(body).encode())
    clock.forward(minutes=6)
    refused(client, services, post(client, body, signed=signed), 403, "it was signed 0:06:00 away")


def test_a_message_for_one_account_or_network_is_none_for_another_even_under_the_same_secret(
    client: FlaskClient, services: Services
) -> None:
    assert post(client, awin_row(1)).status_code == 202
    assert post(client, awin_row(1), network="impact", account="3000").status_code == 202  # its own, and no replay
    book(services.store, now=NOW)
    assert statuses(services.store) == [("1", "pending")]  # Awin's row is none of impact's: set aside there


@pytest.mark.parametrize("account", ["", "999", "../secret", "x" * 5000, "a\x00b", "ü"])
def test_an_unknown_account_is_refused_like_a_wrong_signature(
    client: FlaskClient, services: Services, account: str
) -> None:
    refused(client, services, post(client, awin_row(1), account=account), 403, "or there is no such account")


def test_an_unknown_network_is_not_found(client: FlaskClient, services: Services) -> None:
    refused(client, services, post(client, awin_row(1), network="nobody"), 404, "There is no network nobody")


def test_an_account_with_secrets_that_the_database_lacks_is_named_to_who_proved_it(
    client: FlaskClient, services: Services
) -> None:
    answer = with_key(client, "cj", "nowhere", fields={"a": "1"})
    refused(client, services, answer, 404, "affiliate account add cj nowhere")


def test_where_a_signature_is_wanted_a_key_does_not_do(client: FlaskClient, services: Services) -> None:
    answer = with_key(client, account=OURS, key=SECRET, fields={"a": "1"})
    refused(client, services, answer, 403, "the header X-Affiliate-Signature is missing")


@pytest.mark.parametrize(
    ("account", "key"), [("555", ""), ("555", KEY[:-1]), ("555", KEY + "x"), ("short", "too-short")]
)
def test_a_wrong_key_and_one_too_short_to_be_safe_are_refused(
    client: FlaskClient, services: Services, account: str, key: str
) -> None:
    refused(client, services, with_key(client, account=account, key=key, fields={"a": "1"}), 403, "not taken")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe\x00",
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 6000 + b"}",
        b"[" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'[{"a": 1}]',
        b'"text"',
        b"null",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_json_object_is_refused_with_400(client: FlaskClient, services: Services, body: bytes) -> None:
    refused(client, services, post(client, body), 400, "message")


def test_a_nesting_that_json_allows_and_no_report_has_is_set_aside(client: FlaskClient, services: Services) -> None:
    body = b'{"id":' + b'{"a":' * 200 + b"1" + b"}" * 201
    assert post(client, body).status_code in (202, 400)
    book(services.store, now=NOW)
    assert statuses(services.store) == []


def test_nul_bytes_and_half_characters_are_kept_escaped_and_set_aside(client: FlaskClient, services: Services) -> None:
    for text in ("a\x00b", "\ud800"):
        assert post(client, awin_row(1, orderRef=text)).status_code == 202
    book(services.store, now=NOW)
    with services.store.reading() as session:
        aside = show_run(session, 1).set_aside
    assert len(aside) == 2
    assert all("damaged" in each.reason for each in aside)


def test_a_field_that_comes_twice_is_refused(client: FlaskClient, services: Services) -> None:
    answer = client.post(f"/api/v1/postback/awin?account=555&key={KEY}&paid=1&paid=100")
    refused(client, services, answer, 400, "'paid' comes twice")


def test_a_message_of_no_fields_is_refused(client: FlaskClient, services: Services) -> None:
    refused(client, services, with_key(client), 422, "The message is empty")


def test_more_than_64_kb_are_refused_unread(client: FlaskClient, services: Services) -> None:
    answer = post(client, b'{"a": "' + b"x" * 70_000 + b'"}')
    refused(client, services, answer, 413, "larger")


@pytest.mark.parametrize(("size", "status"), [(65_536, 202), (65_537, 413), (500_000, 413)])
def test_a_body_of_unknown_length_is_read_no_further_than_that(client: FlaskClient, size: int, status: int) -> None:
    body = b'{"a": "' + b"x" * (size - 9) + b'"}'
    answer = client.post(
        f"/api/v1/postback/awin?account={OURS}",
        input_stream=io.BytesIO(body),
        content_type="application/json",
        headers={"X-Affiliate-Signature": signature(body)},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == status


def test_other_kinds_of_content_are_refused(client: FlaskClient, services: Services) -> None:
    refused(client, services, post(client, awin_row(1), content_type="text/xml"), 415, "as JSON or as a form")


def test_only_post_is_answered(client: FlaskClient) -> None:
    assert client.get(f"/api/v1/postback/awin?account=555&key={KEY}&a=1").status_code == 405


def test_an_account_that_sends_too_much_is_told_to_wait_and_others_are_not(
    client: FlaskClient, services: Services, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.application.extensions["affiliate.postbacks"] = {
        **door.new_throttles(),
        "messages": Throttle(3, timedelta(minutes=1)),
    }
    answers = [post(client, awin_row(number)) for number in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert with_key(client, fields={"transactionId": "1", "transactionDate": "2026-11-20 10:00:00"}).status_code == 202
    clock.forward(seconds=61)
    assert post(client, awin_row(9), at=clock()).status_code == 202


def test_refusals_are_logged_without_any_secret_and_not_by_the_thousand(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(30):
        with_key(client, key="guess-guess-guess-guess")
        post(client, awin_row(1), signed="t=1,v1=00")
    said = [record.getMessage() for record in caplog.records if "was refused" in record.getMessage()]
    assert len(said) == 10
    assert "a message for awin '555' was refused" in said[0]
    assert all(word not in caplog.text for word in (SECRET, KEY, "guess-guess"))


def test_a_database_that_is_away_answers_503_so_that_senders_try_again(
    client: FlaskClient, services: Services, tmp_path: Any
) -> None:
    away = tmp_path / "away"
    away.mkdir()
    given = client.application.extensions["affiliate"]
    client.application.extensions["affiliate"] = Services(
        store=Store(f"sqlite:///{away}"),
        clock=given.clock,
        publish=given.publish,
        publish_hosts=given.publish_hosts,
        session_key="",
        postback_secrets=given.postback_secrets,
    )
    assert post(client, awin_row(1)).status_code == 503
    assert kept(services.store) == 0


def test_no_page_and_no_token_are_needed_and_no_cookie_is_set(client: FlaskClient) -> None:
    answer = post(client, awin_row(1))
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_accounts_name_is_its_own(services: Services, client: FlaskClient) -> None:
    post(client, awin_row(1))
    book(services.store, now=NOW)
    with services.store.reading() as session:
        account = session.scalars(
            select(PublisherAccount.publisher_ref).join(Transaction, Transaction.account_id == PublisherAccount.id)
        ).one()
    assert account == OURS
