"""Links that an article needs and its site does not have: proposed while the article is read, stored when it is published."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from affiliate.errors import ChangedMeanwhile, InvalidDocument
from affiliate.links import queries, slugs
from affiliate.links.library import (
    MOST_NEAR,
    LinkView,
    NewLink,
    create_links,
    deep_link,
    finished,
    near_links,
    propose_slug,
    resolve_target,
    secure,
    target_key,
    views,
)
from affiliate.store.tables import Link, Site
from affiliate.urls import is_https, likeness

MOST_NEW = 2_000  # of one article; the most addresses in a listing of products that we met are 600


@dataclass(frozen=True, slots=True)
class Proposed:
    """A link to a target, there already or proposed, and links to nearly the same target where it is proposed."""

    link: LinkView
    near: tuple[LinkView, ...] = ()


class ProposedLinks:
    """A site's links to targets: those that are there, and proposals for the others. A proposal has a slug and a token, and
    an id below zero until it is stored. What is told of a target with https is for its http form too."""

    def __init__(self, session: Session, site: Site, *, now: datetime) -> None:
        self._session = session
        self._site = site
        self._site_id = site.id
        self._now = now
        self._new: dict[str, NewLink] = {}  # by the keys of their targets
        self._slugs: set[str] = set()  # of proposals
        self._numbers: dict[str, int] = {}
        self._found: dict[str, Proposed] = {}
        self._alike: dict[str, set[str]] = defaultdict(set)  # the keys of proposals, by the likeness of their targets
        self._secured: dict[str, str] = {}  # links that lead to http: the https address that was met, by their key

    def for_target(self, url: str) -> Proposed:
        """The site's link to this target: the oldest there is, else a proposal. Raises what `resolve_target` raises,
        CannotBuild, and InvalidDocument for one proposal more than an article may need."""
        target = resolve_target(self._session, self._site, url)
        key, address = target_key(target.url.text), target.url.text
        known = self._found.get(key)
        if known and (is_https(known.link.target_url) or not is_https(address)):
            return known
        if key not in self._new and (same := queries.by_target(self._session, self._site_id, key)):
            self._found[key] = Proposed(self._there(key, same[0], address))
            return self._found[key]
        deep_link(target.programme, address, target.mode)
        earlier = self._new.get(key)
        if earlier is None and len(self._new) == MOST_NEW:
            raise InvalidDocument(
                f"The HTML would make more than {MOST_NEW:,} new links at once, in one write. Send the article alone, or in parts."
            )
        self._alike[likeness(address)].discard(key)
        slug = earlier.slug if earlier else self._free_slug(address)
        self._new[key] = new = replace(earlier, target=target) if earlier else NewLink(target, slug)
        number = self._numbers.setdefault(key, -1 - len(self._numbers))
        self._found[key] = Proposed(self._view(number, new), self._near(address))
        self._alike[likeness(address)].add(key)
        return self._found[key]

    def store(self, session: Session, wanted: Collection[int]) -> dict[int, LinkView]:
        """Stores those proposals whose ids are wanted; the links that they became, by the proposals' ids. Links to http whose
        https form was met lead there from now on. ChangedMeanwhile where a proposal's target or slug is taken now; the
        transaction is to be given up then."""
        used = set(wanted)
        for key, on_https in self._secured.items():
            if self._found[key].link.id in used:
                secure(session, queries.by_target(session, self._site_id, key), on_https, now=self._now)
        chosen = {key: new for key, new in self._new.items() if self._numbers[key] in used}
        there = queries.live_targets(session, self._site_id, chosen)
        taken = queries.taken_slugs(session, self._site_id, [new.slug for new in chosen.values()])
        for key, new in chosen.items():
            if key in there or new.slug in taken:
                raise ChangedMeanwhile(f"The link to {new.target.url.text}")
        try:
            links = create_links(session, self._site_id, list(chosen.values()), now=self._now)
        except IntegrityError as problem:  # another node made it since we looked
            raise ChangedMeanwhile("A link of the article") from problem
        return {
            self._numbers[key]: replace(self._found[key].link, id=link.id, product_id=link.product_id)
            for key, link in zip(chosen, links, strict=True)
        }

    def _there(self, key: str, link: Link, address: str) -> LinkView:
        """A link that is there, as it will be once it leads to https where that was met."""
        [view] = views(self._session, [link])
        if is_https(link.target_url) or not is_https(address):
            return view
        self._secured[key] = address
        return replace(
            view, target_url=address, deep_link=finished(link.programme, address, view.mode, view.default_token)
        )

    def _near(self, address: str) -> tuple[LinkView, ...]:
        """Links to nearly this target: those that are there, and those that were proposed before it."""
        proposed = islice(
            sorted(self._alike[likeness(address)], key=self._numbers.__getitem__, reverse=True), MOST_NEAR
        )
        return (*near_links(self._session, self._site_id, address), *(self._found[key].link for key in proposed))

    def _free_slug(self, address: str) -> str:
        slug = propose_slug(self._session, self._site, address, besides=self._slugs)
        self._slugs.add(slug)
        return slug

    def _view(self, number: int, new: NewLink) -> LinkView:
        programme = new.target.programme
        return LinkView(
            id=number,
            site=self._site.key,
            slug=new.slug,
            path=slugs.PREFIX + new.slug,
            aliases=(),
            name=new.shown_name,
            target_url=new.target.url.text,
            deep_link=finished(programme, new.target.url.text, new.target.mode, new.token),
            network=programme.network,
            advertiser=programme.advertiser.name,
            programme_id=programme.id,
            joined=programme.joined,
            mode=new.target.mode,
            own_mode=None,
            status="live",
            default_token=new.token,
            note="",
            product_id=number,
            price=None,
            amount=None,
            currency=None,
            image_url=None,
            facts_note=None,
            created_at=self._now,
            updated_at=self._now,
        )
