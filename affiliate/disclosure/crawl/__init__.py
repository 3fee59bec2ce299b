"""The walk over a publisher's own site: what stands there that the register does not know, or that readers are not told.

One request at a time, at the pace that robots.txt and the setting ask for; every step is in the database before the next
one, so a walk that was killed goes on where it was. Only the site's own hosts are asked, and no link of a network ever is.
"""

from affiliate.disclosure.crawl.crawls import (
    CrawlDetail,
    CrawlRow,
    begin_crawl,
    go_on,
    list_crawls,
    list_findings,
    show_crawl,
    stop_crawl,
)
from affiliate.disclosure.crawl.fetching import Fetcher
from affiliate.disclosure.crawl.judging import KINDS
from affiliate.disclosure.crawl.queries import background_crawls
from affiliate.disclosure.crawl.walk import Crawler, Progress

__all__ = [
    "KINDS",
    "CrawlDetail",
    "CrawlRow",
    "Crawler",
    "Fetcher",
    "Progress",
    "background_crawls",
    "begin_crawl",
    "go_on",
    "list_crawls",
    "list_findings",
    "show_crawl",
    "stop_crawl",
]
