"""Names of columns, as people's exports write them."""

import pytest

from affiliate.networks.reading.headers import found_columns


@pytest.mark.parametrize(
    "behind",
    [
        " (€)",
        "(GBP) ",
        " (amount in the currency of your account, excluding VAT and returns)",
        "  (YYYY-MM-DD HH:MM:SS, in the time zone of the account)",
    ],
)
def test_what_stands_in_brackets_behind_a_name_is_no_part_of_it(behind: str) -> None:
    columns = [f"{name}{behind}" for name in ("Transaction ID", "Commission", "Transaction Date")]
    found = found_columns(columns)
    assert [found[field][0] for field in ("external_id", "commission", "transaction_at")] == columns


def test_a_name_of_many_brackets_is_read_in_time() -> None:
    """A pattern that looks at every blank or bracket anew would take minutes of each."""
    for piece in (" ", "(", " (", "(a) "):
        assert found_columns(["Commission" + piece * 200_000 + "x"]) == found_columns(["Nothing"])
