"""Kwanko's request of statistics (requete.php): columns, dates and states from padosoft/php-oara@b03fd95
(NetAffiliation.php:160-205); no row was found.

A row has no id: programme, second and site together tell one from another. The sub-id does not: it can be filled in
later, and the sale would then be booked twice. Two sales of one programme and site in the same second are set aside as a
contradiction. The time zone is unknown.
"""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "idprogramme + date + idsite",
        "advertiser": "idprogramme",
        "commission": "gains",
        "sale": "montant",
        "currency": "monnaie",
        "transaction_at": "date",
        "date_format": "%d/%m/%Y %H:%M:%S",
        "sub_id": "argann",
        "status": "etat",
        "status.v": "approved",
        "status.r": "declined",
        "status.a": "pending",
    }
)
