import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run

GERMAN = (
    "Bericht;;;;;;\n"
    "Transaktions-ID;Händler;Provision (€);Umsatz;Datum;Status;SubID;IP-Adresse\n"
    "1;Acme;1.234,50;10.000,00;03/04/2026 10:11;Bestätigt;a0123456789x;203.0.113.9\n"
    "2;Acme;1,50;10,00;13/04/2026 11:12;Geprüft;;203.0.113.9\n"
)
AMAZON = Path(__file__).parents[1] / "networks" / "samples" / "amazon_earnings_en.csv"


def written(folder: Path, text: str, name: str = "report.csv", encoding: str = "utf-8") -> str:
    (folder / name).write_text(text, encoding=encoding)
    return name


def test_a_file_that_nobody_knows_is_looked_at_and_a_map_proposed(run: Run, folder: Path) -> None:
    answer = run("import", "inspect", written(folder, GERMAN, encoding="cp1252"), "--json").json
    assert (answer["format"], answer["encoding"], answer["delimiter"]) == ("csv", "cp1252", ";")
    assert answer["map"] == {
        "external_id": "Transaktions-ID",
        "advertiser": "Händler",
        "commission": "Provision (€)",
        "currency": "=EUR",
        "sale": "Umsatz",
        "transaction_at": "Datum",
        "status": "Status",
        "status.Bestätigt": "approved",
        "sub_id": "SubID",
        "decimal": ",",
        "date_format": "%d/%m/%Y %H:%M",
    }
    read = {one["written"]: one["read"] for one in answer["understood"]}
    assert (read["1.234,50"], read["03/04/2026 10:11"]) == ("1234.50", "3 April 2026, 10:11:00")
    assert [one["field"] for one in answer["questions"]] == ["status.Geprüft"]
    assert "203.0.113.9" not in json.dumps(answer)


def test_what_is_asked_can_be_said_and_the_map_saved(run: Run, folder: Path) -> None:
    file = written(folder, GERMAN)
    refused = run("import", "inspect", file, "--save", "partner", code=1)
    assert "status.Geprüft" in refused.stderr
    run("import", "inspect", file, "--column", "status.Geprüft=pending", "--save", "partner")
    done = run("import", "transactions", "generic", file, "--map", "partner", "--json").json
    assert (done["new"], done["quarantined"]) == (2, [])


def test_a_map_may_be_said_in_whole_or_in_part(run: Run, folder: Path) -> None:
    file = written(folder, "Nr,Wer,Wieviel,Wann,Was\n1,Acme,1.50,2026-11-01,ok\n")
    said = ["external_id=Nr", "advertiser=Wer", "commission=Wieviel", "transaction_at=Wann", "status=Was"]
    columns = [word for column in [*said, "status.ok=approved", "currency==EUR"] for word in ("--column", column)]
    assert run("import", "transactions", "generic", file, *columns, "--json").json["new"] == 1
    run("import", "transactions", "generic", file, "--column", "status", code=2)


def test_a_network_with_a_ready_map_asks_only_for_what_is_not_known(run: Run, folder: Path) -> None:
    rows = [{"commissionId": "c1", "merchantGroupId": 5, "publisherRevenue": 1.5, "commissionDate": "2026-11-01"}]
    file = written(folder, json.dumps({"transactions": [{**rows[0], "programType": "CPA"}]}), "sovrn.json")
    refused = run("import", "transactions", "sovrn", file, code=1)
    assert "status is missing" in refused.stderr
    assert "--column" in refused.stderr
    done = run("import", "transactions", "sovrn", file, "--column", "status==pending", "--currency", "USD", "--json")
    assert done.json["new"] == 1


