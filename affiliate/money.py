"""Money: an exact decimal beside its ISO 4217 currency, never a float.

Stored as whole micros (10^-6 of the currency's unit) in an integer, so that sums are exact in every database.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Self

from affiliate.errors import InvalidMoney

MICROS = 1_000_000
LARGEST = Decimal(10) ** 12  # units; beyond it a commission is a misread column, and 64-bit micros would overflow


@cache
def _currencies() -> frozenset[str]:
    from babel.core import get_global  # babel is imported where it is asked: most commands never need it

    return frozenset(get_global("all_currencies"))


@lru_cache(maxsize=1000)  # a report repeats its currency in every row
def currency_code(text: str | None) -> str:
    """The ISO 4217 code in upper case; InvalidMoney for none or an unknown one (a currency is never guessed)."""
    code = (text or "").strip().upper()
    if not code:
        raise InvalidMoney("The currency is missing.")
    if code not in _currencies():
        raise InvalidMoney(f"{text!r} is no ISO 4217 currency.")
    return code


def exact(text: str | int | Decimal) -> Decimal:
    """A plain decimal number ("12.30", "-4") as Decimal; InvalidMoney for anything else, floats included.

    At most six decimals and less than 10^12, so that it can be stored in whole micros.
    """
    if isinstance(text, bool | float):
        raise InvalidMoney(f"{text!r} is not exact; give a decimal text.")
    try:
        amount = Decimal(text.strip() if isinstance(text, str) else text)
    except InvalidOperation as problem:
        raise InvalidMoney(f"{text!r} is no amount.") from problem
    if not amount.is_finite() or abs(amount) >= LARGEST:
        raise InvalidMoney(f"{text!r} is no amount that can be booked.")
    if amount != round(amount, 6):
        raise InvalidMoney(f"{text!r} has more than six decimals.")
    return amount


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount in units of a currency. Adding two currencies raises InvalidMoney."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str | None) -> Self:
        """Checked construction from text; InvalidMoney names what is wrong."""
        return cls(exact(amount), currency_code(currency))

    @classmethod
    def from_micros(cls, micros: int, currency: str) -> Self:
        return cls(from_micros(micros), currency)

    @property
    def micros(self) -> int:
        return to_micros(self.amount)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise InvalidMoney(f"{self.currency} and {other.currency} cannot be added without an exchange rate.")
        return other

    def __str__(self) -> str:
        return f"{decimal_text(self.amount, self.currency)} {self.currency}"

    def format(self, locale: str = "en_GB") -> str:
        """As a reader of `locale` expects it, rounded half up to the currency's minor unit for display only."""
        from babel.numbers import format_currency

        rounded = round_for(self.amount, self.currency)
        return str(format_currency(rounded, self.currency, locale=locale))


def round_for(amount: Decimal, currency: str) -> Decimal:
    """Rounded half up to the currency's minor unit."""
    return amount.quantize(Decimal(1).scaleb(-_minor_digits(currency)), ROUND_HALF_UP)


def decimal_text(amount: Decimal, currency: str) -> str:
    """The exact amount as text, with at least the currency's decimals: "12.30", "7.781"."""
    places = max(_minor_digits(currency), _decimals(amount))
    return f"{amount:.{places}f}"


@cache
def _minor_digits(currency: str) -> int:
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def to_micros(amount: Decimal) -> int:
    return int(exact(amount) * MICROS)


def from_micros(micros: int) -> Decimal:
    return Decimal(micros) / MICROS
