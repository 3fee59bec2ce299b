"""Networks that are data alone: how their links are read and built is told by names of parameters, and nothing else of them is
known but what a column map says of their files. One that gets code of its own moves into a folder.

Sources: unless a line says otherwise links found in public code, tests/networks/links.tsv and further_links.tsv.
"""

from affiliate.networks.base import PROVEN, UNVERIFIED, Coverage, Network, Reader
from affiliate.networks.reading.mapped import mapped
from affiliate.networks.shapes import QueryLinks
from affiliate.networks.words import REDIRECT


def _network(
    links: QueryLinks,
    name: str,
    hosts: tuple[str, ...] = (),
    coverage: Coverage | None = None,
    closed: str = "",
    *,
    reader: Reader | None = None,
) -> Network:
    return Network(
        links.key,
        name,
        REDIRECT,
        links.take_apart,
        links.deep_link,
        reader,
        hosts=hosts,
        closed=closed,
        coverage=coverage or Coverage(),
    )


# Fields and states: padosoft/php-oara@b03fd95 (Digidip.php:196-300); no row was found.
_DIGIDIP = mapped(
    {
        "external_id": "id",
        "advertiser": "merchant.id",
        "advertiser_name": "merchant.name",
        "commission": "commission.amount",
        "sale": "price.amount",
        "currency": "commission.currency",
        "transaction_at": "date.iso8601",
        "click_at": "click.date.iso8601",
        "sub_id": "click.custom_subid.content",
        "status": "status",
        "status.added": "pending",
        "status.denied": "declined",
        "status.received": "approved",
        "status.validated": "approved",
        "status.payment processing": "approved",
        "status.paid": "approved",
        "payment": "status",
        "payment.pending": "unpaid",
        "payment.added": "unpaid",
        "payment.denied": "unpaid",
        "payment.received": "unpaid",
        "payment.validated": "unpaid",
        "payment.payment processing": "unpaid",
    }
)
# States in its languages: padosoft/php-oara@b03fd95 (Effiliation.php:117-168). That reads columns by position; how they are
# called was not seen, so the user must say it.
_EFFILIATION = mapped(
    {
        "status.Attente": "pending",
        "status.Pending": "pending",
        "status.Wartezustand": "pending",
        "status.Espera": "pending",
        "status.Attesa": "pending",
        "status.Pendente": "pending",
        "status.Refus": "declined",
        "status.Refuse": "declined",
        "status.Refusé": "declined",
        "status.Refusal": "declined",
        "status.Refused": "declined",
        "status.Rechazado": "declined",
        "status.Ablehnung": "declined",
        "status.Rifiuto": "declined",
        "status.Rejeição": "declined",
        "status.Valide": "approved",
        "status.Valid": "approved",
        "status.Validated": "approved",
        "status.Gültig": "approved",
        "status.Autorizado": "approved",
        "status.Valido": "approved",
        "status.Válido": "approved",
    }
)