def test_an_earnings_file_of_amazon_is_replaced_as_a_whole(run: Run, folder: Path) -> None:
    lines = AMAZON.read_text().splitlines(keepends=True)
    amazon = ("import", "transactions", "amazon")
    run(*amazon, str(AMAZON), code=1)  # whose dollars these are is not said
    said = ("--currency", "MXN", "--period", "2026-09")
    first = run(*amazon, str(AMAZON), *said, "--as-of", "2026-10-01", "--json").json
    assert (first["new"], first["quarantined"]) == (4, [])
    assert run(*amazon, str(AMAZON), *said, "--as-of", "2026-10-01", "--json").json["unchanged"] == 4
    shorter = written(folder, "".join([*lines[:3], ",,,,,,,,,Total,105.90,,\n"]))
    newer = run(*amazon, shorter, *said, "--as-of", "2026-10-02", "--json").json
    assert newer["replaced"]
    month = ("--from", "2026-09-01", "--to", "2026-10-01", "--format", "json")
    totals = run("report", "commissions", *month).json["totals"]
    assert [total["commission_approved"] for total in totals] == ["105.90"]


def test_rows_set_aside_are_replayed_with_what_is_said_now(run: Run, folder: Path) -> None:
    text = "Id,Shop,Sum,Day,State\n1,A,1.50,2026-11-01,approved\n2,A,2.50,2026-11-02,Open\n3,A,2.50,2026-11-03,Odd\n"
    columns = {
        "external_id": "Id",
        "advertiser": "Shop",
        "commission": "Sum",
        "transaction_at": "Day",
        "status": "State",
    }
    map_ = written(folder, json.dumps({**columns, "currency": "=EUR"}), "map.json")
    first = run("import", "transactions", "generic", written(folder, text), "--map", map_, "--json", code=1)
    number = str(first.json["run"])
    open_ = ("--column", "status.Open=pending")
    would = run("import", "replay", number, *open_, "--dry-run", "--json", code=1)
    assert (would.json["booked"]["new"], would.json["replay"]) == (1, None)
    some = run("import", "replay", number, *open_, "--json", code=1)
    assert some.json["booked"]["new"] == 1
    assert [bad["line"] for bad in some.json["still_set_aside"]] == [4]
    rest = run("import", "replay", number, *open_, "--column", "status.Odd=declined")
    assert "1 new" in rest.stdout
    assert run("import", "replay", number).stdout == f"Nothing of what run {number} set aside can be booked.\n"
    assert run("import", "undo", str(some.json["replay"]), "--json").json["gone"] == 1
    assert run("import", "replay", number, *open_, "--json").json["booked"]["new"] == 1


def test_a_dry_run_says_what_would_change(run: Run, folder: Path) -> None:
    def preview(amount: str, *options: str) -> Any:
        file = written(folder, f"Id,Shop,Sum,Day,State,Cur\n1,A,{amount},2026-11-01,approved,EUR\n")
        columns = ["external_id=Id", "advertiser=Shop", "commission=Sum", "transaction_at=Day", "status=State"]
        said = [word for column in [*columns, "currency=Cur"] for word in ("--column", column)]
        return run("import", "transactions", "generic", file, *said, *options)

    assert "line 2, 1: new, commission 1.50 EUR, approved" in preview("1.50", "--dry-run").stdout
    preview("1.50")
    assert "amended, commission 2.50 instead of 1.50" in preview("2.50", "--dry-run").stdout


def test_a_ready_map_knows_more_columns_than_a_download_has(run: Run, folder: Path) -> None:
    file = written(folder, "legacyId,eventDate,orderStatus,currency,Earned\n9,2026-10-01 10:00:00,cancelled,USD,1.00\n")
    said = ("--column", "commission=Earned", "--column", "advertiser==FlexOffers")
    assert run("import", "transactions", "flexoffers", file, *said, "--json").json["new"] == 1
    gone = run("import", "transactions", "flexoffers", file, *said, "--column", "sub_id=Gone", code=1)
    assert "no column “Gone”" in gone.stderr


