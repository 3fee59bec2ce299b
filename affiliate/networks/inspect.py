"""Takes a link apart, layer by layer: who is paid for it, and which page of which advertiser it leads to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from affiliate.networks.base import Layer
from affiliate.networks.registry import candidates
from affiliate.urls import host_of, parse_web_url

OURS, OTHER, UNKNOWN, NO = "ours", "other", "unknown", "no"

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
    """What the first network that knows this link says about it."""
    host = host_of(url)
    asked = candidates(host) if host else ()
    return next((layer for network in asked if (layer := network.take_apart(url))), None)


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
