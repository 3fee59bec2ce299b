"""Personal data in networks' rows: dropped before anything is kept, whatever the column is called."""

import re
from functools import lru_cache
from ipaddress import ip_address

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ALWAYS = frozenset(
    {
        "ip",
        "ips",
        "ipv4",
        "ipv6",
        "iphash",
        "ipaddress",
        "clientip",
        "clickip",
        "userip",
        "email",
        "emails",
        "emailaddress",
        "mail",
        "phone",
        "telephone",
        "postcode",
        "zip",
        "zipcode",
        "surname",
        "firstname",
        "lastname",
        "fullname",
        "username",
        "birthday",
    }
)
_PERSON = frozenset(
    {
        "customer",
        "client",
        "buyer",
        "shopper",
        "consumer",
        "user",
        "member",
        "person",
        "contact",
        "first",
        "last",
        "full",
        "given",
        "family",
    }
)
_OF_A_PERSON = frozenset({"name", "address", "reference"})
_ADDRESS = re.compile(r"[\s\[]*[0-9a-fA-F]*[.:]")  # how one begins; a date does not
_EMAIL = re.compile(r"[^@\s]++@([^@\s]++)")


@lru_cache(maxsize=1000)  # a report repeats its field names in every row
def is_personal(field: str) -> bool:
    """Whether a field of this name holds personal data: IP addresses and their hashes, e-mail, telephone, names,
    addresses and references of people (`advertiserName` and `productName` are none)."""
    words = {word.lower() for word in _WORD.findall(field)}
    return bool(words & _ALWAYS or (words & _PERSON and words & _OF_A_PERSON))


def reveals(text: str) -> bool:
    """Whether a cell is nothing but an IP address or an e-mail address, whatever its column is called."""
    if "@" in text:
        found = _EMAIL.fullmatch(text.strip())
        return found is not None and "." in found[1][1:-1]
    if text.count(".") != 3 and text.count(":") < 2:  # neither IPv4 nor IPv6: nearly all cells end here
        return False
    if not _ADDRESS.match(text):
        return False
    try:
        ip_address(text.strip().strip("[]"))
    except ValueError:
        return False
    return True
