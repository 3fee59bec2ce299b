"""Takes a link apart, layer by layer: who is paid for it, and which page of which advertiser it leads to."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from affiliate.networks.base import Layer
from affiliate.networks.carried import as_address, behind_host
from affiliate.networks.registry import candidates
from affiliate.urls import host_of, parse_web_url

OURS, OTHER, UNKNOWN, NO = "ours", "other", "unknown", "no"

AS_IN_HTML = "it stands here as HTML writes it, with &amp; for &"

# What tools leave in a link where they should have put a value: forms found in public code.
_MACRO = re.compile(
    r"\[\[?[^\[\]\n]*\]?\]?|\$?\{\{?[^{}\n]*\}?\}?|%%[^%\n]+%%|__[A-Z][A-Z0-9_]*?__|(?<![A-Z_])[A-Z_]+_HERE\b"
    r"|\bYOUR_?[A-Z_]*ID\b|#[A-Z_]+#"
)
_WEB = re.compile(r"https?:/", re.IGNORECASE)

_DEEPEST = 10  # layers; the deepest link seen has four, and a link that contains itself must end


def _nobody_knows(_network: str, _publisher_id: str | None) -> bool | None:
    return None


@dataclass(frozen=True, slots=True)
class Inspected:
    """A link taken apart. The outermost layer earns the money: it names network and publisher. The innermost one
    names the target, None where the link does not carry it (short links). `layers` go from outside in."""

    url: str
    layers: tuple[Layer, ...]
    monetised: str

    @property
    def network(self) -> str | None:
        return self.layers[0].network if self.layers else None

    @property
    def target_url(self) -> str | None:
        return self.layers[-1].target if self.layers else self.url

    @property
    def wrapped(self) -> bool:
        """Whether the address leads through a network's host; False where parameters sit on the advertiser's page."""
        return any(layer.wrapped for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """The object of `affiliate inspect --json`; unknown parts are None."""
        outermost = self.layers[0] if self.layers else None
        return {
            "url": self.url,
            "network": self.network,
            "publisher_id": outermost.publisher_id if outermost else None,
            "advertiser_id": outermost.advertiser_id if outermost else None,
            "sub_ids": dict(outermost.sub_ids) if outermost else {},
            "target_url": self.target_url,
            "wrapped": self.wrapped,
            "monetised": self.monetised,
            "layers": [_layer_json(layer) for layer in self.layers],
        }


def inspect(url: str, *, is_ours: Callable[[str, str | None], bool | None] = _nobody_knows) -> Inspected:
    """Takes one address apart without any request. InvalidUrl unless it is a web address.

    `is_ours(network, publisher_id)` says whether a publisher id is one of our accounts, None where that is unknown.
    """
    text = parse_web_url(url).text
    layers: list[Layer] = []
    inner: str | None = text
    while inner and len(layers) < _DEEPEST and (layer := outermost_layer(inner)):
        layers.append(layer)
        inner = layer.target
    return Inspected(text, tuple(layers), _monetised(layers, is_ours))


def outermost_layer(url: str) -> Layer | None:
    """What the first network that knows this link says about it, and what an editor should know of the link."""
    address = as_address(url)
    host = host_of(address)
    if host is None or behind_host(address) in ("", "/"):  # a home page, also a network's, is no link of anybody's
        return None
    for network in candidates(host, address):
        if layer := network.take_apart(address):
            also = [network.closed, left_in(layer), "" if address == url else AS_IN_HTML]
            if not any(also):
                return layer
            return replace(layer, note="; ".join(part.rstrip(".") for part in (layer.note, *also) if part))
    return None


def left_in(layer: Layer) -> str:
    """The macros that nobody filled in, in words; "" where there are none. A target that is an address may have brackets
    of its own: advertisers and networks fill those in."""
    target = layer.target if layer.target and not _WEB.match(layer.target) else None
    parts = (layer.publisher_id, layer.advertiser_id, *layer.sub_ids.values(), target)
    said = "\n".join(part for part in parts if part)
    found = _MACRO.findall(said)
    return f"left in unfilled: {', '.join(dict.fromkeys(found))}" if found else ""


def _monetised(layers: list[Layer], is_ours: Callable[[str, str | None], bool | None]) -> str:
    if not layers:
        return NO
    publisher_id = layers[0].publisher_id
    known = is_ours(layers[0].network, publisher_id) if publisher_id else None
    return UNKNOWN if known is None else OURS if known else OTHER


def _layer_json(layer: Layer) -> dict[str, Any]:
    return {
        "url": layer.url,
        "network": layer.network,
        "publisher_id": layer.publisher_id,
        "advertiser_id": layer.advertiser_id,
        "sub_ids": dict(layer.sub_ids),
        "target_url": layer.target,
        "wrapped": layer.wrapped,
        "note": layer.note,
    }
