"""Amazon's earnings report cannot be booked row by row: identical rows are both real, none has an id or a sub-id, dates
and headers are localised and the currency stands in a column title at best."""

from typing import NoReturn

from affiliate.errors import UnreadableFile
from affiliate.networks.base import Reading


def read_transactions(_content: bytes, _reading: Reading) -> NoReturn:
    """Always UnreadableFile: a second import of the same rows could not be told from new sales."""
    reason = "its rows have no ids and cannot be told apart; the earnings report is not read yet."
    raise UnreadableFile("The Amazon report", reason)
