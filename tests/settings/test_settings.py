import stat
import tomllib
from pathlib import Path

import pytest

from affiliate.errors import SettingsInvalid
from affiliate.settings import Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_holds_every_setting_with_its_default() -> None:
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    defaults = Settings()
    assert example == defaults.model_dump(mode="json")


def test_every_setting_of_the_example_has_a_comment_above_its_group() -> None:
    previous = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            assert previous == "", f"{line} should stand after an empty line"
        previous = line


def test_every_problem_is_reported_at_once_with_its_key(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[server]\nport = 99999\nhots = "x"\n[site]\ntime_zone = "Mars/Olympus"\n[database]\nurl_file = ""\n'
    )
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(path)
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    assert "server.port" in problems
    assert "server.hots: there is no such setting" in problems
    assert "site.time_zone" in problems
    assert "Mars/Olympus" in problems


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, 'secret_key_file = "/nowhere/key"\n')
    with pytest.raises(SettingsInvalid, match="secret_key_file: /nowhere/key is not there"):
        load_settings(path)


def test_a_configuration_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read as TOML"):
        load_settings(written(tmp_path, "port == 3"))


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFILIATE_SERVER__PORT", "9001")
    assert load_settings(written(tmp_path, "[server]\nport = 9000\n")).server.port == 9001


def test_the_data_folder_counts_from_the_configuration_and_can_be_overridden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, 'data_dir = "here"\n')
    assert load_settings(path).data_dir == tmp_path / "here"
    monkeypatch.setenv("AFFILIATE_DATA_DIR", str(tmp_path / "there"))
    assert load_settings(path).data_dir == tmp_path / "there"


def test_secrets_are_masked_when_settings_are_shown(tmp_path: Path) -> None:
    path = written(tmp_path, 'secret_key = "hush-hush"\n[database]\nurl = "postgresql+psycopg://u:pw@h/d"\n')
    settings = load_settings(path)
    assert settings.database_url == "postgresql+psycopg://u:pw@h/d"
    assert "hush" not in str(settings.as_shown())
    assert "pw@h" not in str(settings.as_shown())


def test_a_session_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, ""))
    key = settings.session_key()
    assert len(key) > 40
    assert load_settings(tmp_path / "config.toml").session_key() == key
    assert stat.S_IMODE((settings.data_dir / "secret.key").stat().st_mode) == 0o600
