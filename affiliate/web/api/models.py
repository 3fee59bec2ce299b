"""What the API takes and gives. Bodies are strict: no text for a number, no unknown field."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, RootModel, StringConstraints

LARGEST_PAGE = 200
MOST_URLS = 500

Item = TypeVar("Item")


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _storable(text: str) -> str:
    if found := _UNSTORABLE.search(text):
        raise ValueError(f"the text holds {found.group()!r}, which is no character that can be stored")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Short = Annotated[Text, StringConstraints(max_length=255)]
Long = Annotated[Text, StringConstraints(max_length=2000)]
Address = Annotated[Text, StringConstraints(max_length=8000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Page(Query):
    """Pages count from 1."""

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=LARGEST_PAGE)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page


class Listed(BaseModel, Generic[Item]):
    """A page of a list, and how many there are in all."""

    items: list[Item]
    total: int
    page: int
    per_page: int


class Loose(BaseModel):
    """An answer whose fields beyond the named ones are described in docs/api.md."""

    model_config = ConfigDict(extra="allow")


# ---- articles -------------------------------------------------------------------------------------------------------


class ArticleIn(Body):
    """`id` or `url` names the article within its site; without both the text itself does. Null leaves to the site."""

    id: Annotated[Text, StringConstraints(max_length=1000)] | int | None = None
    url: Address | None = None
    kind: Literal["product-led", "mixed", "editorial"] | None = None
    section: Short | None = None
    tags: list[Short] | None = Field(None, max_length=200)
    author: Short | None = None
    language: Annotated[Text, StringConstraints(max_length=20)] | None = None
    jurisdiction: Annotated[Text, StringConstraints(max_length=12)] | None = None
    title: Long | None = None
    monetise: bool | None = None


class RewriteIn(Body):
    html: Text
    article: ArticleIn = Field(default_factory=ArticleIn)
    site: Short | None = None
    variant: Literal["web", "amp", "feed", "newsletter", "app"] = "web"
    dry_run: bool = False


class DisclosureOut(BaseModel):
    """What the HTML shows. `state` is present, missing or not-needed; `reason` says why links that could earn do not.

    `teaser_label` goes before the article's title wherever it is announced and into og:title (null: nowhere);
    `feed_title`, `newsletter_subject` and `push_title` are the title with it, null where the title is not known.
    """

    state: str
    jurisdiction: str
    label: str | None
    sentence: str | None
    text_version: str | None
    paid_links: int
    label_at_headline: bool
    reason: str | None
    variant: str
    teaser_label: str | None
    feed_title: str | None
    newsletter_subject: str | None
    push_title: str | None


class RewriteOut(BaseModel):
    """`changes` restore the input: each `old` stood at `start` (in characters) of the input where `new` stands now."""

    html: str
    changes: list[dict[str, Any]]
    placements: list[dict[str, Any]]
    disclosure: DisclosureOut
    warnings: list[str]


class TeasersIn(Body):
    html: Text
    site: Short | None = None


class TeaserOut(BaseModel):
    """A teaser of a product-led article; `label` is empty where its author wrote one."""

    url: str
    title: str
    label: str


class TeasersOut(BaseModel):
    html: str
    changes: list[dict[str, Any]]
    teasers: list[TeaserOut]
    warnings: list[str]


class RecheckIn(Body):
    """Of all sites, unless one is named. A template serves all articles of a kind, so a sample does."""

    site: Short | None = Field(None, description="The site’s key.")
    pages: int = Field(200, ge=1, le=10_000, description="At most so many pages.")


class RecheckOut(BaseModel):
    queued: int = Field(description="How many pages will be asked for, one a second.")


class InspectIn(Body):
    """`urls`, or one `url`."""

    urls: list[Address] | None = Field(None, min_length=1, max_length=MOST_URLS)
    url: Address | None = None


class InspectOut(BaseModel):
    url: str
    network: str | None
    publisher_id: str | None
    advertiser_id: str | None
    sub_ids: dict[str, str]
    target_url: str | None
    wrapped: bool
    monetised: Literal["ours", "other", "unknown", "no"]
    layers: list[dict[str, Any]]


class InspectListOut(RootModel[list[InspectOut]]):
    pass


class ArticleQuery(Page):
    search: Long = ""
    site: Short | None = None
    disclosure: Literal["present", "missing", "not-needed"] | None = None


class ArticleOut(BaseModel):
    """`disclosure` is present, missing, not-needed or null (never rewritten); `clicks` are human ones of all time, beside
    them the two other counts."""

    id: str
    site: str
    url: str | None
    title: str
    kind: str
    author: str
    section: str
    tags: list[str]
    monetise: bool | None
    paid_links: int
    clicks: int
    clicks_raw: int
    clicks_network_comparable: int
    disclosure: str | None
    label: str | None
    sentence: str | None
    shown_from: datetime | None
    rewritten_at: datetime | None


class ArticleListOut(Listed[ArticleOut]):
    pass


# ---- links ----------------------------------------------------------------------------------------------------------


class LinkQuery(Page):
    search: Long = ""
    status: Literal["live", "scheduled", "expired", "retired"] | None = None
    site: Short | None = None


class SiteQuery(Query):
    site: Short | None = None


class LinkIn(Body):
    """`url` may be any network's link to the product; it is taken apart and cleaned."""

    url: Address
    slug: Short | None = None
    name: Long | None = None
    site: Short | None = None


