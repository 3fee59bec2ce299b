from pathlib import Path

from tests.cli.conftest import Run


def test_config_check_prints_what_is_in_force_with_secrets_masked(run: Run, folder: Path) -> None:
    (folder / "config.toml").write_text('secret_key = "hush"\n[server]\nport = 9009\n')
    answer = run("config", "check")
    assert "server.port = 9009" in answer.stdout
    assert "hush" not in answer.stdout
    assert run("config", "check", "--json").json["server"]["port"] == 9009


def test_a_wrong_configuration_is_refused_with_all_its_problems(run: Run, folder: Path) -> None:
    (folder / "wrong.toml").write_text('[server]\nport = "x"\nprot = 1\n')
    answer = run("config", "check", "--config", str(folder / "wrong.toml"), code=1)
    assert "server.port" in answer.stderr
    assert "server.prot" in answer.stderr


def test_the_database_is_made_where_it_is_needed_and_can_be_copied(run: Run, folder: Path) -> None:
    assert "revision" in run("db", "upgrade").stdout
    run("db", "backup", str(folder / "copy.db"))
    assert (folder / "copy.db").stat().st_size > 0


def test_users_and_tokens_show_their_secret_once(run: Run) -> None:
    user = run("user", "add", "ana@mag.example", "--role", "editor", "--json").json
    assert len(user["password"]) >= 12
    assert "already" in run("user", "add", "ANA@mag.example", "--role", "editor", code=1).stderr
    token = run("token", "add", "--scope", "links:read", "--json").json
    assert token["scopes"] == ["links:read"]
    assert len(token["token"]) > 30


def test_several_sites_ask_which_is_meant(run: Run) -> None:
    run(
        "site",
        "add",
        "weekly",
        "--name",
        "The Weekly",
        "--host",
        "weekly.example",
        "--new-company",
        "weekly:Weekly Inc:USD",
    )
    answer = run("link", "show", "x", code=1)
    assert "--site" in answer.stderr
    assert "weekly" in answer.stderr
    assert "no link x" in run("link", "show", "x", "--site", "weekly", code=1).stderr
