"""Personal data in networks' rows: dropped before anything is kept, whatever the column is called."""

import re
from functools import lru_cache

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
_OF_A_PERSON = frozenset({"name", "address"})


@lru_cache(maxsize=1000)  # a report repeats its field names in every row
def is_personal(field: str) -> bool:
    """Whether a field of this name holds personal data: IP addresses and their hashes, e-mail, telephone, and names
    and addresses of people (`advertiserName` and `productName` are none)."""
    words = {word.lower() for word in _WORD.findall(field)}
    return bool(words & _ALWAYS or (words & _PERSON and words & _OF_A_PERSON))


def without_personal_data(value: object) -> object:
    """The same JSON value without personal fields, at any depth."""
    if isinstance(value, dict):
        return {key: without_personal_data(inner) for key, inner in value.items() if not is_personal(str(key))}
    if isinstance(value, list):
        return [without_personal_data(inner) for inner in value]
    return value
