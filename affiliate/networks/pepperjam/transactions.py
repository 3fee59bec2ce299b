"""Pepperjam's transaction details: fields from voxmedia/tap-pepperjam (tap_pepperjam/streams.py), states from
padosoft/php-oara@b03fd95 (PepperJamApi.php:210-223); no row was found. One word says both, whether it was agreed and whether
it was paid. The currency is unknown: the user must say it."""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "transaction_id",
        "advertiser": "program_id",
        "advertiser_name": "program_name",
        "commission": "commission",
        "sale": "sale_amount",
        "transaction_at": "date",
        "order_ref": "order_id",
        "sub_id": "sid",
        "status": "status",
        "status.pending": "pending",
        "status.delayed": "pending",
        "status.locked": "approved",
        "status.unconfirmed": "declined",
        "status.paid": "approved",
        "payment": "status",
        "payment.pending": "unpaid",
        "payment.delayed": "unpaid",
        "payment.locked": "unpaid",
        "payment.unconfirmed": "unpaid",
    }
)
