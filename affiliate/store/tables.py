"""Every table of the product, in the order of the road: who, what is linked, where it stands, clicks, money, machinery.

Mapped classes where people edit objects; sets are counted with Core over the same tables (`Click.__table__`). Ids are
integers of ours; what the outside sees are slugs, tokens and keys. All moments are UTC. Nothing that a report rests on
is ever deleted: placements stay, transaction versions are only appended.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship

from affiliate.store.types import BigId, Micros, UtcDateTime, UtcHours, UtcMillis


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime(),
        Decimal: Micros(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        str: String(255),
    }


# ---- who ------------------------------------------------------------------------------------------------------------


class Entity(Base):
    """A company: books, base currency. Sites and publisher accounts belong to one."""

    __tablename__ = "entities"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    base_currency: Mapped[str] = mapped_column(String(3))


class Site(Base):
    """A title. `link_base` makes links absolute (default empty: relative)."""

    __tablename__ = "sites"
    id: Mapped[int] = mapped_column(primary_key=True)
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"))
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    link_base: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en-GB")
    jurisdiction: Mapped[str] = mapped_column(default="uk")
    time_zone: Mapped[str] = mapped_column(default="Europe/London")
    monetise: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    entity: Mapped[Entity] = relationship()
    hosts: Mapped[list["SiteHost"]] = relationship(back_populates="site", cascade="all, delete-orphan")


class SiteHost(Base):
    """A host that a site answers on; its links are never monetised."""

    __tablename__ = "site_hosts"
    host: Mapped[str] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)

    site: Mapped[Site] = relationship(back_populates="hosts")


class PublisherAccount(Base):
    """Us at a network. `publisher_ref` is the network's number for us. `currency` is only for networks whose reports
    name none."""

    __tablename__ = "publisher_accounts"
    __table_args__ = (UniqueConstraint("network", "publisher_ref"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    entity_id: Mapped[int] = mapped_column(ForeignKey("entities.id"))
    network: Mapped[str] = mapped_column(String(40))
    publisher_ref: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    currency: Mapped[str | None] = mapped_column(String(3))
    time_zone: Mapped[str | None]
    to_be_completed: Mapped[bool] = mapped_column(default=False)
    credentials_expire_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    entity: Mapped[Entity] = relationship()


class Advertiser(Base):
    """Who sells and pays."""

    __tablename__ = "advertisers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    to_be_completed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class AdvertiserAlias(Base):
    """A network's number for an advertiser that we know under another one: a closed network's programmes moved."""

    __tablename__ = "advertiser_aliases"
    network: Mapped[str] = mapped_column(String(40), primary_key=True)
    advertiser_ref: Mapped[str] = mapped_column(primary_key=True)
    advertiser_id: Mapped[int] = mapped_column(ForeignKey("advertisers.id"))
    added_at: Mapped[datetime]

    advertiser: Mapped[Advertiser] = relationship()


class Programme(Base):
    """An advertiser's terms on one network. `mode` is redirect, direct or untouched; `rate` a fraction (0.08 = 8 %);
    `template` the deep-link template of a network without a builder of its own; `referrer_policy` what its redirects say
    instead of the usual one. `approval_rate` (a fraction) and `payment_days` (from sale to payment) are what a person
    expects, None where our own history decides. `pinned`: the way for its hosts, whatever pays better. `permissions` are
    texts by name (what the advertiser allows); `raw_status` is the network's word for where we stand; `terms` its rates in
    its own words. `told` is what the network told last, field by field, so that what a person changed can be told from it;
    `told_at` when that was, None for what was typed."""

    __tablename__ = "programmes"
    __table_args__ = (UniqueConstraint("account_id", "advertiser_ref"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("publisher_accounts.id"))
    advertiser_id: Mapped[int] = mapped_column(ForeignKey("advertisers.id"), index=True)
    network: Mapped[str] = mapped_column(String(40))
    advertiser_ref: Mapped[str]
    name: Mapped[str]
    mode: Mapped[str] = mapped_column(String(12), default="redirect")
    rate: Mapped[Decimal | None]
    template: Mapped[str | None] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    referrer_policy: Mapped[str | None] = mapped_column(String(40))
    joined: Mapped[bool] = mapped_column(default=True)
    raw_status: Mapped[str] = mapped_column(default="")
    terms: Mapped[str] = mapped_column(Text, default="")
    cookie_days: Mapped[int | None]
    markets: Mapped[list[str]] = mapped_column(default=list)
    permissions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    approval_rate: Mapped[Decimal | None]
    payment_days: Mapped[int | None]
    pinned: Mapped[bool] = mapped_column(default=False)
    told: Mapped[dict[str, Any]] = mapped_column(default=dict)
    told_at: Mapped[datetime | None]
    to_be_completed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    account: Mapped[PublisherAccount] = relationship()
    advertiser: Mapped[Advertiser] = relationship()
    hosts: Mapped[list["ProgrammeHost"]] = relationship(back_populates="programme", cascade="all, delete-orphan")


class ProgrammeHost(Base):
    """A host (without www.) whose pages a programme pays for; its subdomains are covered too."""

    __tablename__ = "programme_hosts"
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"), primary_key=True)
    host: Mapped[str] = mapped_column(primary_key=True, index=True)

    programme: Mapped[Programme] = relationship(back_populates="hosts")


class TrackRecord(Base):
    """How a programme did by our own ledger, counted now and then so that choosing a route need not. `transactions` of the
    last twelve months, of which `approved` and `declined` are decided; `paid` of them are known to have been paid on a day,
    on average `payment_days` after the sale."""

    __tablename__ = "track_records"
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"), primary_key=True, autoincrement=False)
    transactions: Mapped[int]
    approved: Mapped[int]
    declined: Mapped[int]
    paid: Mapped[int]
    payment_days: Mapped[int | None]
    counted_at: Mapped[datetime]


# ---- what is linked -------------------------------------------------------------------------------------------------


class Product(Base):
    """A thing for sale. Facts come from the advertiser's page or from an editor; prices carry an "as of"."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    advertiser_id: Mapped[int] = mapped_column(ForeignKey("advertisers.id"), index=True)
    title: Mapped[str] = mapped_column(Text, default="")
    target_url: Mapped[str] = mapped_column(Text)
    brand: Mapped[str | None] = mapped_column(index=True)
    price: Mapped[Decimal | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    price_as_of: Mapped[datetime | None]
    image_url: Mapped[str | None] = mapped_column(Text)
    availability: Mapped[str | None] = mapped_column(String(40))
    facts_note: Mapped[str | None] = mapped_column(Text)
    facts_read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    advertiser: Mapped[Advertiser] = relationship()


class Link(Base):
    """Our record: edited once, changes everywhere. `status` is live, scheduled, expired or retired.

    `target_key` is the digest of the target's identity, `near_key` that of its likeness (affiliate.urls): what is equal in
    the first is one page, what is equal in the second may be. `twin` is 0 for the first link of a target, and counts those
    that were made on purpose beside it: two requests that make the same link at once cannot both succeed."""

    __tablename__ = "links"
    __table_args__ = (
        Index("uq_links_target", "site_id", "target_key", "twin", unique=True),
        Index("ix_links_near", "site_id", "near_key"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    target_url: Mapped[str] = mapped_column(Text)
    target_key: Mapped[str] = mapped_column(Text)
    near_key: Mapped[str] = mapped_column(String(64), default="")
    twin: Mapped[int] = mapped_column(default=0)
    mode: Mapped[str | None] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12), default="live")
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    site: Mapped[Site] = relationship()
    product: Mapped[Product] = relationship()
    programme: Mapped[Programme] = relationship()
    paths: Mapped[list["LinkPath"]] = relationship(back_populates="link", order_by="LinkPath.id")


class LinkPath(Base):
    """A path that answers for a link: the current slug (`is_alias` false) or an old one. Paths last for ever."""

    __tablename__ = "link_paths"
    __table_args__ = (UniqueConstraint("site_id", "path"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"), index=True)
    path: Mapped[str] = mapped_column(String(1000))
    slug: Mapped[str] = mapped_column(String(1000))
    is_alias: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    link: Mapped[Link] = relationship(back_populates="paths")


class LinkChange(Base):
    """The outbox of the link table: written in the transaction of the edit, replayed by every node's publisher."""

    __tablename__ = "link_changes"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"))
    changed_at: Mapped[datetime] = mapped_column(index=True)


# ---- where it stands ------------------------------------------------------------------------------------------------


class Article(Base):
    """A page of a site. `ref` names it within its site (its URL, or the draft's name). `kind` is product-led, mixed
    or editorial. `monetise` overrides the site's policy where set."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("site_id", "ref"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    ref: Mapped[str] = mapped_column(String(1000))
    url: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(String(12), default="mixed")
    author: Mapped[str] = mapped_column(default="", index=True)
    section: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    language: Mapped[str | None] = mapped_column(String(20))
    jurisdiction: Mapped[str | None] = mapped_column(String(12))
    monetise: Mapped[bool | None]
    published_at: Mapped[datetime | None]
    html: Mapped[str | None] = mapped_column(Text)
    rewritten_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    site: Mapped[Site] = relationship()


class Placement(Base):
    """One use of a link at one position. A link's default placement has no article. Never deleted: the token is in
    other companies' reports. `position` counts from 1 within the article; `removed_at` is set when the article no
    longer holds it.

    `authored_url` is the address that the article's author wrote there, for the day on which it has to stand there again;
    None where that is not known, as for the author's own use of a path of ours. `authored_href` and `authored_rel` are the
    attributes as they were written, byte for byte ("" for none, None where not known)."""

    __tablename__ = "placements"
    __table_args__ = (Index("ix_placements_article_link", "article_id", "link_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(12), unique=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"), index=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    kind: Mapped[str] = mapped_column(String(12), default="article")
    position: Mapped[int | None]
    anchor_text: Mapped[str] = mapped_column(Text, default="")
    authored_url: Mapped[str | None] = mapped_column(Text)
    authored_href: Mapped[str | None] = mapped_column(Text)
    authored_rel: Mapped[str | None] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    link: Mapped[Link] = relationship()
    article: Mapped[Article | None] = relationship()


class ArticleDisclosure(Base):
    """What an article showed, from `shown_from` until `shown_until` (exclusive; empty: still). A new row is written
    when wording, presence or need changes, so the register knows since when. `reason` says why it shows nothing where its
    links could have earned."""

    __tablename__ = "article_disclosures"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))  # present, missing, not-needed
    jurisdiction: Mapped[str] = mapped_column(String(12))
    label: Mapped[str | None] = mapped_column(Text)
    sentence: Mapped[str | None] = mapped_column(Text)
    text_version: Mapped[str | None] = mapped_column(String(40))
    paid_links: Mapped[int]
    html_sha256: Mapped[str] = mapped_column(String(64))
    shown_from: Mapped[datetime]
    shown_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)


class ArticleVerdict(Base):
    """What the newest check said of a variant of an article for one profile, from `held_from` until `held_until` (exclusive;
    empty: still). A new row is written when the verdict changes; `checked_at` and `check_id` are of the check that last said
    so."""

    __tablename__ = "article_verdicts"
    __table_args__ = (Index("ix_article_verdicts_article_id", "article_id", "held_until"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    variant: Mapped[str] = mapped_column(String(12))  # web, amp, feed, newsletter, app
    profile: Mapped[str] = mapped_column(String(20))
    verdict: Mapped[str] = mapped_column(String(4))  # PASS, WARN, FAIL
    check_id: Mapped[int] = mapped_column(ForeignKey("page_checks.id"))
    checked_at: Mapped[datetime]
    held_from: Mapped[datetime]
    held_until: Mapped[datetime | None]


# ---- disclosure and its evidence ------------------------------------------------------------------------------------


class OwnText(Base):
    """A publisher's own wording of a disclosure, checked before it was kept, and never changed: new wording is a new
    version. The newest that is not retired is used in its jurisdiction and language (a primary subtag), on its site or,
    where `site_id` is empty, on all."""

    __tablename__ = "own_texts"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(40), unique=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    jurisdiction: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(20))
    label: Mapped[str]
    sentence: Mapped[str] = mapped_column(Text)
    added_by: Mapped[str]
    added_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class SiteProfile(Base):
    """A profile that a site's pages are checked against, beside the jurisdiction of each article, until `dropped_at`. Never
    deleted: dropping one is loosening, and has its reason."""

    __tablename__ = "site_profiles"
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    profile: Mapped[str] = mapped_column(String(20))
    chosen_by: Mapped[str]
    chosen_at: Mapped[datetime]
    dropped_by: Mapped[str] = mapped_column(default="")
    dropped_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")


class RuleChange(Base):
    """A rule that is taken more or less seriously on a site, or for one article (an exception), than its pack says, with the
    reason. Holds from `made_at` until `ends_at` or, if somebody ended it before, `ended_at`. Never deleted."""

    __tablename__ = "rule_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    rule: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(5))  # BLOCK, ERROR, WARN, INFO
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")


class PageCheck(Base):
    """One check of one page: a record of evidence, never changed. `record` is all that was found, as the very text whose
    digest is hashed together with `previous_hash`; the other columns repeat parts of it for queries. `number` counts without a gap
    from 1, `previous_hash` of the first is 64 zeros. `origin` is live (as served) or stored (as the rewriter left it);
    `mode` static or rendered; `occasion` publish, edit, template, nightly, archive, crawl or asked."""

    __tablename__ = "page_checks"
    __table_args__ = (Index("ix_page_checks_article_id", "article_id", "number"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    url: Mapped[str] = mapped_column(Text)
    variant: Mapped[str] = mapped_column(String(12))
    origin: Mapped[str] = mapped_column(String(8))
    mode: Mapped[str] = mapped_column(String(8))
    occasion: Mapped[str] = mapped_column(String(12))
    checked_at: Mapped[datetime] = mapped_column(index=True)
    verdicts: Mapped[dict[str, Any]]
    worst: Mapped[str] = mapped_column(String(4))
    html_sha256: Mapped[str] = mapped_column(String(64))
    record: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class EvidenceFile(Base):
    """A page or a picture that records name by its SHA-256: kept once, however many name it. `content` is as `packing` says
    (zlib, or "" for as it is); `size` is unpacked, in bytes."""

    __tablename__ = "evidence_files"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    packing: Mapped[str] = mapped_column(String(8))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[datetime]


class EvidenceStamp(Base):
    """A time stamp from outside (RFC 3161) over the hash of one record, and so over all before it."""

    __tablename__ = "evidence_stamps"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    authority: Mapped[str] = mapped_column(Text)
    token: Mapped[bytes] = mapped_column(LargeBinary)
    stamped_at: Mapped[datetime]


class Crawl(Base):
    """One walk over a site's own pages. `state` is running, done or stopped; one that a crash left running goes on where it
    was: by the worker where it was started `in_background`, else by command."""

    __tablename__ = "crawls"
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    start_url: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    most_pages: Mapped[int]
    in_background: Mapped[bool]
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(Text, default="")

    site: Mapped[Site] = relationship()


class CrawledPage(Base):
    """One address of a crawl. `what` it is: robots, sitemap, feed or page; `found_in` the start, a sitemap, a feed, the
    register or a page; `state` waiting, done, failed or skipped (`problem` says why). `facts` are what was read there.
    `url_sha256` is of the address as it is compared (affiliate.disclosure.crawl.register)."""

    __tablename__ = "crawled_pages"
    __table_args__ = (
        UniqueConstraint("crawl_id", "url_sha256"),
        Index("ix_crawled_pages_state", "crawl_id", "state", "what", "depth"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    crawl_id: Mapped[int] = mapped_column(ForeignKey("crawls.id"))
    url: Mapped[str] = mapped_column(Text)
    url_sha256: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(8))
    found_in: Mapped[str] = mapped_column(String(8))
    depth: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    status: Mapped[int | None]
    problem: Mapped[str] = mapped_column(Text, default="")
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fetched_at: Mapped[datetime | None]


class CrawlFinding(Base):
    """What is wrong at one address of a crawl, in a sentence, and the way out. `rule` is of a rule pack, "" for kinds that
    rest on none."""

    __tablename__ = "crawl_findings"
    __table_args__ = (Index("ix_crawl_findings_kind", "crawl_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    crawl_id: Mapped[int] = mapped_column(ForeignKey("crawls.id"))
    page_id: Mapped[int] = mapped_column(ForeignKey("crawled_pages.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    severity: Mapped[str] = mapped_column(String(5))
    rule: Mapped[str] = mapped_column(String(20), default="")
    message: Mapped[str] = mapped_column(Text)
    mend: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(Text, default="")


# ---- clicks ---------------------------------------------------------------------------------------------------------


class ClickContext(Base):
    """What many clicks have in common and reports are cut by: one row per distinct combination. `digest` is the hash of
    the other columns, so that a combination is found by one look-up. An unknown country is "", a click from no page of
    anybody has the referrer host ""."""

    __tablename__ = "click_contexts"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"), index=True)
    placement_id: Mapped[int | None] = mapped_column(ForeignKey("placements.id"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    country: Mapped[str] = mapped_column(String(2))
    device: Mapped[str] = mapped_column(String(12))
    referrer_host: Mapped[str] = mapped_column(String(255))


class ClickOrigin(Base):
    """The finer facts of clicks, which no roll-up keeps: one row per distinct combination."""

    __tablename__ = "click_origins"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    user_agent_family: Mapped[str] = mapped_column(String(60))
    referrer_path: Mapped[str] = mapped_column(Text)
    fallback_reason: Mapped[str] = mapped_column(String(40))


class UserAgent(Base):
    """A user-agent string that at least 20 visitors shared, so that it names nobody; what it was judged to be (`preview`,
    `bot`, "" for what may be a person). Lets the classes of clicks be made anew when the list of bots grows."""

    __tablename__ = "user_agents"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(512), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    added_at: Mapped[datetime]


class UserAgentSighting(Base):
    """Which visitors showed a user-agent string that is not in the dictionary yet: hashes of both. Lives no longer than
    the key of the day that made the visitor's hash."""

    __tablename__ = "user_agent_sightings"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads it from the class
    agent: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    visitor: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(UtcMillis())


class Click(Base):
    """One answered GET of a known path, or one beacon. No address, no visitor hash, no user-agent string of its own: see
    the privacy page. Narrow on purpose: a click takes 40 bytes, and the loader writes nothing else as often. Without
    foreign keys, which would cost more than the insert (PostgreSQL: twenty times); the loader alone writes here.

    `flags` are what the hop saw (affiliate/redirect/records.py) and, above them, what was decided at load and stays a
    fact when classes are made anew (affiliate/clicks/classes.py). `rules_id` says by which rules the class was judged.
    """

    __tablename__ = "clicks"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMillis(), index=True)
    context_id: Mapped[int]
    origin_id: Mapped[int]
    user_agent_id: Mapped[int | None]
    click_class: Mapped[str] = mapped_column(String(12))
    flags: Mapped[int]
    rules_id: Mapped[int]

    context: Mapped[ClickContext] = relationship(
        primaryjoin=lambda: foreign(Click.context_id) == ClickContext.id, viewonly=True
    )
    origin: Mapped[ClickOrigin] = relationship(
        primaryjoin=lambda: foreign(Click.origin_id) == ClickOrigin.id, viewonly=True
    )


class ClickHour(Base):
    """Additive roll-up of clicks by UTC hour, context and class. `network_comparable` counts those clicks of people that
    a network would count too. Kept for longer than the clicks; can be made anew from those that are still there."""

    __tablename__ = "click_hours"
    __table_args__ = (Index("ix_click_hours_context_id", "context_id", "hour"), {"sqlite_with_rowid": False})
    hour: Mapped[datetime] = mapped_column(UtcHours(), primary_key=True)
    context_id: Mapped[int] = mapped_column(primary_key=True)
    click_class: Mapped[str] = mapped_column(String(12), primary_key=True)
    clicks: Mapped[int]
    network_comparable: Mapped[int]

    context: Mapped[ClickContext] = relationship(
        primaryjoin=lambda: foreign(ClickHour.context_id) == ClickContext.id, viewonly=True
    )


class ClickRules(Base):
    """By which rules clicks were judged: ours, and the version of the list of bots. The newest row is the one in force."""

    __tablename__ = "click_rules"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(unique=True)
    since: Mapped[datetime]
    report: Mapped[dict[str, Any] | None]  # what judging the known history anew changed; None until that was done


class ClickPurge(Base):
    """One deletion of clicks or hours that had had their time. `left` is how many older ones were found afterwards, 0;
    None while the deletion was not finished."""

    __tablename__ = "click_purges"
    id: Mapped[int] = mapped_column(primary_key=True)
    purged_at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(12))  # clicks, hours
    before: Mapped[datetime]
    deleted: Mapped[int] = mapped_column(BigInteger)
    left: Mapped[int | None] = mapped_column(BigInteger)


class JournalSegment(Base):
    """The loader's checkpoint: how far a journal segment, named by its own uuid, is in the store. Moved in the
    transaction that inserts the clicks, which makes loading exactly-once."""

    __tablename__ = "journal_segments"
    uuid: Mapped[str] = mapped_column(String(32), primary_key=True)
    offset: Mapped[int] = mapped_column(BigId)
    loaded: Mapped[int]
    set_aside: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class RecentVisit(Base):
    """The short memory behind `duplicate` (10 s) and `network_comparable` (3 h): by the day's hash of a visitor what it
    clicked lately, packed (affiliate/clicks/visits.py). Rows are dropped after three hours. One number as key and one
    row per visitor, because every click comes by here."""

    __tablename__ = "recent_visits"
    visitor: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    last_at: Mapped[datetime] = mapped_column(UtcMillis())
    clicks: Mapped[bytes] = mapped_column(LargeBinary)


class Node(Base):
    """A machine that answers readers, as it last told of itself. `overruled` and `unclear` count requests whose host and path
    lead to another link than their token, or to links of several sites; `unknown_hosts` are hosts of the latter that no site
    has, with blanks between."""

    __tablename__ = "nodes"
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    seen_at: Mapped[datetime]
    loaded_at: Mapped[datetime | None]
    waiting_bytes: Mapped[int] = mapped_column(BigInteger)
    waiting_since: Mapped[datetime | None]
    journal_failures: Mapped[int] = mapped_column(BigInteger)
    problem: Mapped[str] = mapped_column(Text)
    overruled: Mapped[int] = mapped_column(BigInteger, default=0)
    unclear: Mapped[int] = mapped_column(BigInteger, default=0)
    unknown_hosts: Mapped[str] = mapped_column(Text, default="")


# ---- money ----------------------------------------------------------------------------------------------------------


class ImportRun(Base):
    """One file, one window of a pull or one bundle of postbacks: an all-or-nothing unit that can be undone. `as_of` is when
    it was true. `origin` is file, api, postback or replay; `reading` what was said about how to read it (account, currency,
    zone, column map), so that it can be read again, and `replay_of` the run whose rows a replay read. `period` names what a file without row ids covers as a whole; a newer
    file of that period replaces it (`replaced_by`). `confirmed` holds, packed, the transactions that it found unchanged and
    what it left unsaid of each (affiliate/commissions/marks.py); `read_by` names the code that read it."""

    __tablename__ = "import_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    network: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str]
    file_sha256: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime]
    recorded_at: Mapped[datetime]
    rows: Mapped[int]
    new: Mapped[int]
    amended: Mapped[int]
    unchanged: Mapped[int]
    quarantined: Mapped[int]
    undone_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(String(12), default="file")
    reading: Mapped[dict[str, Any]] = mapped_column(default=dict)
    period: Mapped[str | None] = mapped_column(index=True)
    replaced_by: Mapped[int | None]
    confirmed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    read_by: Mapped[str] = mapped_column(String(16), default="")
    replay_of: Mapped[int | None]


