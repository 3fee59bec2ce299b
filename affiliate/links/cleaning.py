"""A pasted address, cleaned: redirects and networks' wrappings taken off, and of the advertiser's own address what only says how
somebody came to it. Nothing is asked of anybody.

A product's address must never break: a parameter goes only where it is known to be tracking, on that shop if its name could mean
something else on another; colour, size and variant are none, and what nobody knows stays. Sources: the rules of ClearURLs
(clearurls.xyz) and links in public code; where ClearURLs drops what chooses a variant or a seller (`th`, `psc`, `smid`), it stays.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from affiliate.errors import InvalidUrl
from affiliate.networks.carried import Query, path_of
from affiliate.networks.inspect import OTHER, OURS, Inspected, inspect
from affiliate.networks.registry import network_name
from affiliate.urls import WebUrl, drop_parameters, host_of, parse_web_url, split_query, without_tracking

_DEEPEST = 10  # redirects around redirects; the deepest seen has three


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The advertiser's page. `notes` say in sentences what was taken off besides parameters that every shop's addresses lose."""

    url: WebUrl
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shop:
    """What is known of one shop: `hosts` as a pattern of the whole host, `product` as a pattern that a product's path begins
    with, `tracking` its own parameters, `path_tail` what may be cut off behind the product, `spelling` the host's usual one as a
    replacement of `hosts`."""

    hosts: re.Pattern[str]
    product: re.Pattern[str]
    tracking: re.Pattern[str]
    path_tail: re.Pattern[str] | None = None
    spelling: str = ""


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_SHOPS = (
    _Shop(
        _words(r"(?:www\.|smile\.)?(amazon\.(?:com|com?\.[a-z]{2}|[a-z]{2}))"),
        _words(r"/(?:[^/]+/)?(?:dp|gp/product|gp/aw/d)/[A-Z0-9]{10}(?:/|$)"),
        _words(
            r"p[fd]_rd_[a-z]*|qid|srs?|sprefix|crid|keywords|dib(?:_tag)?|ref_?|refRID|content-id|_encoding|ie|ufe|dchild"
            r"|__mk_[a-z_]+|cv_ct_[a-z]+|sb-ci-[a-z]+|aaxitk|hsa_cr_id|sp_csd|spIA|spLa|social_share|colii?d|linkCode|linkId"
            r"|camp|creative|creativeASIN|tag|ascsubtag|starsLeft|skipTwisterOG"
        ),
        _words(r"/ref=.*"),
        r"www.\1",
    ),
    _Shop(
        _words(r"(?:www\.|m\.)?(ebay\.(?:com|com?\.[a-z]{2}|[a-z]{2}))"),
        _words(r"/itm/"),
        _words(r"_trk[a-z]+|_from|_skw|hash|amdata|itmmeta|itmprp|nav|mkevt|mkcid|mkrid|campid|toolid|customid"),
        spelling=r"www.\1",
    ),
    _Shop(
        _words(r"(?:www\.)?etsy\.com"),
        _words(r"/(?:[a-z]{2}(?:-[a-z]{2})?/)?listing/\d+"),
        _words(
            r"ga_(?:order|search_type|view_type|search_query)|click_(?:key|sum)|organic_search_click|ref|pro|frs|sts|cns|etp|plkey"
            r"|content_source|logging_key|search_preloaded_img|local_signal_search|sr_prefetch|pf_from"
        ),
    ),
    _Shop(
        _words(r"(?:www\.)?walmart\.com"),
        _words(r"/ip/"),
        _words(
            r"ath(?:[cpg]?gid|[a-z]{2,4}id|ena|bdg|Asset)|wmlspartner(?:_creator)?|sourceid|veh|affiliates_ad_id(?:_creator)?"
        ),
    ),
    _Shop(_words(r"(?:www\.)?argos\.co\.uk"), _words(r"/product/"), _words(r"clickSR|clickOrigin")),
    _Shop(_words(r"(?:www\.)?sephora\.com"), _words(r"/product/"), _words(r"icid2?|om_mmc")),
    _Shop(_words(r"(?:www\.)?nordstrom\.com"), _words(r"/s/"), _words(r"origin|breadcrumb")),
    _Shop(
        _words(r"[a-z0-9.-]+"),  # Shopify, on hosts of shops' own: its search and its recommendations
        _words(r"/(?:[a-z]{2}(?:-[a-z]{2})?/)?(?:collections/[^/]+/)?products/[^/]+"),
        _words(r"pr_(?:prod_strat|rec_id|rec_pid|ref_pid|seq)|_pos|_psq|_sid|_ss"),
    ),
)

