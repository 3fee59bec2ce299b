"""AvantLink's sales report (number 8): columns from voxmedia/tap-avantlink (tap_avantlink/streams.py); no row was found.

Unknown, so for the user to say: the currency, and what the words of Commission_Status mean. A payment id says that it was paid.
"""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "AvantLink_Transaction_Id",
        "advertiser": "Merchant_Id",
        "advertiser_name": "Merchant",
        "commission": "Total_Commission",
        "sale": "Transaction_Amount",
        "transaction_at": "Transaction_Date",
        "click_at": "Last_Click_Through",
        "status": "Commission_Status",
        "payment": "Payment_Id",
        "payment.*": "paid",
        "payout_ref": "Payment_Id",
        "order_ref": "Order_Id",
        "sub_id": "Custom_Tracking_Code",
    }
)
