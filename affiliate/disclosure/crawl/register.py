"""Which article of the register stands at which address, and what two addresses of one page have in common.

A site answers for one page under several spellings (http, www., a slash at the end), and a walk asks for it once. Where the
register has articles of their own at several of these spellings, each is a page of its own: an article's findings must never
be told of another.
"""

from collections import defaultdict
from collections.abc import Iterable

from affiliate.disclosure.crawl.addresses import address, key
from affiliate.disclosure.crawl.queries import KnownArticle
from affiliate.urls import identity


class Register:
    """The articles of a site that have an address. Of several at one address, http or https, the newest counts."""

    def __init__(self, newest_first: Iterable[KnownArticle]) -> None:
        spelled: dict[str, dict[str, KnownArticle]] = defaultdict(dict)
        for article in newest_first:
            if there := address(article.url, article.url):
                spelled[key(there)].setdefault(identity(there), article)
        self._shared = {one for one, articles in spelled.items() if len(articles) > 1}
        self._articles = {
            form if one in self._shared else one: article
            for one, articles in spelled.items()
            for form, article in articles.items()
        }

    def key(self, url: str) -> str:
        """What is equal for two addresses of one page."""
        folded = key(url)
        return identity(url) if folded in self._shared else folded

    def at(self, url: str) -> KnownArticle | None:
        return self._articles.get(self.key(url))