class QuarantinedRow(Base):
    """A row that could not be booked, whole, with its place and the reason in words; `word` is the network's word that
    nobody knew, where it was that. `resolved_at`: when a replay booked it, and `resolved_by` its run."""

    __tablename__ = "quarantined_rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    import_run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id"), index=True)
    line: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    word: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(index=True)


class Transaction(Base):
    """One sale, lead, bonus or CPC fee, identified by (account, the network's id, its line). What it says now is its
    newest version of a run that was not undone, `current_version_id` (empty: every run that named it was undone);
    the columns from `programme_id` to `attribution` repeat that version for the indexes, those from `status` to `validated_at`
    for the reports, which need not look up a version, with its payload, for every amount."""

    __tablename__ = "transactions"
    __table_args__ = (UniqueConstraint("account_id", "external_id", "line_id"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("publisher_accounts.id"))
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"), index=True)
    network: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str]
    line_id: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(String(12))  # sale, lead, bonus, cpc
    transaction_at: Mapped[datetime] = mapped_column(index=True)
    click_at: Mapped[datetime | None]
    order_ref: Mapped[str | None]
    sub_id: Mapped[str | None] = mapped_column(Text)
    placement_id: Mapped[int | None] = mapped_column(ForeignKey("placements.id"), index=True)
    attribution: Mapped[str] = mapped_column(String(20))  # sub-id, none, foreign, unknown-token
    status: Mapped[str] = mapped_column(String(12), default="")
    payment: Mapped[str] = mapped_column(String(12), default="")
    sale_amount: Mapped[Decimal | None]
    sale_currency: Mapped[str | None] = mapped_column(String(3))
    commission: Mapped[Decimal] = mapped_column(default=Decimal(0))
    currency: Mapped[str] = mapped_column(String(3), default="")
    validated_at: Mapped[datetime | None]
    current_version_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime]

    programme: Mapped[Programme] = relationship()
    account: Mapped[PublisherAccount] = relationship()
    placement: Mapped[Placement | None] = relationship()


