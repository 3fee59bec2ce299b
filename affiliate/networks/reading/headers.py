"""What columns of reports are called, and what their words for a state mean: for guessing at a file that nobody knows yet.

The English names are those of the reports in the networks' folders; the others are the same in German, French, Spanish,
Italian, Dutch and Portuguese. A guess is shown and confirmed, never booked unseen.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from affiliate.networks.words import APPROVED, DECLINED, PENDING

_CURRENCY = re.compile(r"(?<!\s)\s*\(([^()]*)\)\s*$")  # Revenue (€)
_INSIDE = ("amount", "value", "iso8601")  # of an object that holds an amount or a day: commission.amount
# Our field → names without spaces, accents and capitals.
_NAMES = {
    "external_id": (
        "transactionid transid txnid idtransaction idtransaccion idtransazione transaktionsid transaktionsnummer transactienummer"
        " conversionid actionid saleid commissionid eventid epntransactionid etransactionid conversionuniqid uniqueid"
        " avantlinktransactionid legacyid affiliatemarketingid id"
    ),
    "line_id": "conversionitemid commissionitemid lineid itemid partid lineitemid",
    "advertiser": (
        "advertiserid merchantid programid programmeid campaignid shopid idprogramme merchantgroupid advertiser merchant"
        " shop program programme programm campaign partner brand retailer store anbieter handler haendler annonceur marchand"
        " boutique anunciante comercio tienda inserzionista negozio adverteerder winkel anunciantenome loja"
    ),
    "advertiser_name": (
        "advertisername merchantname programname programmename campaignname campaigntitle shopname merchantorganization"
        " advertiserlabel merchantgroupname"
    ),
    "commission": (
        "commission commissionamount totalcommission publishercommission itempublishercommission publisherrevenue earnings"
        " adfees payout commissions provision provisionen vergutung verguetung verdienst einnahmen gains remuneration comision"
        " comisiones commissione commissioni guadagno vergoeding commissie comissao ganhos"
    ),
    "sale": (
        "saleamount sales salevalue transactionvalue ordervalue orderamount transactionamount saleprice sale itemvalue basketvalue revenue amount umsatz"
        " warenkorb warenkorbwert bestellwert chiffredaffaires montant ventas importe importo vendite bedrag omzet orderbedrag"
        " valor receita"
    ),
    "currency": "currency currencycode commissioncurrency waehrung wahrung devise monnaie moneda divisa valuta moeda",
    "transaction_at": (
        "transactiondate transactiontime transactiondatetime transactionat saledate saletime eventdate eventtime orderdate"
        " conversiondatetime conversiondate conversiontime actiondate registrationdate commissiondate dateshipped transdate datetransaction"
        " date datum bestelldatum transaktionsdatum zeitpunkt dateheure datedecommande fecha fechadetransaccion fechadepedido"
        " data datadellordine dataordine transactiedatum besteldatum"
    ),
    "click_at": "clickdate clicktime clickdatetime clicktimestamp clickat dateclick klickdatum dateclic fechaclic dataclic",
    "validated_at": "validationdate approvaldate lockingdate lockdate assessmentdate freigabedatum datevalidation",
    "status": (
        "status state commissionstatus orderstatus transactionstatus conversionstatus itemstatus actionstatus zustand statut etat"
        " estado stato situacao"
    ),
    "payment": "paymentstatus paidtopublisher paidout zahlungsstatus statutpaiement estadodepago",
    "sub_id": (
        "subid sub1 subid1 clickref clickreference customid u1 epi sid pubref publisherreference subtracking"
        " customtrackingcode affcomment argann cuid clicksubid mytrackingid"
    ),
    "sub_id_2": "subid2 clickref2 sub2",
    "sub_id_3": "subid3 clickref3 sub3",
    "order_ref": (
        "orderid orderref ordernumber orderreference order bestellnummer bestellung auftragsnummer numerodecommande commande"
        " pedido numerodepedido ordine numeroordine bestelnummer"
    ),
    "payout_ref": "paymentid payoutid invoiceid zahlungsnummer",
    "original_ref": "originalactionid referencetrans originaltransactionid",
    "publisher": "publisherid affiliateid accountid mediaid trackingid websiteid",
    "reason": "declinereason rejectionreason rejectreason disapprovedreason reason ablehnungsgrund grund motif motivo",
}
NAMES: Mapping[str, Sequence[str]] = {ours: tuple(names.split()) for ours, names in _NAMES.items()}

_WORDS = {
    # objects that are the row itself, so that what is inside is the row's own: details.status
    "wrappers": (
        "data details row record attributes node fields transaction transactiondetails conversion conversiondata"
    ),
    # ids that several rows may share: an order's or an action's, with its items and its corrections
    "shared ids": ("conversionid actionid saleid eventid legacyid affiliatemarketingid transactiongroupid"),
    "commissions": (
        "commission commissions payout payouts earning earnings provision provisionen vergutung verguetung verdienst"
        " einnahmen gains remuneration comision comisiones commissione commissioni guadagno vergoeding commissie"
        " comissao ganhos incentive bonus reward"
    ),
    # with a word of sales: "publisher revenue" is a commission
    "ours": ("publisher affiliate our your net partner"),
    "sales": (
        "sale sales value revenue amount price total umsatz warenkorb warenkorbwert bestellwert montant ventas"
        " importe importo vendite bedrag omzet orderbedrag valor receita"
    ),
    # what numbers are called that are no amounts
    "no amount": (
        "id ids no nr number nummer ref reference count quantity qty items rate percent percentage pct date time day"
        " days hours type status state currency code group lag index"
    ),
    "times": ("date time datetime timestamp at datum zeitpunkt dateheure fecha data day"),
    # moments of something else than the sale
    "other times": (
        "click clicks clicked clic klick klickdatum referring impression validation validated approval approved lock"
        " locked locking assessment freigabe decision modified update updated amend amended amendment change changed"
        " last paid payment payout invoice clear cleared clearing close closed closing expiry expires start end from"
        " to until valid reversal voided created creation posting posted process processed processing import export"
        " reporting departure arrival delivery"
    ),
    # what words that are written together begin with or hold
    "inside commissions": (
        "commission provision payout earning vergutung verguetung verdienst comision commissie comissao remuneration"
    ),
    "inside sales": "umsatz warenkorb bestellwert saleamount salevalue ordervalue orderamount revenue omzet bedrag betrag",
    # names of a sale amount that are as well names of what we earn, where nothing else is
    "generic sales": ("revenue amount montant importe importo bedrag valor receita"),
}
_KNOWN = {what: frozenset(words.split()) for what, words in _WORDS.items()}
_NO_AMOUNT = ("id", "rate", "satz", "date", "datum", "type", "status", "nummer", "number", "currency", "waehrung")
SHARED, GENERIC_SALES = _KNOWN["shared ids"], _KNOWN["generic sales"]
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(column: str) -> frozenset[str]:
    """The words of a column's name and of the path to it, plain."""
    bare = unicodedata.normalize("NFKD", _CURRENCY.sub("", column)).encode("ascii", "ignore").decode()
    return frozenset(word.lower() for word in _PARTS.findall(bare))


