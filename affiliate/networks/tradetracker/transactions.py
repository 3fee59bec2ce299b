"""TradeTracker's conversion transactions (XML of its SOAP service): fields and states from padosoft/php-oara@b03fd95
(TradeTracker.php:128-193) and from a Java service's test in public code, whose one row was made up by its author."""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "ID",
        "advertiser": "campaign.ID",
        "advertiser_name": "campaign.name",
        "commission": "commission",
        "sale": "orderAmount",
        "currency": "currency",
        "transaction_at": "registrationDate",
        "click_at": "originatingClickDate",
        "validated_at": "assessmentDate",
        "sub_id": "reference",
        "reason": "rejectionReason",
        "status": "transactionStatus",
        "status.accepted": "approved",
        "status.rejected": "declined",
        "payment": "paidOut",
        "payment.true": "paid",
        "payment.1": "paid",
        "payment.false": "unpaid",
        "payment.0": "unpaid",
    }
)