class CommissionHour(Base):
    """Additive roll-up of the current pictures of transactions by the UTC hour of the sale, programme, title (0: attributed to
    no link), currency, status and payment; the figures are those of a report's `Sum` (affiliate/reports/queries.py). The
    ledger's writer keeps it (affiliate/commissions/hours.py); rows may have come down to 0 transactions."""

    __tablename__ = "commission_hours"
    __table_args__ = ({"sqlite_with_rowid": False},)
    hour: Mapped[datetime] = mapped_column(UtcHours(), primary_key=True)
    programme_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    site_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    status: Mapped[str] = mapped_column(String(12), primary_key=True)
    payment: Mapped[str] = mapped_column(String(12), primary_key=True)
    transactions: Mapped[int]
    commission: Mapped[Decimal]
    magnitude: Mapped[Decimal]
    in_articles: Mapped[Decimal]
    sale_amount: Mapped[Decimal]
    sales_elsewhere: Mapped[int]


class TransactionVersion(Base):
    """What a network said of a transaction, once: appended, never changed. `observed_at` is when it was true,
    `recorded_at` when we learnt it. Each is the whole picture, so that a report "as known then" and an undone import
    need nothing else. Amounts are signed, in units of `currency`; the payload is the row as it came, without personal
    data, and `payload_key` the start of its hash as a number, by which a row that comes again is known. `unsaid` are the
    parts that the report itself did not say (ledger.py). `line` is 0 where a run only confirmed what another
    had said, and that had to be written out later; the payload is the other's then."""

    __tablename__ = "transaction_versions"
    __table_args__ = (
        UniqueConstraint("transaction_id", "number"),
        Index(
            "ix_transaction_versions_payout_ref",
            "payout_ref",
            sqlite_where=text("payout_ref IS NOT NULL"),  # most transactions name no payout yet
            postgresql_where=text("payout_ref IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("transactions.id"))
    number: Mapped[int]
    import_run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id"), index=True)
    line: Mapped[int]
    observed_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    kind: Mapped[str] = mapped_column(String(12))
    transaction_at: Mapped[datetime] = mapped_column(index=True)
    click_at: Mapped[datetime | None]
    order_ref: Mapped[str | None]
    sub_id: Mapped[str | None] = mapped_column(Text)
    placement_id: Mapped[int | None] = mapped_column(ForeignKey("placements.id"))
    attribution: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(12))  # pending, approved, declined
    raw_status: Mapped[str]
    payment: Mapped[str] = mapped_column(String(12))  # unpaid, invoiced, paid
    raw_payment: Mapped[str | None]
    sale_amount: Mapped[Decimal | None]
    sale_currency: Mapped[str | None] = mapped_column(String(3))
    commission: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(String(3))
    validated_at: Mapped[datetime | None]
    payout_ref: Mapped[str | None]
    original_ref: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    payload_sha256: Mapped[str] = mapped_column(String(64))
    payload_key: Mapped[int | None] = mapped_column(BigInteger, index=True)
    unsaid: Mapped[int] = mapped_column(default=0)


class Pull(Base):
    """One window of one account asked of a network's API, from `first` (inclusive) to `until` (exclusive). `basis` says what
    the days mean; `state` is waiting, running, done or failed. Done windows together say what is covered; a window that a
    crash left running is asked for again, a failed one not before `not_before`. Windows of one request have one
    `requested_at`."""

    __tablename__ = "pulls"
    __table_args__ = (Index("ix_pulls_account_basis", "account_id", "basis", "first"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("publisher_accounts.id"))
    basis: Mapped[str] = mapped_column(String(12))  # transaction, change, payout, programme
    first: Mapped[datetime]
    until: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    requested_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("import_runs.id"))
    rows: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(Text, default="")

    account: Mapped[PublisherAccount] = relationship()
    run: Mapped[ImportRun | None] = relationship()


class Postback(Base):
    """A network's message about one transaction, booked with others in one import run. `digest` is that of the signed
    message: one that comes again is known. `said_at` is when the sender said it, as far as that is proven. `hint_at` is the
    moment of the sale of a message that is only a hint to pull; nothing else of it is kept."""

    __tablename__ = "postbacks"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("publisher_accounts.id"))
    network: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    received_at: Mapped[datetime]
    said_at: Mapped[datetime]
    hint_at: Mapped[datetime | None]
    payload: Mapped[str] = mapped_column(Text)
    booked_at: Mapped[datetime | None] = mapped_column(index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("import_runs.id"))

    account: Mapped[PublisherAccount] = relationship()


class Payout(Base):
    """Money that a network says it paid or will pay, as it last said it: its invoice, self-bill or pay stub. Amounts are
    signed, in `currency`; `net` is what arrives. `transaction_versions.payout_ref` names what it covers."""

    __tablename__ = "payouts"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("publisher_accounts.id"))
    external_id: Mapped[str]
    number: Mapped[str | None]
    payment: Mapped[str] = mapped_column(String(12))  # invoiced, paid
    raw_status: Mapped[str]
    currency: Mapped[str] = mapped_column(String(3))
    commission: Mapped[Decimal]
    vat: Mapped[Decimal | None]
    withheld: Mapped[Decimal | None]
    net: Mapped[Decimal | None]
    issued_at: Mapped[datetime] = mapped_column(index=True)
    paid_at: Mapped[datetime | None]
    observed_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    import_run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id"), index=True)
    payload: Mapped[str] = mapped_column(Text)

    account: Mapped[PublisherAccount] = relationship()


