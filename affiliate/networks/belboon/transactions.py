"""The export of Ingenious, on which Belboon runs: columns and the numbers of its states from padosoft/php-oara@b03fd95
(BelboonWhitelabel.php:100-140); no row was found. How it writes dates is unknown."""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "conversion_uniqid",
        "advertiser": "advertiser_id",
        "advertiser_name": "advertiser_label",
        "commission": "conversion_commission_total",
        "sale": "conversion_order_value",
        "currency": "conversion_currency_code",
        "transaction_at": "conversion_tracking_time",
        "click_at": "click_time",
        "sub_id": "click_subid",
        "status": "conversion_status",
        "status.0": "pending",
        "status.1": "pending",
        "status.2": "declined",
        "status.3": "approved",
    }
)