class LinkChangeIn(Body):
    """Only what is sent changes. A `mode` of null goes back to the programme's."""

    slug: Short | None = None
    url: Address | None = None
    name: Long | None = None
    note: Annotated[Text, StringConstraints(max_length=20_000)] | None = None
    mode: Literal["redirect", "direct", "untouched"] | None = None
    price: Short | None = None
    currency: Short | None = None
    status: Literal["live", "scheduled", "expired", "retired"] | None = None


class LinkOut(Loose):
    slug: str
    path: str
    target_url: str
    deep_link: str | None
    network: str
    mode: str
    status: str


class AddedLinkOut(LinkOut):
    created: bool
    duplicates: list[str]
    near: list[str]
    notes: list[str]


class LinkListOut(Listed[LinkOut]):
    pass


class SiteOut(BaseModel):
    key: str
    name: str
    entity: str
    hosts: list[str]
    link_base: str
    language: str
    jurisdiction: str
    time_zone: str
    monetise: bool


class SiteListOut(Listed[SiteOut]):
    pass


class ProgrammeOut(BaseModel):
    """Rates are fractions as decimal texts (0.08 for 8 %). `approval_rate` and `payment_days` are what somebody expects;
    `record` is what our own ledger says, and on how many transactions that rests. `links` are those in use, in `articles`."""

    id: int
    network: str
    account: str
    advertiser_id: str
    name: str
    advertiser: str
    hosts: list[str]
    mode: str
    rate: str | None
    terms: str
    cookie_days: int | None
    markets: list[str]
    permissions: dict[str, str]
    approval_rate: str | None
    payment_days: int | None
    pinned: bool
    joined: bool
    raw_status: str
    told_at: datetime | None
    to_be_completed: bool
    links: int
    articles: int
    record: dict[str, Any]


class ProgrammeQuery(Page):
    search: Long = ""
    network: Annotated[Text, StringConstraints(max_length=40)] = ""
    standing: Literal["joined", "incomplete", "closed"] | None = None


Fraction = Annotated[Text, StringConstraints(max_length=20)]
DayCount = Annotated[int, Field(ge=0, le=3650)]
Named = Annotated[dict[Short, Short], Field(max_length=50)]


class ProgrammeChangeIn(Body):
    """Only what is sent changes; null takes a value away. Rates are fractions as texts: "0.08" for 8 %."""

    name: Short | None = None
    hosts: list[Short] | None = Field(None, min_length=1, max_length=200)
    mode: Literal["redirect", "direct", "untouched"] | None = None
    rate: Fraction | None = None
    terms: Long | None = None
    cookie_days: DayCount | None = None
    markets: list[Short] | None = Field(None, max_length=300)
    permissions: Named | None = None
    parameters: Named | None = None
    template: Long | None = None
    referrer_policy: Short | None = None
    approval_rate: Fraction | None = None
    payment_days: DayCount | None = None
    pinned: bool | None = None
    joined: bool | None = None


class ProgrammeIn(ProgrammeChangeIn):
    """`account` is our publisher id, where we have several at the network."""

    network: Short
    advertiser_id: Short
    account: Short | None = None


class EarningIn(Body):
    """`article` is an id or address; its own switch, tags and section count."""

    urls: list[Address] = Field(min_length=1, max_length=50)
    site: Short | None = None
    article: Annotated[Text, StringConstraints(max_length=1000)] | None = None


class EarnOut(BaseModel):
    """`route` is the programme that a link would be made on, or the first that covers the page and cannot be used."""

    url: str
    earns: bool
    reason: str
    target_url: str | None
    pasted: Literal["ours", "other", "unknown", "no"]
    route: dict[str, Any] | None
    alternatives: list[dict[str, Any]]


class EarnListOut(RootModel[list[EarnOut]]):
    pass


class ProgrammeListOut(Listed[ProgrammeOut]):
    pass


