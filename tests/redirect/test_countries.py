from pathlib import Path

import pytest

from affiliate.redirect import countries
from affiliate.redirect.countries import SHIPPED, open_countries


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("81.2.69.142", "GB"),
        ("8.8.8.8", "US"),
        ("2001:4860:4860::8888", "US"),
        ("::ffff:81.2.69.142", "GB"),  # IPv4 as a socket for both writes it
    ],
)
def test_an_address_has_the_country_it_is_registered_in(address: str, country: str) -> None:
    assert open_countries("")(address) == country


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.9.9", "192.168.1.1", "::ffff:192.168.1.1", "100.64.0.1", "127.0.0.1", "169.254.1.1"),
        *("203.0.113.9", "224.0.0.1", "255.255.255.255", "0.0.0.0"),  # noqa: S104 - only looked up
        *("::", "::1", "fe80::1", "fd00::1", "ff02::1", "2001:db8::1", "2002:a00:1::", "64:ff9b::a00:1"),
    ],
)
def test_an_address_that_is_nobodys_has_no_country(address: str) -> None:
    assert open_countries("")(address) == ""


@pytest.mark.parametrize(
    "rubbish",
    ["", "x", "1.2.3", "8.8.8.8:80", "[2001:4860:4860::8888]", "fe80::1%eth0", "8.8.8.8\0", "\ud800", "8" * 9999],
)
def test_what_is_no_address_has_no_country(rubbish: str) -> None:
    assert open_countries("")(rubbish) == ""


def test_a_file_that_cannot_be_read_is_said_and_every_country_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "rubbish.mmdb").write_bytes(b"rubbish" * 1000)
    for path in (tmp_path / "missing.mmdb", tmp_path / "rubbish.mmdb", tmp_path):
        assert open_countries(str(path))("8.8.8.8") == ""
        assert f"{path} cannot be read" in caplog.text


def test_another_file_of_the_same_format_may_take_its_place(tmp_path: Path) -> None:
    copy = tmp_path / "other.mmdb"
    copy.write_bytes(SHIPPED.read_bytes())
    assert open_countries(str(copy))("8.8.8.8") == "US"


def test_nothing_is_opened_where_countries_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(countries, "Countries", None)
    assert open_countries("off")("8.8.8.8") == ""


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"country_code": "DE"}, "DE"),
        ({"country": {"iso_code": "DE"}}, "DE"),
        *((found, "") for found in (None, {}, "DE", {"country_code": None}, {"country_code": "de"}, {"country": "DE"})),
        *(({"country_code": code}, "") for code in ("", "DEU", "D\0", "ÄÖ", 49)),
    ],
)
def test_a_code_is_two_capital_letters_wherever_the_file_has_it(found: object, code: str) -> None:
    assert countries._code(found) == code
