"""Where messages' secrets come from: the account's file of credentials."""

from pathlib import Path

import pytest

from affiliate.commissions.postbacks.proof import NO_SECRETS, Secrets
from affiliate.commissions.postbacks.secrets import secrets_of
from affiliate.networks.asking.credentials import check_credentials, has_credentials
from affiliate.networks.registry import network

AWIN = network("awin")


def test_a_file_may_hold_a_secret_a_key_or_neither_beside_what_the_api_needs(tmp_path: Path) -> None:
    (tmp_path / "awin-1.toml").write_text('token = "t"\npostback_secret = "s"\n')
    (tmp_path / "awin-2.toml").write_text('postback_key = "k"\n')
    (tmp_path / "awin-3.toml").write_text('token = "t"\npostback_key = 7\n')
    found = [secrets_of(tmp_path, AWIN, ref) for ref in ("1", "2", "3", "4")]
    assert found == [Secrets(secret="s"), Secrets(key="k"), NO_SECRETS, NO_SECRETS]


@pytest.mark.parametrize("ref", ["", "../awin-1", "x" * 300, "a\x00b", "/etc/passwd", "ü" * 60])
def test_an_account_that_a_stranger_made_up_opens_no_other_file(tmp_path: Path, ref: str) -> None:
    (tmp_path / "awin-1.toml").write_text('postback_key = "k"\n')
    assert secrets_of(tmp_path / "folder", AWIN, ref) == NO_SECRETS


def test_a_damaged_file_takes_no_message_and_its_text_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "awin-1.toml").write_text("postback_secret = hush-hush\n")
    assert secrets_of(tmp_path, AWIN, "1") == NO_SECRETS
    assert "awin-1.toml cannot be read" in caplog.text
    assert "hush" not in caplog.text


def test_secrets_do_not_show() -> None:
    assert "hush" not in repr(Secrets(secret="hush", key="hush"))


def test_config_check_tells_a_secret_that_is_too_short_and_takes_a_file_of_secrets_alone(tmp_path: Path) -> None:
    (tmp_path / "awin-1.toml").write_text('postback_key = "short"\n')
    (tmp_path / "awin-2.toml").write_text('postback_key = "long-enough-for-a-key"\n')
    (tmp_path / "awin-3.toml").write_text('token = "t"\npostback_secret = "long-enough-for-a-secret"\n')
    (tmp_path / "template-7.toml").write_text('postback_secret = "long-enough-for-a-secret"\n')
    found = {file.file.name: (file.usable, "16 characters" in file.problem) for file in check_credentials(tmp_path)}
    assert found == {
        "awin-1.toml": (False, True),
        "awin-2.toml": (True, False),
        "awin-3.toml": (True, False),
        "template-7.toml": (True, False),
    }
    ready = [has_credentials(tmp_path, AWIN, ref) for ref in ("1", "2", "3", "4")]
    assert ready == [False, False, True, False]  # messages alone open no API
