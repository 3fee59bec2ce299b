import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from affiliate.clicks.count import MEANINGS
from tests.cli.conftest import Run

PERIOD = ("--from", "2026-11-01", "--to", "2026-12-01")


def awin_row(number: int, sub_id: str, **other: Any) -> dict[str, Any]:
    return {
        "id": number,
        "advertiserId": 88001,
        "publisherId": 99000001,
        "commissionStatus": "pending",
        "commissionAmount": {"amount": 3.6, "currency": "GBP"},
        "saleAmount": {"amount": 45.0, "currency": "GBP"},
        "clickRefs": {"clickRef": sub_id},
        "clickDate": "2026-11-05T10:00:00",
        "transactionDate": "2026-11-05T10:30:00",
        "type": "Commission group transaction",
        "paidToPublisher": False,
        "paymentId": 0,
        **other,
    }


@pytest.fixture(autouse=True)
def _within_the_period() -> Iterator[None]:
    """What pages show is asked for at the end of the period, so what a test publishes must be published before it."""
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        yield


def written(folder: Path, *rows: dict[str, Any]) -> str:
    path = folder / "awin.json"
    path.write_text(json.dumps(rows))
    return str(path)


def placed(newsroom: Run, folder: Path) -> str:
    """Publishes an article with one link; its placement's token."""
    (folder / "a.html").write_text('<h1>Marble</h1><p><a href="https://halden.example/midi">dress</a></p>')
    report = folder / "changes.json"
    newsroom(
        "rewrite", str(folder / "a.html"), "--article-url", "https://mag.example/marble", "--author", "Ana Field",
        "--report", str(report),
    )  # fmt: skip
    token = json.loads(report.read_text())["placements"][0]["token"]
    assert isinstance(token, str)
    return token


def test_a_sale_reaches_the_report_beside_its_article_and_disclosure(newsroom: Run, folder: Path) -> None:
    token = placed(newsroom, folder)
    file = written(folder, awin_row(1, token), awin_row(2, "somebody-elses"))
    first = newsroom("import", "transactions", "awin", file, "--json").json
    assert (first["rows"], first["new"], first["quarantined"]) == (2, 2, [])
    again = newsroom("import", "transactions", "awin", file, "--json").json
    assert (again["new"], again["amended"], again["unchanged"]) == (0, 0, 2)
    report = newsroom("report", "commissions", *PERIOD, "--by", "article", "--format", "json").json
    assert set(report) == {"basis", "rows", "totals", "by_disclosure"}
    row = next(row for row in report["rows"] if row["article"] == "https://mag.example/marble")
    assert (row["transactions"], row["commission_pending"], row["currency"]) == (1, "3.60", "GBP")
    assert (row["title"], row["author"]) == ("Marble", "Ana Field")
    assert row["disclosure"]["state"] == "present"
    assert [total["commission_pending"] for total in report["totals"]] == ["7.20"]
    assert "Ana Field" in newsroom("report", "commissions", *PERIOD, "--by", "author").stdout
    earned = {line["disclosure"]: line["commission_pending"] for line in report["by_disclosure"]}
    assert sum(map(Decimal, earned.values())) == Decimal("7.20")
    assert earned["no-article"] == "3.60"
    for group, pending in earned.items():
        alone = newsroom("report", "commissions", *PERIOD, "--disclosure", group, "--format", "json").json
        assert [total["commission_pending"] for total in alone["totals"]] in ([pending], [])
    assert newsroom("report", "commissions", *PERIOD, "--disclosure", "guilty", code=2).stderr


def test_an_amended_row_is_a_new_version_and_can_be_undone(newsroom: Run, folder: Path) -> None:
    token = placed(newsroom, folder)
    newsroom("import", "transactions", "awin", written(folder, awin_row(1, token)))
    approved = awin_row(1, token, commissionStatus="approved")
    result = newsroom("import", "transactions", "awin", written(folder, approved), "--json").json
    assert result["amended"] == 1

    def figures() -> tuple[str, str]:
        total = newsroom("report", "commissions", *PERIOD, "--format", "json").json["totals"][0]
        return total["commission_pending"], total["commission_approved"]

    assert figures() == ("0.00", "3.60")
    undone = newsroom("import", "undo", str(result["run"]), "--json").json
    assert (undone["transactions"], undone["gone"]) == (1, 0)
    assert figures() == ("3.60", "0.00")
    assert "undone" in newsroom("import", "undo", str(result["run"]), code=1).stderr
    assert [run["undone_at"] is None for run in newsroom("import", "runs", "--json").json] == [False, True]


def test_an_import_works_in_an_empty_database(run: Run, folder: Path) -> None:
    answer = run("import", "transactions", "awin", written(folder, awin_row(1, "x")), "--json").json
    assert answer["new"] == 1
    assert {made["kind"] for made in answer["to_be_completed"]} >= {"programme"}


