"""Filling an empty data folder: everything comes through the doors of real use, and all figures agree."""

import stat
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from affiliate.clicks.count import count
from affiliate.commissions.importing import reading_of
from affiliate.commissions.maps import find_map
from affiliate.demo.filling import fill
from affiliate.demo.logins import login_text
from affiliate.demo.network_files import THREADMILL, TIME_ZONE
from affiliate.demo.newsdesk import STORIES
from affiliate.demo.world import ACCOUNTS
from affiliate.errors import Conflict
from affiliate.ids import is_placement_token
from affiliate.links.library import add_link
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import find_site, site_keys
from affiliate.networks.base import ReportedTransaction
from affiliate.reports.commissions import commissions_report
from affiliate.store import tables
from affiliate.store.tables import (
    Advertiser,
    Article,
    ArticleDisclosure,
    Click,
    ClickContext,
    ClickOrigin,
    Entity,
    ImportRun,
    Link,
    LinkPath,
    Placement,
    Programme,
    QuarantinedRow,
    Site,
    Transaction,
    TransactionVersion,
    User,
)
from affiliate.web.accounts import check_password
from tests.demo.conftest import TODAY, Newsroom, filled, open_empty
from tests.networks.reports import read_as


def test_two_companies_with_two_currencies_have_a_site_each(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        companies = session.execute(
            select(Entity.base_currency, Site.jurisdiction, Site.time_zone, Site.language)
            .join(Site, Site.entity_id == Entity.id)
            .order_by(Entity.id)
        ).all()
    assert [tuple(row) for row in companies] == [
        ("GBP", "uk", "Europe/London", "en-GB"),
        ("USD", "us", "America/New_York", "en-US"),
    ]


def test_the_partywear_story_earns_on_fourteen_links_of_nine_advertisers(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        rows = session.execute(
            select(Placement.token, Programme.network, Advertiser.name)
            .join(Article, Article.id == Placement.article_id)
            .join(Link, Link.id == Placement.link_id)
            .join(Programme, Programme.id == Link.programme_id)
            .join(Advertiser, Advertiser.id == Programme.advertiser_id)
            .where(Article.title.like("Written in stone%"), Placement.removed_at.is_(None))
        ).all()
    assert len(rows) == 14
    assert len({row.name for row in rows}) == 9
    assert {row.network for row in rows} == {"awin", "rakuten", "impact", "cj", "template"}


def test_the_bereavement_story_is_byte_for_byte_as_written_and_has_no_placement(newsroom: Newsroom) -> None:
    written = next(story.html for story in STORIES if "bereavement" in story.tags)
    with newsroom.app.store.reading() as session:
        article = session.scalars(select(Article).where(Article.title.like("Hettie%"))).one()
        placements = session.scalar(select(func.count(Placement.id)).where(Placement.article_id == article.id))
    assert article.html == written
    assert placements == 0


def test_a_disclosure_stands_where_paid_links_are_and_nowhere_else(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        rows = session.execute(
            select(Article.html, ArticleDisclosure.state, ArticleDisclosure.paid_links, Site.jurisdiction)
            .join(ArticleDisclosure, ArticleDisclosure.article_id == Article.id)
            .join(Site, Site.id == Article.site_id)
        ).all()
    assert len(rows) == len(STORIES)
    for row in rows:
        html = row.html or ""
        assert html.count('rel="sponsored nofollow"') == row.paid_links == html.count("/go/")
        if row.paid_links:
            assert row.state == "present"
            assert 0 <= html.find("data-affiliate-disclosure") < html.find("/go/")
            assert ("marked Ad." if row.jurisdiction == "uk" else "links in this article.") in html
        else:
            assert row.state == "not-needed"
            assert "data-affiliate" not in html


def test_every_click_was_a_redirect_and_all_of_them_are_loaded(newsroom: Newsroom) -> None:
    statuses = Counter(answer.status for answer in newsroom.answers)
    with newsroom.app.store.reading() as session:
        counts = count(session)
        classes = set(session.scalars(select(Click.click_class).distinct()))
        reasons = set(session.scalars(select(ClickOrigin.fallback_reason)))
    assert statuses == {"302 Found": counts.raw, "503 Service Unavailable": statuses["503 Service Unavailable"]}
    assert 0 < statuses["503 Service Unavailable"] < counts.raw / 20  # prefetches, which are no clicks
    assert counts.raw > 3_000
    assert 0 < counts.network_comparable < counts.human < counts.raw
    assert classes == {"human", "bot", "preview", "duplicate", "internal"}
    assert reasons == {""}
    assert not list(newsroom.app.settings.journal_dir.glob("*.clicks"))


def test_every_click_stands_at_its_article_and_has_a_time_before_now(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        without = session.scalar(select(func.count(ClickContext.id)).where(ClickContext.article_id.is_(None)))
        first, last = session.execute(select(func.min(Click.at), func.max(Click.at))).one()
    assert without == 0
    assert first < last < TODAY


def newest_rows(newsroom: Newsroom) -> list[ReportedTransaction]:
    """What the networks said last of every transaction, read from their files without the importer."""
    newest: dict[tuple[str, str, str], ReportedTransaction] = {}
    with newsroom.app.store.reading() as session:
        for path in sorted(newsroom.files.iterdir()):
            account = next(each for each in ACCOUNTS if path.stem.endswith(f"{each.network}-{each.title}"))
            columns = find_map(session, THREADMILL) if path.suffix == ".csv" else None
            reading = reading_of(
                session, account.network, publisher_ref=account.ref, time_zone=TIME_ZONE, columns=columns
            )
            for row in read_as(account.network, path.read_bytes(), reading).good:
                newest[account.ref, row.external_id, row.line_id] = row
    return list(newest.values())


def test_the_ledger_adds_up_to_the_newest_rows_of_the_networks_files(newsroom: Newsroom) -> None:
    expected: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    rows = newest_rows(newsroom)
    for row in rows:
        expected[row.status, row.payment, row.commission.currency] += row.commission.amount
    said = (TransactionVersion.status, TransactionVersion.payment, TransactionVersion.currency)
    with newsroom.app.store.reading() as session:
        stored = session.execute(
            select(*said, func.sum(TransactionVersion.commission))
            .join(Transaction, Transaction.current_version_id == TransactionVersion.id)
            .group_by(*said)
        ).all()
        assert session.scalar(select(func.count(Transaction.id))) == len(rows)
    assert {(line[0], line[1], line[2]): line[3] for line in stored} == expected
    assert {currency for _, _, currency in expected} == {"GBP", "EUR", "USD"}


@pytest.mark.parametrize("by", ["article", "advertiser", "network", "author", "link"])
def test_the_report_s_totals_are_those_of_the_networks_files_and_of_the_clicks(newsroom: Newsroom, by: str) -> None:
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in newest_rows(newsroom):
        expected[row.commission.currency][row.status] += 1
        amounts[row.commission.currency, row.status] += row.commission.amount
    with newsroom.app.store.reading() as session:
        report = commissions_report(
            session,
            first=date(2026, 9, 1),
            until=date(2026, 12, 1),
            by=by,
            time_zone="Europe/London",
            now=TODAY,
        ).as_json()
        humans = count(session).human
    assert {total["currency"] for total in report["totals"]} == set(expected)
    for total in report["totals"]:
        assert total["clicks"] == humans
        for status in ("pending", "approved", "declined"):
            assert total[f"transactions_{status}"] == expected[total["currency"]][status]
            assert Decimal(total[f"commission_{status}"]) == amounts[total["currency"], status]
            rows = [row for row in report["rows"] if row["currency"] == total["currency"]]
            assert sum(row[f"transactions_{status}"] for row in rows) == total[f"transactions_{status}"]


def test_later_reports_amend_earlier_ones_and_repeat_without_effect(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        runs = session.scalars(select(ImportRun).order_by(ImportRun.id)).all()
        statuses = set(session.scalars(select(TransactionVersion.status).distinct()))
        payments = set(session.scalars(select(TransactionVersion.payment).distinct()))
        lowered = session.scalar(
            select(func.count(Transaction.id)).where(
                Transaction.id.in_(
                    select(TransactionVersion.transaction_id)
                    .where(TransactionVersion.status != "declined")
                    .group_by(TransactionVersion.transaction_id)
                    .having(func.min(TransactionVersion.commission) < func.max(TransactionVersion.commission))
                )
            )
        )
    assert {run.network for run in runs} == {"awin", "rakuten", "impact", "cj", "template"}
    assert [run.as_of for run in runs] == sorted(run.as_of for run in runs)
    assert all(run.as_of < run.recorded_at < TODAY for run in runs)
    assert sum(run.amended for run in runs) > 50
    assert sum(run.unchanged for run in runs) > 50
    assert statuses == {"pending", "approved", "declined"}
    assert payments == {"unpaid", "invoiced", "paid"}
    assert lowered


def test_coverage_is_high_and_not_complete(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        rows = session.execute(select(Transaction.attribution, func.count()).group_by(Transaction.attribution)).all()
        humans = count(session).human
    found = {row[0]: row[1] for row in rows}
    assert set(found) == {"sub-id", "none", "foreign"}
    assert 0.85 < found["sub-id"] / sum(found.values()) < 0.97
    assert 0.02 < sum(found.values()) / humans < 0.045


def test_a_sale_follows_the_click_that_led_to_it(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        transactions = session.scalars(select(Transaction).where(Transaction.placement_id.is_not(None))).all()
        for transaction in transactions:
            assert transaction.placement is not None
            assert is_placement_token(transaction.sub_id or "")
            assert transaction.programme_id == transaction.placement.link.programme_id
            assert transaction.click_at is None or transaction.click_at < transaction.transaction_at


def test_the_quarantine_has_an_unknown_word_and_a_missing_currency(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        reasons = sorted(session.scalars(select(QuarantinedRow.reason)))
    assert len(reasons) == 2
    assert "currency is missing" in reasons[0]
    assert "'queried', an unknown word" in reasons[1]


def test_nothing_was_left_to_be_completed_or_to_be_read_from_the_internet(newsroom: Newsroom) -> None:
    with newsroom.app.store.reading() as session:
        assert session.scalar(select(func.count(Programme.id)).where(Programme.to_be_completed)) == 0
        assert session.scalar(select(func.count(Advertiser.id))) == 9
        assert session.scalar(select(func.count(tables.Job.id)).where(tables.Job.done_at.is_(None))) == 0


def test_the_log_ins_work_and_only_the_owner_can_read_them(newsroom: Newsroom) -> None:
    folder = newsroom.app.settings.data_dir
    text = login_text(folder)
    assert text is not None
    assert stat.S_IMODE((folder / "demo-login.txt").stat().st_mode) == 0o600
    people = [line.split() for line in text.splitlines()[1:]]
    assert [person[0] for person in people] == ["editor", "finance", "admin"]
    with newsroom.app.store.reading() as session:
        roles = {user.email: user.role for user in session.scalars(select(User))}
    for role, email, password in people:
        assert check_password(newsroom.app.store, email=email, password=password) is not None
        assert roles[email] == role


def test_a_folder_without_a_demo_has_no_log_ins(tmp_path: Path) -> None:
    assert login_text(tmp_path) is None


def test_a_second_call_changes_nothing_and_prints_the_log_ins_again(
    newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _fingerprint(newsroom)
    fill(newsroom.app)
    assert _fingerprint(newsroom) == before
    assert (login_text(newsroom.app.settings.data_dir) or "no log-ins") in capsys.readouterr().out


def test_a_database_with_links_of_its_own_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = open_empty(tmp_path)
    with app.store.transaction() as session:
        add_account(session, "awin", "9990000099", now=TODAY)
        add_programme(
            session, network="awin", advertiser_ref="9990000199", name="Shop", hosts=["shop.example"], now=TODAY
        )
        add_link(session, site=find_site(session), url="https://shop.example/one", name="One", now=TODAY)
    fill(app)
    with app.store.reading() as session:
        assert session.scalar(select(func.count(Link.id))) == 1
        assert site_keys(session) == ["default"]
    assert "nothing was added" in capsys.readouterr().out
    app.store.close()


def test_a_filling_that_was_cut_short_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_empty(tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("affiliate.demo.filling._click", killed)
    with pytest.raises(KeyboardInterrupt):
        fill(app)
    with pytest.raises(Conflict, match="Delete what is in that folder"):
        fill(app)
    app.store.close()


def test_the_same_day_makes_the_same_newsroom_in_another_folder_and_another_database(
    newsroom: Newsroom, tmp_path: Path, postgres_url: Callable[[], str]
) -> None:
    other = filled(tmp_path, postgres_url())
    assert _fingerprint(other) == _fingerprint(newsroom)
    other.app.store.close()


def _fingerprint(newsroom: Newsroom) -> tuple[object, ...]:
    """What must be equal for the same clock: all but tokens, passwords and what is made of them."""
    with newsroom.app.store.reading() as session:
        version = TransactionVersion
        return (
            sorted(session.scalars(select(LinkPath.path))),
            sorted((row.at, row.click_class, row.context.link_id) for row in session.scalars(select(Click))),
            sorted(
                (row.external_id, row.number, row.status, row.commission, row.currency)
                for row in session.execute(
                    select(
                        Transaction.external_id, version.number, version.status, version.commission, version.currency
                    ).join(version, version.transaction_id == Transaction.id)
                )
            ),
            sorted(session.scalars(select(ImportRun.file_name))),
            session.scalar(select(func.count(Placement.id))),
            session.scalar(select(func.count(User.id))),
        )
