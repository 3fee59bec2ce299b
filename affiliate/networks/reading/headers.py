"""What columns of reports are called, and what their words for a state mean: for guessing at a file that nobody knows yet.

The English names are those of the reports in the networks' folders; the others are the same in German, French, Spanish,
Italian, Dutch and Portuguese. A guess is shown and confirmed, never booked unseen.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from affiliate.networks.words import APPROVED, DECLINED, PENDING

_CURRENCY = re.compile(r"\s*\(([^)]*)\)\s*$")  # Revenue (€)
_INSIDE = ("amount", "value")  # of an object that holds an amount: commission.amount

# Our field → names without spaces, accents and capitals; the first that is there wins.
_NAMES = {
    "external_id": (
        "transactionid transid txnid idtransaction idtransaccion idtransazione transaktionsid transaktionsnummer transactienummer"
        " conversionid actionid saleid commissionid eventid epntransactionid etransactionid conversionuniqid"
        " avantlinktransactionid legacyid affiliatemarketingid id"
    ),
    "line_id": "conversionitemid lineid itemid partid lineitemid skunumber",
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
        "saleamount sales ordervalue orderamount transactionamount saleprice sale itemvalue basketvalue revenue amount umsatz"
        " warenkorb warenkorbwert bestellwert chiffredaffaires montant ventas importe importo vendite bedrag omzet orderbedrag"
        " valor receita"
    ),
    "currency": "currency currencycode commissioncurrency waehrung wahrung devise monnaie moneda divisa valuta moeda",
    "transaction_at": (
        "transactiondate transactiontime transactiondatetime transactionat saledate saletime eventdate eventtime orderdate"
        " conversiondatetime conversiondate conversiontime registrationdate commissiondate dateshipped transdate datetransaction"
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
    "publisher": "publisherid affiliateid accountid mediaid trackingid",
    "reason": "declinereason rejectionreason rejectreason disapprovedreason reason ablehnungsgrund grund motif motivo",
}
NAMES: Mapping[str, Sequence[str]] = {ours: tuple(names.split()) for ours, names in _NAMES.items()}

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
    """Our field → the file's columns that its names fit, best first. A column under a path is known by the whole of it and by
    its end: `commission.amount` is the commission."""
    called: dict[str, list[str]] = {}
    for column in columns:
        for name in _names_of(column):
            called.setdefault(name, []).append(column)
    found = {ours: [column for name in names for column in called.get(name, [])] for ours, names in NAMES.items()}
    return {ours: tuple(dict.fromkeys(fitting)) for ours, fitting in found.items() if fitting}


def _names_of(column: str) -> list[str]:
    parts = column.removeprefix("@").split(".")
    if len(parts) > 1 and parts[-1].lower() in _INSIDE:
        parts.pop()
    whole = plain("".join(parts))
    return list(dict.fromkeys([whole, plain(parts[-1])])) if len(parts) > 1 else [whole]