def test_a_look_at_a_file_is_readable(run: Run, folder: Path) -> None:
    said = run("import", "inspect", written(folder, GERMAN, encoding="cp1252")).stdout
    assert "CSV, encoding cp1252, delimiter ';'" in said
    assert "  Provision (€): 1.234,50 → 1234.50" in said
    assert "To be said with --column status.Geprüft=…: What does “Geprüft” mean: pending, approved, declined?" in said


def test_self_bills_are_stored_and_the_same_file_again_changes_nothing(run: Run) -> None:
    bills = str(AMAZON.with_name("partnerize_selfbill.json"))
    refused = run("import", "payouts", "partnerize", bills, code=1)
    assert "affiliate account add partnerize" in refused.stderr
    run("account", "add", "partnerize", "1l1007802")
    first = run("import", "payouts", "partnerize", bills, "--json").json
    again = run("import", "payouts", "partnerize", bills, "--json").json
    assert (first["new"], first["quarantined"], again["new"], again["unchanged"]) == (1, [], 0, 1)


def test_a_network_whose_payouts_nobody_knows_is_refused_with_those_that_are(run: Run, folder: Path) -> None:
    refused = run("import", "payouts", "rakuten", written(folder, "[]", "payouts.json"), code=1)
    assert "known are impact, partnerize" in refused.stderr


OPEN = "Id,Shop,Sum,Day,State\n1,A,1.000,2026-11-01,approved\n"
OPEN_MAP = {"external_id": "Id", "advertiser": "Shop", "commission": "Sum", "transaction_at": "Day", "status": "State"}


def test_what_looking_asks_booking_asks_and_the_answer_is_taken(run: Run, folder: Path) -> None:
    map_ = ("--map", written(folder, json.dumps({**OPEN_MAP, "currency": "=EUR"}), "open.json"))
    file = written(folder, OPEN)
    looked = run("import", "inspect", file, *map_, "--json").json["questions"]
    assert [one["field"] for one in looked] == ["decimal"]
    refused = run("import", "transactions", "generic", file, *map_, code=1).stderr
    assert looked[0]["question"] in refused
    assert "report.csv was not imported" in refused
    assert "--column decimal=…" in refused
    assert run("import", "runs", "--json").json == []
    wrong = run("import", "transactions", "generic", file, *map_, "--column", "decimal=.", "--json").json["run"]
    replay = ("import", "replay", str(wrong), "--column", "decimal=,")
    assert "amended, commission 1000.00 instead of 1.00" in run(*replay, "--dry-run").stdout
    assert run(*replay, "--json").json["booked"]["amended"] == 1


def test_another_sale_under_a_known_id_is_doubted_until_it_is_said_to_amend(run: Run, folder: Path) -> None:
    columns = {**OPEN_MAP, "currency": "=EUR", "order_ref": "Order"}
    map_ = ("--map", written(folder, json.dumps(columns), "orders.json"))
    rows = ("p1,A,5.50,2026-11-01,approved,o1", "p1,A,7.00,2026-11-02,approved,o2")
    for number, row in enumerate(rows, start=1):
        file = written(folder, f"Id,Shop,Sum,Day,State,Order\n{row}\n")
        done = run("import", "transactions", "generic", file, *map_, "--json", code=number - 1).json
    assert "another sale" in done["quarantined"][0]["reason"]
    month = ("report", "commissions", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "json")
    assert run(*month).json["totals"][0]["commission_approved"] == "5.50"
    assert "Line 9" in run("import", "replay", str(done["run"]), "--amends", "9", code=1).stderr
    assert run("import", "replay", str(done["run"]), "--amends", "2", "--json").json["booked"]["amended"] == 1
    assert run(*month).json["totals"][0]["commission_approved"] == "7.00"


def test_a_network_s_own_report_is_named_with_the_command_that_reads_it(run: Run) -> None:
    sample = AMAZON.with_name("awin_transactions.json")
    assert "affiliate import transactions awin FILE" in run("import", "inspect", str(sample)).stdout
    assert run("import", "inspect", str(sample), "--json").json["network"] == "awin"