def test_bad_rows_are_quarantined_and_good_ones_kept(newsroom: Run, folder: Path) -> None:
    file = written(
        folder,
        awin_row(1, "a"),
        awin_row(2, "b", commissionStatus="perhaps"),
        awin_row(3, "c", commissionAmount={"amount": 1, "currency": None}),
    )
    answer = newsroom("import", "transactions", "awin", file, "--json", code=1).json
    assert (answer["new"], [bad["line"] for bad in answer["quarantined"]]) == (1, [2, 3])
    assert "perhaps" in answer["quarantined"][0]["reason"]
    assert "currency" in answer["quarantined"][1]["reason"]


def test_a_dry_run_stores_nothing(newsroom: Run, folder: Path) -> None:
    file = written(folder, awin_row(1, "a"))
    assert newsroom("import", "transactions", "awin", file, "--dry-run", "--json").json["new"] == 1
    assert newsroom("import", "runs", "--json").json == []


def test_what_is_no_such_file_is_refused_in_words(newsroom: Run, folder: Path) -> None:
    (folder / "broken.json").write_text("[{")
    (folder / "list.csv").write_text("Date,Amount\n2026-11-01,5\n")
    (folder / "map.toml").write_text(
        'external_id = "Order"\nadvertiser_ref = "Shop"\nstatus = "State"\ncommission = "Amount"\ntransaction_at = "Date"\n'
    )
    assert "broken.json" in newsroom("import", "transactions", "awin", str(folder / "broken.json"), code=1).stderr
    assert "nothing.json" in newsroom("import", "transactions", "awin", str(folder / "nothing.json"), code=1).stderr
    assert "known" in newsroom("import", "transactions", "nobody", str(folder / "list.csv"), code=1).stderr.lower()
    map_ = str(folder / "map.toml")
    refused = newsroom("import", "transactions", "generic", str(folder / "list.csv"), "--map", map_, code=1)
    assert refused.stderr.startswith("affiliate: ")
    assert newsroom("import", "runs", "--json").json == []


def test_a_report_says_what_is_wrong_with_its_dates(run: Run) -> None:
    assert "YYYY-MM-DD" in run("report", "commissions", "--from", "yesterday", "--to", "2026-12-01", code=1).stderr
    assert "empty" in run("report", "commissions", "--from", "2026-12-01", "--to", "2026-12-01", code=1).stderr


def test_an_empty_report_is_a_report(run: Run) -> None:
    assert run("report", "commissions", *PERIOD, "--format", "json").json["rows"] == []
    assert run("report", "commissions", *PERIOD).stdout
    assert run("report", "commissions", *PERIOD, "--format", "csv").stdout.count("\n") >= 1


def test_days_are_counted_in_the_sites_own_zone(run: Run) -> None:
    run("site", "add", "weekly", "--time-zone", "America/New_York", "--new-company", "weekly:Weekly Inc:USD")
    basis = run("report", "commissions", *PERIOD, "--site", "weekly", "--format", "json").json["basis"]
    assert basis["zone"] == "America/New_York"
    assert run("report", "commissions", *PERIOD, "--format", "json").json["basis"]["zone"] == "Europe/London"


# ---- clicks ---------------------------------------------------------------------------------------------------------


def test_the_report_of_clicks_holds_basis_rows_and_totals(newsroom: Run, folder: Path) -> None:
    token = placed(newsroom, folder)
    placement = newsroom("report", "clicks", *PERIOD, "--by", "placement", "--every", "day", "--format", "json").json
    assert set(placement) == {"basis", "rows", "totals"}
    assert placement["rows"] == []
    assert placement["totals"][0]["raw"] == 0
    assert (placement["basis"]["by"], placement["basis"]["every"]) == ("placement", "day")
    written = folder / "clicks.csv"
    newsroom("report", "clicks", *PERIOD, "--by", "hour", "--format", "csv", "--output", str(written))
    assert written.read_text().startswith("hour,raw,human,network_comparable,")
    assert token


def test_a_report_refuses_what_it_does_not_know(run: Run) -> None:
    assert "No such option" in run("report", "clicks", *PERIOD, "--as-of", "2026-11-05", code=2).stderr
    assert "No such option" in run("report", "clicks", *PERIOD, "--date-basis", "click", code=2).stderr
    assert "No such option" in run("report", "commissions", *PERIOD, "--every", "day", code=2).stderr
    assert "'moon'" in run("report", "clicks", *PERIOD, "--by", "moon", code=2).stderr
    assert "country" in run("report", "commissions", *PERIOD, "--by", "country", code=2).stderr
    assert "No such command 'weather'" in run("report", "weather", *PERIOD, code=2).stderr
    assert (
        "goes through time already" in run("report", "clicks", *PERIOD, "--by", "day", "--every", "hour", code=1).stderr
    )


def test_the_plain_counts_say_what_each_means(run: Run) -> None:
    counted, *meanings = run("clicks", "count").stdout.splitlines()
    assert counted == "0 raw, 0 human, 0 network-comparable"
    assert meanings == [f"{name.replace('_', '-')}: {meaning}" for name, meaning in MEANINGS.items()]
