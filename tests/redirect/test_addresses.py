from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.redirect.addresses import Networks, packed

_addresses = st.one_of(
    st.builds(IPv4Address, st.integers(0, 2**32 - 1)), st.builds(IPv6Address, st.integers(0, 2**128 - 1))
)
_ranges = st.lists(
    st.one_of(
        st.builds(
            lambda address, bits: f"{address}/{bits}", _addresses.filter(lambda a: a.version == 4), st.integers(0, 32)
        ),
        st.builds(
            lambda address, bits: f"{address}/{bits}", _addresses.filter(lambda a: a.version == 6), st.integers(0, 128)
        ),
    ),
    max_size=6,
)


@given(_ranges, _addresses, st.integers(0, 5), st.integers(-1, 1))
def test_an_address_is_in_a_set_when_it_is_in_one_of_the_ranges(
    ranges: list[str], anywhere: IPv4Address | IPv6Address, which: int, beside: int
) -> None:
    parsed = [ip_network(text, strict=False) for text in ranges]
    asked = [anywhere]
    if parsed:
        edge = int(parsed[which % len(parsed)].broadcast_address) + beside
        kind = type(parsed[which % len(parsed)].broadcast_address)
        asked += [kind(edge)] if 0 <= edge < 2 ** (8 * len(kind(0).packed)) else []
    for address in asked:
        mapped = getattr(address, "ipv4_mapped", None) or address
        assert (str(address) in Networks(ranges)) == any(
            mapped in each for each in parsed if each.version == mapped.version
        )


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "01.2.3.4", "1.2.3.4/8", "::1%eth0", "[::1]", "1.2.3.4\0", "\ud800"]
)
def test_what_is_no_address_is_in_no_set(text: str) -> None:
    assert packed(text) == b""
    assert text not in Networks(["0.0.0.0/0", "::/0"])


def test_a_set_of_nothing_holds_nothing_and_a_range_that_is_none_is_refused() -> None:
    assert not Networks([])
    assert "1.2.3.4" not in Networks([])
    with pytest.raises(ValueError, match="mag"):
        Networks(["mag.example"])
