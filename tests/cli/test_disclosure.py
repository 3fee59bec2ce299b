from tests.cli.conftest import Run


def test_the_rules_of_a_profile_are_listed_with_their_sources(run: Run) -> None:
    answer = run("disclosure", "rules", "--profile", "UK")
    assert "UK-02" in answer.stdout
    assert "https://www.asa.org.uk/rulings/teepee-disco-ltd-a13-230949.html" in answer.stdout
    assert "Not legal advice" in answer.stdout
    assert "US-02" not in answer.stdout
    listed = run("disclosure", "rules", "--profile", "uk", "--profile", "AMZ", "--json").json
    assert {each["profile"] for each in listed} == {"uk", "amazon"}
    [doubtful] = [each for each in listed if each["id"] == "UK-10"]
    assert (doubtful["severity"], doubtful["stated_severity"], doubtful["grade"]) == ("WARN", "BLOCK", "S")
    assert "no profile 'atlantis'" in run("disclosure", "rules", "--profile", "atlantis", code=1).stderr
    assert len(run("disclosure", "rules", "--json").json) > 200


def test_a_site_chooses_a_profile_and_drops_it_with_a_reason(run: Run) -> None:
    assert "is checked against amazon: uk, amazon" in run("disclosure", "profile", "choose", "AMZ").stdout
    assert "was checked already" in run("disclosure", "profile", "choose", "amazon").stdout
    listed = {each["profile"]: each["sites"] for each in run("disclosure", "profiles", "--json").json}
    assert (listed["uk"], listed["amazon"], listed["us"]) == (["default"], ["default"], [])
    assert "amazon" in run("disclosure", "profiles").stdout
    run("disclosure", "profile", "drop", "amazon", code=2)
    assert "Say why" in run("disclosure", "profile", "drop", "amazon", "--reason", " ", code=1).stderr
    dropped = run("disclosure", "profile", "drop", "amazon", "--reason", "No such links left.", "--json")
    assert dropped.json == {"site": "default", "profiles": ["uk"]}
    assert "always checked" in run("disclosure", "profile", "drop", "uk", "--reason", "x", code=1).stderr


def test_a_rule_is_loosened_with_a_reason_and_restored(run: Run) -> None:
    change = ("disclosure", "rule", "change", "uk-02", "warn")
    assert "Say why" in run(*change, code=1).stderr
    assert "Every rule counts" in run("disclosure", "rule", "changes").stdout
    said = run(*change, "--reason", "The template changes.", "--until", "2099-01-01", "--by", "Nora")
    assert said.stdout == "UK-02 counts as WARN until 2099-01-01 00:00 UTC, not BLOCK.\n"
    [row] = run("disclosure", "rule", "changes", "--json").json
    assert (row["rule"], row["severity"], row["own_severity"], row["made_by"]) == ("UK-02", "WARN", "BLOCK", "Nora")
    assert "The template changes." in run("disclosure", "rule", "changes").stdout
    assert run("disclosure", "rule", "restore", "UK-02", "--json").json == {"rule": "UK-02", "restored": True}
    assert "already" in run("disclosure", "rule", "restore", "UK-02").stdout
    assert run("disclosure", "rule", "changes", "--json").json == []
    [past] = run("disclosure", "rule", "changes", "--past", "--json").json
    assert (past["holds"], past["ended_by"]) == (False, "command")


def test_a_change_that_makes_no_sense_is_refused(run: Run) -> None:
    reason = ("--reason", "x")
    assert "to WARN at most" in run("disclosure", "rule", "change", "UK-02", "INFO", *reason, code=1).stderr
    assert "no rule UK-99" in run("disclosure", "rule", "change", "UK-99", "WARN", *reason, code=1).stderr
    past = run("disclosure", "rule", "change", "UK-02", "WARN", *reason, "--until", "2001-01-01", code=1)
    assert "is past" in past.stderr
    missing = run("disclosure", "rule", "change", "UK-02", "WARN", *reason, "--article", "kettles", code=1)
    assert "no article kettles" in missing.stderr
    run("disclosure", "rule", "change", "UK-02", "LOUD", code=2)
