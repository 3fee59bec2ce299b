"""What each anchor of an article leads to: one of our links, one to be made, somebody else's, or nothing of ours."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from affiliate import deadline
from affiliate.articles.document import PLACEMENT_MARK, Anchor
from affiliate.articles.queries import known_paths, links_of_tokens
from affiliate.errors import CannotBuild, InvalidUrl, OwnHost, UnknownAdvertiser
from affiliate.ids import is_placement_token
from affiliate.links.library import LinkView, show_by_id, show_link
from affiliate.links.programmes import is_our_account
from affiliate.links.proposed import ProposedLinks
from affiliate.links.sites import own_hosts
from affiliate.networks.base import UNTOUCHED
from affiliate.networks.inspect import NO, OTHER, OURS, Inspected, inspect
from affiliate.store.tables import Site
from affiliate.urls import host_of, likeness, split_query


@dataclass(frozen=True, slots=True)
class Route:
    """Where an anchor leads. With `link` it becomes (or is) one of ours; `written` says that it is written as a redirect of
    ours already. Without a link it is left alone: `reason` says why, `paid` whether it earns all the same, `alarming`
    whether an editor must look. `target` is the advertiser's page behind an address of ours that was left.

    `token` names the placement that the address itself carries from an earlier run: whoever wrote the address, it was no
    author. `near` are links to nearly the same address as one that was made just now."""

    link: LinkView | None = None
    written: bool = False
    token: str = ""
    near: tuple[LinkView, ...] = ()
    reason: str = ""
    paid: bool = False
    alarming: bool = False
    network: str | None = None
    target: str | None = None


class Router:
    """Finds the routes of one article's anchors on one site. Makes no request and stores nothing; proposes links that are not
    there yet among `links`. Without these, anchors that are not ours yet have no route. The article's own host is ours too."""

    def __init__(self, session: Session, site: Site, article_url: str, *, links: ProposedLinks | None) -> None:
        self._session = session
        self._site = site
        self._links = links
        self._hosts = own_hosts(session) | set(filter(None, (host_of(article_url),)))
        self._known: dict[str, Route | None] = {}
        self._paths: set[str] = set()
        self._marked: dict[str, tuple[str, LinkView]] = {}

    def routes(self, anchors: tuple[Anchor, ...]) -> dict[int, Route]:
        """The routes by the anchors' numbers; anchors that are no business of ours are not in it."""
        usable = [anchor for anchor in anchors if not anchor.off]
        candidates = {path for anchor in usable if (own := self._own_path(anchor.url)) for path in _spellings(own)}
        self._paths = known_paths(self._session, self._site.id, candidates) if candidates else set()
        self._marked = self._marked_links(usable)
        found = ((anchor.number, self._route(anchor.url)) for anchor in usable)
        return {number: route for number, route in found if route is not None}

    def _route(self, url: str) -> Route | None:
        deadline.check()
        if url not in self._known:
            self._known[url] = self._find(url)
        return self._known[url]

    def _find(self, url: str) -> Route | None:
        own = self._own_path(url)
        if own is not None:
            path = next((path for path in _spellings(own) if path in self._paths), None)
            if path is None:
                return None
            return self._usable(show_link(self._session, self._site, path), written=True, token=own[len(path) + 2 :])
        address = "https:" + url if url.startswith("//") else url
        if host_of(address) is None:
            return None
        try:
            return self._outbound(address)
        except (InvalidUrl, CannotBuild) as problem:
            return Route(reason=str(problem), alarming=True)

    def _marked_links(self, anchors: list[Anchor]) -> dict[str, tuple[str, LinkView]]:
        """The tokens that addresses carry in a mark of an earlier run and in themselves, and the links of these."""
        tokens = {
            anchor.url: mark
            for anchor in anchors
            if is_placement_token(mark := anchor.attributes.get(PLACEMENT_MARK, "")) and mark in anchor.url
        }
        links = links_of_tokens(self._session, self._site.id, set(tokens.values())) if tokens else {}
        views = {link: show_by_id(self._session, link) for link in set(links.values())}
        return {url: (token, views[links[token]]) for url, token in tokens.items() if token in links}

    def _built(self, address: str) -> Route | None:
        """The route of a deep link that a template built and no network claims: its mark alone says that it is ours."""
        token, link = self._marked.get(address, ("", None))
        if link is None:
            return None
        if link.deep_link and link.deep_link.replace(link.default_token, token) == address:
            return self._usable(link, written=True, token=token)
        reason = f"It was built for {link.path}, which leads elsewhere now. Replace it by the link, or take it out."
        return Route(reason=reason, paid=True, alarming=True, network=link.network, target=link.target_url, token=token)

    def _outbound(self, address: str) -> Route | None:
        inspected = inspect(address, is_ours=lambda network, ref: is_our_account(self._session, network, ref))
        token, marked = self._marked.get(address, ("", None))
        target = inspected.target_url if marked else None  # else somebody wrote it, and it stays
        if inspected.monetised == OTHER:
            publisher = inspected.layers[0].publisher_id
            reason = f"It is a link of {inspected.network} that pays somebody else ({publisher})."
            return Route(reason=reason, alarming=True, network=inspected.network, target=target, token=token)
        if inspected.monetised not in (OURS, NO):
            reason = f"It is a link of {inspected.network} that none of our accounts is known to earn on."
            return Route(reason=reason, paid=True, alarming=True, network=inspected.network, target=target, token=token)
        if inspected.monetised == NO and (built := self._built(address)):
            return built
        if self._links is None:
            return None if inspected.monetised == NO else self._left_ours(inspected, "Paid links are off here.")
        if marked and inspected.target_url and likeness(inspected.target_url) == likeness(marked.target_url):
            return self._usable(marked, written=False, token=token)
        try:
            proposed = self._links.for_target(address)
        except OwnHost:
            return None
        except (UnknownAdvertiser, InvalidUrl, CannotBuild) as problem:
            return Route(reason=str(problem)) if inspected.monetised == NO else self._left_ours(inspected, str(problem))
        return self._usable(proposed.link, written=False, token=self._carried(inspected), near=proposed.near)

    def _left_ours(self, inspected: Inspected, why: str) -> Route:
        reason = f"It is our own link of {inspected.network} and was left as it is. {why}"
        token, target = self._carried(inspected), inspected.target_url
        return Route(reason=reason, paid=True, alarming=True, network=inspected.network, target=target, token=token)

    def _carried(self, inspected: Inspected) -> str:
        """The token that a network's link of ours carries: the one of its mark, else one among its sub-ids."""
        if inspected.monetised != OURS:
            return ""
        marked, _ = self._marked.get(inspected.url, ("", None))
        sub_ids = inspected.layers[0].sub_ids.values()
        return marked or next((sub_id for sub_id in sub_ids if is_placement_token(sub_id)), "")

    @staticmethod
    def _usable(link: LinkView, *, written: bool, token: str, near: tuple[LinkView, ...] = ()) -> Route:
        target = link.target_url if written else None
        if link.mode == UNTOUCHED:
            reason = f"{link.advertiser} wants its addresses untouched."
            return Route(written=written, reason=reason, target=target, token=token)
        if link.status != "live":
            reason = f"The link {link.path} is {link.status}."
        elif not link.joined:
            reason = f"{link.path} earns nothing: we are not in its programme any more."
        elif link.deep_link is None:
            reason = f"No deep link can be built for {link.path}: see its programme."
        else:
            return Route(link, written, token, near, network=link.network)
        return Route(written=written, reason=reason, alarming=True, target=target, token=token)

    def _own_path(self, url: str) -> str | None:
        """The path of an address on one of our own hosts, or relative to one; None for other addresses."""
        if url.startswith("/") and not url.startswith("//"):
            return split_query(url)[0]
        host = host_of("https:" + url if url.startswith("//") else url)
        if host is None or not any(host == own or host.endswith("." + own) for own in self._hosts):
            return None
        return "/" + split_query(url)[0].partition("//")[2].partition("/")[2]


def carried_token(anchor: Anchor) -> str | None:
    """The placement token that an anchor carries from an earlier run, in its mark or in its path."""
    for text in (anchor.attributes.get(PLACEMENT_MARK, ""), split_query(anchor.url)[0].rpartition("/-")[2]):
        if is_placement_token(text):
            return text
    return None


def _spellings(path: str) -> list[str]:
    """The paths under which a link may be known: the whole one first, then without a placement at its end."""
    rest, mark, token = path.rpartition("/-")
    return [path, rest] if mark and is_placement_token(token) else [path]
