"""What the headers of a request say about who is behind it, as flags of a click: labels only. What a browser fetches before
anybody clicked is no click at all, and is refused.

A sign counts only where it is there and cannot come with a person's navigation. That a header is missing is never held
against anybody: proxies and content delivery networks take headers out (CloudFront drops Accept-Language unless told
otherwise), and one such proxy would make robots of all readers behind it.
"""

from collections.abc import Mapping

from affiliate.redirect.records import DNT, GPC, IMPLAUSIBLE

# Sec-Purpose: all of Chromium's values begin with "prefetch", prerendering too (preloading_headers.h); Firefox's for
# <link rel=prefetch>. Purpose: Chromium's <link rel=prefetch> (crbug.com/1358419). X-Moz: Firefox before Sec-Purpose
# (MDN). X-Purpose: Safari's Top Sites (webkit-dev, 8 October 2010) and Facebook's app, "preview".
_AHEAD = ("prefetch", "prerender", "preview")

# What a navigation is for (https://fetch.spec.whatwg.org/#destination-type): a tab, or a frame whose link was clicked.
# "empty" is also what becomes of a navigation that the site's own service worker passes on (w3c/ServiceWorker#1803).
_PAGES = frozenset(("", "document", "iframe", "frame", "embed", "object", "fencedframe", "empty"))

# Headless Chrome in its old mode names itself here even where its user agent is made up (WICG/ua-client-hints#366).
_HEADLESS = "HeadlessChrome"

# Workbox turns a navigation into a "same-origin" request (GoogleChrome/workbox#1825). "cors" follows no redirect to a
# shop, "no-cors" shows no page.
_WAYS = frozenset(("", "navigate", "same-origin"))


def wishes(headers: Mapping[str, str]) -> int:
    """GPC and DNT: what the reader asks for."""
    flags = 0
    if "sec-gpc" in headers and headers["sec-gpc"].strip() == "1":
        flags = GPC
    if "dnt" in headers and headers["dnt"].strip() == "1":
        flags |= DNT
    return flags


def machine_flags(headers: Mapping[str, str]) -> int:
    """IMPLAUSIBLE, for a request that claims to be a navigation."""
    if (
        ("sec-fetch-dest" in headers and headers["sec-fetch-dest"] not in _PAGES)
        or ("sec-fetch-mode" in headers and headers["sec-fetch-mode"] not in _WAYS)
        or ("sec-ch-ua" in headers and _HEADLESS in headers["sec-ch-ua"])
    ):
        return IMPLAUSIBLE
    return 0


def is_ahead(headers: Mapping[str, str]) -> bool:
    """Whether a browser fetches this before anybody clicked."""
    if "sec-purpose" in headers or "purpose" in headers or "x-purpose" in headers or "x-moz" in headers:
        stated = " ".join(headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")).lower()
        return any(word in stated for word in _AHEAD)
    return False