# Where somebody passed by on the way: (whole host, path, parameters that carry the address).
_REDIRECTORS = tuple(
    (_words(host), _words(path), names)
    for host, path, names in (
        (r"(?:www\.)?google\.[a-z.]{2,6}", r"/url", ("url", "q")),
        (r"(?:www\.)?(?:google\.[a-z.]{2,6}|googleadservices\.com)", r"/(?:pagead/)?aclk", ("adurl",)),
        (r"(?:l|lm)\.facebook\.com", r"/l\.php", ("u",)),
        (r"l\.(?:instagram|messenger|threads)\.(?:com|net)", r"/.*", ("u",)),
        (r"(?:www\.)?youtube\.com", r"/redirect", ("q",)),
        (r"out\.reddit\.com", r"/.*", ("url",)),
        (r"(?:www\.)?linkedin\.com", r"/(?:redir/redirect|safety/go)/?", ("url",)),
        (r"t\.umblr\.com", r"/redirect", ("z",)),
        (r"slack-redir\.net", r"/link", ("url",)),
        (r"(?:www\.)?duckduckgo\.com", r"/l/", ("uddg",)),
        (r"[a-z0-9.]+\.safelinks\.protection\.outlook\.com", r"/", ("url",)),
        (r"clickserve\.dartsearch\.net", r"/link/click", ("ds_dest_url",)),
        (r"wrd\.walmart\.com", r"/track", ("rd",)),
        (r"www\.amazon\.[a-z.]{2,6}", r"/(?:sspa/click|gp/slredirect/picassoRedirect\.html(?:/.*)?)", ("url",)),
    )
)

_HIGHLIGHT = re.compile(
    r"#?:~:.*", re.DOTALL
)  # a browser's “link to highlight”: https://wicg.github.io/scroll-to-text-fragment/


def clean(text: str, *, is_ours: Callable[[str, str | None], bool | None] = lambda _key, _ref: None) -> Cleaned:
    """The page behind a pasted address. InvalidUrl where it is no address, or does not show where it leads."""
    return cleaned(inspect(text, is_ours=is_ours))


def cleaned(taken: Inspected) -> Cleaned:
    """The page behind an address that was taken apart already."""
    notes: list[str] = []
    for _ in range(_DEEPEST):
        notes += [_unwrapped(taken)] if taken.layers else []
        inner = _behind_redirector(_shown(taken))
        if inner is None:
            break
        notes.append(f"Taken out of a redirect of {host_of(_shown(taken))}.")
        taken = inspect(inner)
    page, dropped = _own_page(_shown(taken))
    return Cleaned(parse_web_url(without_tracking(page)), (*notes, *dropped))


def _shown(taken: Inspected) -> str:
    if taken.target_url is None:
        problem = "that does not show where it leads; open it and paste the product's address."
        raise InvalidUrl(taken.url, f"it is a link of {taken.network} {problem}")
    if host_of(taken.target_url) is None:
        problem = "that names a page, but not its shop; open it and paste the product's address."
        raise InvalidUrl(taken.url, f"it is a link of {taken.network} {problem}")
    return taken.target_url


def _unwrapped(taken: Inspected) -> str:
    outermost, *within = taken.layers
    whose = {OURS: ", which pays us", OTHER: ", which pays somebody else"}.get(taken.monetised, "")
    named = f" ({outermost.publisher_id})" if outermost.publisher_id else ""
    inside = f", with {', '.join(network_name(layer.network) for layer in within)} inside" if within else ""
    return f"Taken out of a link of {network_name(outermost.network)}{whose}{named}{inside}."


def _behind_redirector(url: str) -> str | None:
    """The address that a known redirect goes on to; one on its own host may stand there without it."""
    host, path = host_of(url) or "", path_of(url)
    names = next(
        (names for hosts, paths, names in _REDIRECTORS if hosts.fullmatch(host) and paths.fullmatch(path)), None
    )
    inner = Query.of(url, *names).target if names else None
    if inner and re.match(r"/[^/]", inner):
        return f"https://{host}{inner}"
    return inner if inner and host_of(inner) else None


def _own_page(url: str) -> tuple[str, list[str]]:
    """The address without what its shop is known to add, and the sentences on what went."""
    page = _HIGHLIGHT.sub("", url)
    notes = [] if page == url else ["Without a browser's highlight of words."]
    host, path = host_of(page) or "", path_of(page)
    shop = next((shop for shop in _SHOPS if shop.hosts.fullmatch(host) and shop.product.match(path)), None)
    return _of_shop(shop, page, notes) if shop else (page, notes)


def _of_shop(shop: _Shop, url: str, notes: list[str]) -> tuple[str, list[str]]:
    rest, query, _ = split_query(url)
    page = drop_parameters(url, shop.tracking)[len(rest) :]
    names = [unquote(pair.partition("=")[0]) for pair in (query or "").split("&")]
    dropped = [name for name in names if shop.tracking.fullmatch(name)]
    scheme, _, address = rest.partition("://")
    host, slash, path = address.partition("/")
    if shop.path_tail and (found := shop.path_tail.search(path)):
        dropped.append(found.group().removeprefix("/"))
        path = path[: found.start()]
    if dropped:
        notes = [*notes, f"Without {', '.join(dropped)}: how somebody came there, not which product."]
    usual = shop.hosts.sub(shop.spelling, host.lower()) if shop.spelling else host
    if usual != host.lower():
        notes, host = [*notes, f"{host} is {usual}."], usual
    return f"{scheme}://{host}{slash}{path}{page}", notes