NETWORKS = (
    # `ref` as the sub-id: a link plugin's tests (Affm). Publishers also have a host of their own below digidip.net.
    _network(
        QueryLinks(
            "digidip",
            publisher=("pid",),
            target=("url",),
            sub_ids=("ref",),
            base="https://visit.digidip.net/visit",
            built=("pid", "", "ref", "url"),
            path="/visit",
        ),
        "Digidip",
        ("digidip.net",),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=UNVERIFIED, file=UNVERIFIED),
        reader=_DIGIDIP,
    ),
    # Which parameter takes a sub-id was not seen. shop-links.co/CODE is a short link.
    _network(
        QueryLinks(
            "howl",
            publisher=("publisher_slug",),
            target=("url",),
            short_hosts=("howl.me",),
            base="https://shop-links.co/link/?exclusive=1",
            built=("publisher_slug", "", "", "url"),
        ),
        "Howl",
        ("shop-links.co", "howl.me"),
        Coverage(recognise=PROVEN, build=PROVEN),
    ),
    # bizrate.com and pricegrabber.com are shops of its own too: only their redirects are its links.
    _network(
        QueryLinks("connexity", target=("t",), path="/rd2?"),
        "Connexity",
        ("rd.connexity.net", "bizrate.com", "rd.shop.pricegrabber.com"),
        Coverage(recognise=PROVEN),
    ),
    # id_compteur fuses publisher, programme and site. `effi_id`: padosoft/laravel-affiliate-network; `effi_id2`: Affm.
    _network(
        QueryLinks(
            "effiliation",
            publisher=("id_compteur",),
            kind="compteur:",
            target=("url",),
            sub_ids=("effi_id", "effi_id2"),
            base="https://track.effiliation.com/servlet/effi.redir",
            needs={"id_compteur": "id_compteur"},
            built=("", "", "effi_id", "url"),
        ),
        "Effiliation",
        ("track.effiliation.com",),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=UNVERIFIED, file=UNVERIFIED),
        reader=_EFFILIATION,
    ),
    _network(
        QueryLinks(
            "affiliate-future",
            publisher=("affiliateid",),
            advertiser=("merchantid",),
            target=("url",),
            sub_ids=("tracking",),
            base="https://scripts.affiliatefuture.com/AFClick.asp?mediaID=0",
            needs={"programme_id": "programmeID"},
            built=("affiliateID", "merchantID", "tracking", "url"),
        ),
        "Affiliate Future",
        ("scripts.affiliatefuture.com",),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
    ),
    # A host for each region, omgt1 to omgt6 seen but for 2; which is a programme's stands in its links. Links built here go
    # to omgt5, another host needs a template.
    _network(
        QueryLinks(
            "optimise",
            publisher=("aid",),
            advertiser=("pid",),
            target=("r",),
            sub_ids=("uid",),
            base="https://clk.omgt5.com/",
            built=("AID", "PID", "UID", "r"),
        ),
        "Optimise",
        ("track.omguk.com", *(f"clk.omgt{region}.com" for region in range(1, 10))),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
    ),
    # `aev` as the sub-id: padosoft/laravel-affiliate-network.
    _network(
        QueryLinks(
            "affilae",
            publisher=("af",),
            advertiser=("p",),
            target=("lp",),
            sub_ids=("aev",),
            base="https://lb.affilae.com/r/",
            built=("af", "p", "aev", "lp"),
        ),
        "Affilae",
        ("lb.affilae.com",),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=UNVERIFIED),
    ),
    # `cb` is the sub-id: TimeOne's own integration guide.
    _network(
        QueryLinks(
            "timeone",
            publisher=("partid",),
            advertiser=("progid",),
            target=("dpl", "url"),
            sub_ids=("cb",),
            base="https://tracking.publicidees.com/clic.php",
            built=("partid", "progid", "cb", "dpl"),
        ),
        "TimeOne / Publicidées",
        ("tracking.publicidees.com",),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
    ),
    # promoId is an ad's and slotId an ad space's: neither names an advertiser or a publisher. `subId`: Affm.
    _network(
        QueryLinks(
            "adcell",
            target=("param0",),
            sub_ids=("subid",),
            base="https://t.adcell.com/p/click",
            needs={"promo_id": "promoId", "slot_id": "slotId"},
            built=("", "", "subId", "param0"),
            path=r"/p/click|/click\.php|/promotion/click/promoid/\d+/slotid/\d+.*",
        ),
        "Adcell",
        ("t.adcell.com", "adcell.de"),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=UNVERIFIED),
    ),
    _network(
        QueryLinks(
            "adrecord",
            publisher=("c",),
            advertiser=("p",),
            target=("url",),
            sub_ids=("epi",),
            base="https://click.adrecord.com/",
            built=("c", "p", "epi", "url"),
        ),
        "Adrecord",
        ("click.adrecord.com",),
        Coverage(recognise=PROVEN, build=PROVEN, sub_ids=PROVEN),
    ),
    # The code in `t` is opaque, and how a link carries a target was not seen.
    _network(
        QueryLinks("financeads", sub_ids=("subid",), path=r"/tc\.php"),
        "financeAds",
        ("financeads.net",),
        Coverage(recognise=PROVEN, sub_ids=UNVERIFIED),
    ),
    # `deeplink`: a rule of uBlock Origin's; `sub2`: Affm. What of cid, pid, bid and media_id is whose was not seen.
    _network(
        QueryLinks("adservice", target=("deeplink",), sub_ids=("sub2",), path=r"/cgi-bin/click\.pl"),
        "Adservice",
        ("online.adservicemedia.dk",),
        Coverage(recognise=PROVEN, sub_ids=UNVERIFIED),
    ),
    _network(
        QueryLinks(
            "affiliategateway",
            publisher=("aid",),
            advertiser=("mid",),
            target=("targeturl",),
            sub_ids=("subid",),
            base="https://www.tagserve.com/clickServlet",
            needs={"programme_id": "PID", "site_id": "SID", "creative_id": "CID"},
            built=("AID", "MID", "SUBID", "TARGETURL"),
            path="/clickservlet",
        ),
        "The Affiliate Gateway",
        ("tagserve.com", "tagserve.com.au", "tagserve.sg"),
        Coverage(recognise=PROVEN, build=UNVERIFIED, sub_ids=UNVERIFIED),
    ),
    _network(
        QueryLinks(
            "affilinet",
            publisher=("ref",),
            advertiser=("site",),
            target=("diurl",),
            sub_ids=("subid",),
            path=r"/click\.asp",
        ),
        "affilinet",
        ("partners.webmasterplan.com", "being.successfultogether.co.uk", "clic.reussissonsensemble.fr"),
        Coverage(recognise=PROVEN, sub_ids=PROVEN),
        closed="affilinet was merged into Awin; its links no longer earn.",
    ),
    _network(
        QueryLinks("ltk", short_hosts=("rstyle.me", "liketk.it")),
        "LTK",
        ("rstyle.me", "liketk.it"),
        Coverage(recognise=PROVEN),
    ),
    _network(
        QueryLinks("kelkoo", publisher=("affiliationid",), advertiser=("merchantid",), path="/ctl/go/.*"),
        "Kelkoo Group",
        ("kelkoogroup.net",),
        Coverage(recognise=PROVEN),
    ),
    # go.shopmy.us/p-NUMBER is a short link; /apx/CODE?url=… carries its target.
    _network(
        QueryLinks("shopmy", target=("url",)),
        "ShopMy",
        ("go.shopmy.us",),
        Coverage(recognise=PROVEN),
    ),
    # No link of these was found, and no word of their owners' on what one looks like.
    _network(QueryLinks("easymarketing"), "EASY Marketing platform"),
    _network(QueryLinks("levanta"), "Levanta"),
)