class ColumnMap(Base):
    """A saved reading of somebody's CSV: which column means what."""

    __tablename__ = "column_maps"
    name: Mapped[str] = mapped_column(primary_key=True)
    columns: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


# ---- machinery ------------------------------------------------------------------------------------------------------


class User(Base):
    """A person who signs in; `role` is editor, finance or admin. The password is an argon2 hash."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(String(12))
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]


class UserSession(Base):
    """A person signed in on one device, from `created_at` until `ended_at` or until it is too old. The cookie holds a random
    key, of which only the SHA-256 is kept. `device` is a browser's and a system's name, such as "Firefox on Linux"."""

    __tablename__ = "user_sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    device: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LogInBrake(Base):
    """How far tries to log in have used up one allowance. `key` is a keyed hash of an account, an address or both: neither
    can be read from it. After `free_at` the whole allowance is there again, and the row says nothing any more."""

    __tablename__ = "log_in_brakes"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    free_at: Mapped[datetime] = mapped_column(index=True)


class ApiToken(Base):
    """A token for scripts, shown once: only its SHA-256 is kept (it is random, so a fast hash is enough)."""

    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Job(Base):
    """Work to be done soon, enqueued in the transaction of its data. Taken under a lease; a job whose worker died is
    taken again when the lease ends, so jobs are idempotent."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "done_at", "not_before"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    arguments: Mapped[dict[str, Any]]
    not_before: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
