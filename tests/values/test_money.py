from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.errors import InvalidMoney
from affiliate.money import Money, currency_code, decimal_text, exact

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False)


@given(amounts)
def test_micros_keep_every_amount_exactly(amount: Decimal) -> None:
    assert Money.from_micros(Money(amount, "GBP").micros, "GBP").amount == amount


def test_money_of_two_currencies_is_never_added() -> None:
    with pytest.raises(InvalidMoney, match="GBP and EUR"):
        Money.of("1", "GBP") + Money.of("1", "EUR")


@pytest.mark.parametrize("amount", [1.5, True, "1,50", "", "NaN", "Infinity", "1e20", "0.0000001", "£5"])
def test_what_is_not_exact_is_refused(amount: str | int) -> None:
    with pytest.raises(InvalidMoney):
        exact(amount)


@pytest.mark.parametrize("code", [None, "", " ", "XQX", "POUND"])
def test_a_currency_is_never_guessed(code: str | None) -> None:
    with pytest.raises(InvalidMoney):
        currency_code(code)


def test_texts_have_the_decimals_of_their_currency_and_lose_none() -> None:
    assert decimal_text(Decimal("12.3"), "GBP") == "12.30"
    assert decimal_text(Decimal("7.781"), "USD") == "7.781"
    assert decimal_text(Decimal(1200), "JPY") == "1200"
    assert str(Money.of("-4", "EUR")) == "-4.00 EUR"


def test_amounts_are_shown_rounded_half_up() -> None:
    assert Money.of("1234.5", "JPY").format("en_GB") == "JP¥1,235"
    assert Money.of("0.125", "GBP").format("en_GB") == "£0.13"