class ProductOut(BaseModel):
    """`price` is a decimal text beside `currency`, as of `price_as_of`."""

    id: int
    title: str
    advertiser: str
    target_url: str
    brand: str | None
    price: str | None
    currency: str | None
    price_as_of: datetime | None
    image_url: str | None
    availability: str | None


class ProductListOut(Listed[ProductOut]):
    pass


class SearchQuery(Page):
    search: Long = ""


# ---- money ----------------------------------------------------------------------------------------------------------


Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2200, 1, 1))]


class Days(Query):
    """Days in the site's zone: `from` inclusive, `to` exclusive."""

    first: Day = Field(alias="from")
    until: Day = Field(alias="to")
    site: Short | None = None


class Period(Days):
    """`as_of` is a moment with its offset. `disclosure` leaves only what was earned on such pages, `payment` only the money of
    which the network says so (clicks are not told apart by it)."""

    date_basis: Literal["transaction", "click", "validation"] = "transaction"
    as_of: AwareDatetime | None = None
    disclosure: Literal["failing", "warning", "passing", "not-checked", "no-article"] | None = None
    payment: Literal["unpaid", "invoiced", "paid"] | None = None


class ReportQuery(Period):
    by: Short = "article"
    format: Literal["json", "csv"] = "json"


class ClicksQuery(Days):
    """`within` and `key` count the clicks of one value of another dimension; a `within` without `key` those that have
    none."""

    by: Short = "article"
    every: Literal["day", "hour"] | None = None
    click_class: Literal["prefetch", "preview", "bot", "internal", "duplicate", "human"] | None = Field(
        None, alias="class"
    )
    within: Short | None = None
    key: Annotated[Text, StringConstraints(max_length=1000)] | None = None
    format: Literal["json", "csv"] = "json"


class TransactionQuery(Period, Page):
    """`by` and `key` are the report's dimension and one of its values; a `by` without `key` means what is attributed to
    none. `status` earned means pending and approved."""

    by: Short | None = None
    key: Annotated[Text, StringConstraints(max_length=1000)] | None = None
    status: Literal["pending", "approved", "declined", "earned"] | None = None
    currency: Annotated[Text, StringConstraints(pattern="^[A-Za-z]{3}$")] | None = None


class TransactionOut(Loose):
    """Amounts are signed decimal texts. `status` is pending, approved or declined; `raw_status` the network's word."""

    id: int
    external_id: str
    network: str
    advertiser: str
    status: str
    raw_status: str
    payment: str
    commission: str
    currency: str
    sale_amount: str | None
    transaction_at: datetime
    attribution: str
    placement: str | None
    link: str | None
    article: str | None
    disclosure: dict[str, Any] | None


class TransactionListOut(Listed[TransactionOut]):
    pass


class PayoutQuery(Page):
    """`from` inclusive and `to` exclusive are days of issue."""

    first: Day | None = Field(None, alias="from")
    until: Day | None = Field(None, alias="to")
    network: Short | None = None
    payment: Literal["invoiced", "paid"] | None = None


class PayoutOut(Loose):
    """Amounts are signed decimal texts in `currency`, null where the network does not tell them; `net` is what arrives.
    `covered` is the commission of the `transactions` that name the payout."""

    id: int
    network: str
    account: str
    external_id: str
    number: str | None
    payment: str
    raw_status: str
    currency: str
    commission: str
    vat: str | None
    withheld: str | None
    net: str | None
    issued_at: datetime
    paid_at: datetime | None
    transactions: int
    covered: str


class PayoutListOut(Listed[PayoutOut]):
    pass


class PayoutDetailOut(PayoutOut):
    """`payload` is the network's row as it came, `covers` a page of the transactions that name it, newest first."""

    payload: Any
    covers: list[TransactionOut]
    page: int
    per_page: int


class ConnectorOut(Loose):
    """`fed_by` is api, file, postback; `gaps` are days in UTC, from inclusive, to exclusive. An alarm's `severity` is
    urgent, soon or note."""

    network: str
    account: str
    fed_by: list[str]
    last_success: datetime | None
    gap_days: int
    alarms: list[dict[str, str]]


class HealthOut(BaseModel):
    looked_at: datetime
    needs_somebody: bool
    connectors: list[ConnectorOut]
    waiting: list[dict[str, Any]]


class ReportOut(BaseModel):
    basis: dict[str, Any]
    rows: list[dict[str, Any]]
    totals: list[dict[str, Any]]


class CommissionsOut(ReportOut):
    """`by_disclosure` tells each total apart by what the pages showed and their newest checks said."""

    by_disclosure: list[dict[str, Any]]
