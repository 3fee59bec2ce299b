"""FlexOffers' links: `g.ashx?foid=…&trid=PUBLISHER.PROGRAMME&fobs=…&url=…`; the older `a.ashx` has no `trid`, and its `foid`
begins with the publisher's id."""

from affiliate.networks.base import DeepLink, Layer, Terms
from affiliate.networks.carried import Query, is_on, path_of
from affiliate.networks.shapes import SHORT_LINK, needed
from affiliate.urls import encode

KEY = "flexoffers"
HOSTS = ("track.flexlinkspro.com", "track.flexlinks.com", "pav04trk.com", "fxo.co")


def take_apart(url: str) -> Layer | None:
    if is_on(url, "fxo.co"):
        return Layer(KEY, url, note=SHORT_LINK)
    query = Query.of(url, "url")
    publisher, _, programme = (query.first("trid") or "").partition(".")
    if not publisher and path_of(url).lower().endswith("/a.ashx"):
        publisher = (query.first("foid") or "").partition(".")[0]
    sub_ids = query.named("fobs") or query.named("fobs2")
    further = query.first("fobs2") if "fobs2" not in sub_ids else None
    return Layer(
        KEY,
        url,
        publisher or None,
        programme or None,
        sub_ids,
        query.target,
        note=f"with a further sub-id, fobs2: {further}" if further and "fobs" in query.values else None,
    )


def deep_link(terms: Terms, target_url: str) -> DeepLink:
    """Needs the programme's parameter `foid`, the offer, which any link made by FlexOffers shows."""
    ids = f"foid={encode(needed(KEY, terms, 'foid'))}&trid={encode(terms.publisher_ref)}.{encode(terms.advertiser_ref)}"
    before = f"https://track.flexlinkspro.com/g.ashx?{ids}&foc=16&fot=9999&fos=1"
    after = f"&url={encode(target_url)}"
    return DeepLink(f"{before}&fobs=", after, bare=before + after)