def family(column: str) -> str | None:
    """What a column may hold by the words of its name: "commission", "sale" or "transaction_at"; None for all else. A column
    of the same family as another one is its rival, however it is called."""
    parts = column.removeprefix("@").split(".")
    if len(parts) > 1 and parts[-1].lower() in _INSIDE:
        parts.pop()
    words, whole = words_of(parts[-1]), plain(parts[-1])
    if words & _KNOWN["times"] and not words_of(column) & _KNOWN["other times"]:
        return "transaction_at"
    if "%" in column or words & _KNOWN["no amount"] or whole.endswith(_NO_AMOUNT):
        return None
    sales = words & _KNOWN["sales"] or any(one in whole for one in _KNOWN["inside sales"])
    if words & _KNOWN["commissions"] or any(one in whole for one in _KNOWN["inside commissions"]):
        return "commission"
    return ("commission" if words & _KNOWN["ours"] else "sale") if sales else None


# Words that mean the same at every network that is known to use them. "closed", "paid" or "extended" do not.
_STATES = {
    APPROVED: "approved confirmed accepted validated valid locked genehmigt bestatigt gultig valide validee aprobado aprobada"
    " autorizado valido approvato confermato goedgekeurd aprovado",
    PENDING: "pending open new delayed waiting offen ausstehend wartezustand attente enattente espera pendiente attesa inattesa"
    " pendente openstaand",
    DECLINED: "declined rejected cancelled canceled reversed void voided denied refused disapproved abgelehnt storniert ablehnung"
    " refus refuse refusee annule annulee rechazado rechazada cancelado rifiuto rifiutato annullato afgekeurd rejeicao",
}
MEANING: Mapping[str, str] = {word: ours for ours, words in _STATES.items() for word in words.split()}


def plain(text: str) -> str:
    """A name without spaces, signs, accents, capitals and a currency in brackets behind it."""
    bare = unicodedata.normalize("NFKD", _CURRENCY.sub("", text).casefold())
    return "".join(character for character in bare if character.isalnum())


def currency_mark(column: str) -> str | None:
    """What stands in brackets behind a column's name: € of "Revenue (€)"."""
    found = _CURRENCY.search(column)
    return found.group(1).strip() if found else None


def found_columns(columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Our field → the file's columns that its names fit, best first."""
    called: dict[str, list[str]] = {}
    for column in columns:
        for name in names_of(column):
            called.setdefault(name, []).append(column)
    found = {ours: [column for name in names for column in called.get(name, [])] for ours, names in NAMES.items()}
    return {ours: tuple(dict.fromkeys(fitting)) for ours, fitting in found.items() if fitting}


def names_of(column: str) -> list[str]:
    """What a column may be known by: the whole path to it, and its end where that says enough by itself. `product.id` is the id of
    a product and no row's; `details.id` may be a row's."""
    parts = column.removeprefix("@").split(".")
    if len(parts) > 1 and parts[-1].lower() in _INSIDE:
        parts.pop()
    whole = plain("".join(parts))
    if len(parts) == 1 or not (len(words_of(parts[-1])) > 1 or plain(parts[-2]) in _KNOWN["wrappers"]):
        return [whole]
    return list(dict.fromkeys([whole, plain(parts[-1])]))
