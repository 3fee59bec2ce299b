"""The addresses at which no public web page stands, by IANA's registries and never by the interpreter's: what its `ipaddress`
takes for public changes from release to release.

Read 2026-11: https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry (RFC 6890, RFC 8190;
the youngest entries are 2001:1::3 of RFC 9665 and 100:0:0:1::/64 of RFC 9780), ipv6-address-space, multicast-addresses. A
block is listed whole where its own entry says that it is not globally reachable, although an anycast service for routers in
it is (192.0.0.9, 2001:1::1): no web page stands there either. The blocks of AS112 and AMT outside of them are reachable, and
are not listed.
"""

IPV4 = (
    "0.0.0.0/8",  # this network, RFC 791
    "10.0.0.0/8",  # private, RFC 1918
    "100.64.0.0/10",  # shared by a provider's customers, RFC 6598
    "127.0.0.0/8",  # loopback, RFC 1122
    "169.254.0.0/16",  # link-local, RFC 3927; clouds tell their machines' secrets at 169.254.169.254
    "172.16.0.0/12",  # private, RFC 1918
    "192.0.0.0/24",  # IETF protocols, RFC 6890; a cloud's secrets at 192.0.0.192
    "192.0.2.0/24",  # documentation, RFC 5737
    "192.88.99.0/24",  # relays of 6to4, RFC 7526, and of 6a44, RFC 6751
    "192.168.0.0/16",  # private, RFC 1918
    "198.18.0.0/15",  # benchmarks, RFC 2544
    "198.51.100.0/24",  # documentation, RFC 5737
    "203.0.113.0/24",  # documentation, RFC 5737
    "224.0.0.0/4",  # multicast, RFC 5771
    "240.0.0.0/4",  # reserved, RFC 1112; the last one is the broadcast, RFC 919
)

# Global unicast is 2000::/3 alone (RFC 4291 and the registry of the address space). Around it lie the loopback, IPv4 addresses
# as IPv6 writes them (::/96, ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48), 100::/64, 100:0:0:1::/64, 5f00::/16, fc00::/7,
# fe80::/10, fec0::/10 and ff00::/8.
IPV6 = (
    "::/3",
    "2001::/23",  # IETF protocols, RFC 2928: Teredo, benchmarks, ORCHID
    "2001:db8::/32",  # documentation, RFC 3849
    "2002::/16",  # 6to4, whose relays are gone, RFC 7526
    "3fff::/20",  # documentation, RFC 9637
    "4000::/2",
    "8000::/1",
)
