"""Header sets in the shape of real exports, each with two made-up rows and what its columns really mean.

Names of fields: the networks' own documentation and the clients that docs/networks.md names; the traps among them: a commission
beside the publisher's share of it, an id of something else than the row, an id that corrections share, seconds that are called a
time, two values of a sale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class HeaderSet:
    """`means`: our field → the column that holds it; what is not in it has no column. `own`: whose own report it is."""

    name: str
    rows: Sequence[Row]
    means: Mapping[str, str]
    own: str | None = None


def _rows(*rows: Row) -> Sequence[Row]:
    return rows


SETS = (
    HeaderSet(
        "a network's commission beside ours",
        _rows(
            {"Transaction ID": "t1", "Merchant": "Acme", "Commission": "10.50", "Publisher Commission": "9.00",
             "Currency": "GBP", "Date": "2026-11-01", "Status": "approved"},
            {"Transaction ID": "t2", "Merchant": "Acme", "Commission": "11.50", "Publisher Commission": "9.50",
             "Currency": "GBP", "Date": "2026-11-02", "Status": "approved"},
        ),
        {"external_id": "Transaction ID", "advertiser": "Merchant", "commission": "Publisher Commission",
         "currency": "Currency", "transaction_at": "Date", "status": "Status"},
    ),
    HeaderSet(
        "words written together",
        _rows(
            {"Transaktions-ID": "1", "Händler": "Acme", "Provision": "10,50", "Publisherprovision": "9,00",
             "Währung": "EUR", "Datum": "03.04.2026", "Status": "Offen"},
            {"Transaktions-ID": "2", "Händler": "Acme", "Provision": "11,50", "Publisherprovision": "9,50",
             "Währung": "EUR", "Datum": "04.04.2026", "Status": "Offen"},
        ),
        {"external_id": "Transaktions-ID", "advertiser": "Händler", "commission": "Publisherprovision",
         "currency": "Währung", "transaction_at": "Datum", "status": "Status"},
    ),
    HeaderSet(
        "a rate beside its commission",
        _rows(
            {"Id": "1", "Shop": "Acme", "Commission": "1.50", "Commission (%)": "5", "Commission Rate": "0.05",
             "Currency": "EUR", "Date": "2026-11-01", "State": "open"},
            {"Id": "2", "Shop": "Acme", "Commission": "2.50", "Commission (%)": "5", "Commission Rate": "0.05",
             "Currency": "EUR", "Date": "2026-11-02", "State": "open"},
        ),
        {"external_id": "Id", "advertiser": "Shop", "commission": "Commission", "currency": "Currency",
         "transaction_at": "Date", "status": "State"},
    ),
    HeaderSet(
        "an amount that may be either",
        _rows(
            {"Id": "1", "Shop": "Acme", "Revenue": "1.50", "Currency": "EUR", "Date": "2026-11-01", "State": "open"},
            {"Id": "2", "Shop": "Acme", "Revenue": "2.50", "Currency": "EUR", "Date": "2026-11-02", "State": "open"},
        ),
        {"external_id": "Id", "advertiser": "Shop", "commission": "Revenue", "currency": "Currency",
         "transaction_at": "Date", "status": "State"},
    ),
    HeaderSet(
        "the id of a product alone",
        _rows(
            {"product": {"id": "p1", "price": 50}, "merchant": "Acme", "commission": 5.5, "currency": "GBP",
             "date": "2026-11-01", "status": "approved"},
            {"product": {"id": "p2", "price": 70}, "merchant": "Acme", "commission": 7, "currency": "GBP",
             "date": "2026-11-02", "status": "approved"},
        ),
        {"advertiser": "merchant", "commission": "commission", "currency": "currency", "transaction_at": "date",
         "status": "status"},
    ),
    HeaderSet(
        "an id that is the same in two sales",
        _rows(
            {"id": "p1", "merchant": "Acme", "commission": 5.5, "currency": "GBP", "date": "2026-11-01", "status": "new"},
            {"id": "p1", "merchant": "Acme", "commission": 7, "currency": "GBP", "date": "2026-11-02", "status": "new"},
        ),
        {"advertiser": "merchant", "commission": "commission", "currency": "currency", "transaction_at": "date",
         "status": "status"},
    ),
    HeaderSet(
        "things of other things",
        _rows(
            {"id": 1, "product": {"status": "in stock", "currency": "USD"}, "click": {"date": "2026-10-30"},
             "merchantId": 9, "earnings": 1.5, "currency": "GBP", "orderDate": "2026-11-01", "orderStatus": "pending"},
            {"id": 2, "product": {"status": "in stock", "currency": "USD"}, "click": {"date": "2026-10-30"},
             "merchantId": 9, "earnings": 2.5, "currency": "GBP", "orderDate": "2026-11-02", "orderStatus": "pending"},
        ),
        {"external_id": "id", "advertiser": "merchantId", "commission": "earnings", "currency": "currency",
         "transaction_at": "orderDate", "status": "orderStatus", "click_at": "click.date"},
    ),
    HeaderSet(
        "a sale in another currency",
        _rows(
            {"id": 1, "merchantId": 9, "saleAmount": {"amount": 10, "currency": "USD"},
             "commissionAmount": {"amount": 1, "currency": "GBP"}, "transactionDate": "2026-11-01", "status": "pending"},
            {"id": 2, "merchantId": 9, "saleAmount": {"amount": 20, "currency": "USD"},
             "commissionAmount": {"amount": 2, "currency": "GBP"}, "transactionDate": "2026-11-02", "status": "pending"},
        ),
        {"external_id": "id", "advertiser": "merchantId", "commission": "commissionAmount.amount",
         "currency": "commissionAmount.currency", "transaction_at": "transactionDate", "status": "status"},
    ),
    HeaderSet(
        "Awin",
        _rows(
            {"id": 1, "advertiserId": 77, "publisherId": 9, "commissionStatus": "pending",
             "commissionAmount": {"amount": 1.5, "currency": "GBP"}, "saleAmount": {"amount": 15, "currency": "GBP"},
             "oldSaleAmount": None, "networkFee": {"amount": 0.3, "currency": "GBP"}, "clickRefs": {"clickRef": "x"},
             "clickDate": "2026-10-31T10:00:00", "transactionDate": "2026-11-01T10:00:00", "validationDate": None,
             "type": "Commission group transaction", "orderRef": "o1", "paidToPublisher": False, "paymentId": 0},
        ),
        {"external_id": "id", "advertiser": "advertiserId", "publisher": "publisherId", "status": "commissionStatus",
         "commission": "commissionAmount.amount", "sale": "saleAmount.amount", "sub_id": "clickRefs.clickRef",
         "currency": "commissionAmount.currency", "click_at": "clickDate", "transaction_at": "transactionDate",
         "order_ref": "orderRef", "payment": "paidToPublisher", "payout_ref": "paymentId"},
        own="awin",
    ),
    HeaderSet(
        "CJ",
        _rows(
            {"commissionId": "c1", "actionId": "a1", "originalActionId": "a1", "original": True, "actionStatus": "locked",
             "advertiserId": "7", "advertiserName": "Acme", "publisherId": "5", "websiteId": "6",
             "eventDate": "2026-11-01T10:00:00Z", "postingDate": "2026-11-02T10:00:00Z",
             "lockingDate": "2026-12-10T10:00:00Z", "pubCommissionAmountPubCurrency": "1.50",
             "pubCommissionAmountUsd": "1.90", "saleAmountPubCurrency": "15.00", "saleAmountUsd": "19.00",
             "orderId": "o1", "shopperId": "x"},
        ),
        {"external_id": "commissionId", "advertiser": "advertiserId", "advertiser_name": "advertiserName",
         "status": "actionStatus", "commission": "pubCommissionAmountPubCurrency", "sale": "saleAmountPubCurrency",
         "transaction_at": "eventDate", "validated_at": "lockingDate", "order_ref": "orderId", "sub_id": "shopperId",
         "original_ref": "originalActionId", "publisher": "websiteId"},
        own="cj",
    ),
    HeaderSet(
        "CJ without its commission's id",
        _rows(
            {"actionId": "a1", "actionStatus": "new", "advertiserId": "7", "eventDate": "2026-11-01T10:00:00Z",
             "commission": "1.50", "currency": "USD"},
            {"actionId": "a2", "actionStatus": "new", "advertiserId": "7", "eventDate": "2026-11-01T10:00:00Z",
             "commission": "1.50", "currency": "USD"},
        ),
        {"advertiser": "advertiserId", "status": "actionStatus", "commission": "commission", "currency": "currency",
         "transaction_at": "eventDate"},
    ),
    HeaderSet(
        "impact",
        _rows(
            {"Id": "1000.1", "CampaignId": "10", "CampaignName": "Acme", "ActionTrackerId": "22", "State": "PENDING",
             "Payout": "0.88", "Amount": "21.99", "DeltaPayout": "0.88", "IntendedPayout": "0.88", "DeltaAmount": "21.99",
             "IntendedAmount": "21.99", "Currency": "USD", "EventDate": "2026-09-10T10:42:38-07:00",
             "CreationDate": "2026-09-10T10:51:23-07:00", "ReferringDate": "2026-09-10T09:45:07-07:00",
             "LockingDate": "2026-09-26T00:00:00-07:00", "Oid": "92", "SubId1": "x", "SharedId": "y"},
        ),
        {"external_id": "Id", "advertiser": "CampaignId", "advertiser_name": "CampaignName", "status": "State",
         "commission": "Payout", "sale": "Amount", "currency": "Currency", "transaction_at": "EventDate",
         "click_at": "ReferringDate", "validated_at": "LockingDate", "order_ref": "Oid", "sub_id": "SubId1"},
        own="impact",
    ),
    HeaderSet(
        "Partnerize's items",
        _rows(
            {"conversion_id": "l1", "campaign_id": "c1", "publisher_id": "p", "conversion_date": "2026-03-02",
             "conversion_date_time": "2026-03-02 10:22:02", "click_time": "10:11:36", "click_date": "2026-03-02",
             "click_date_time": "2026-03-02 10:11:36", "currency": "EUR", "conversion_reference": "AUTO-1",
             "campaign_title": "Acme", "conversion_status": "mixed", "value": "90.92", "commission": "1.0001",
             "publisher_commission": "0.9092", "conversion_item_id": "i1", "item_value": "50.00",
             "item_commission": "0.5", "item_publisher_commission": "0.4545", "item_status": "pending"},
            {"conversion_id": "l1", "campaign_id": "c1", "publisher_id": "p", "conversion_date": "2026-03-02",
             "conversion_date_time": "2026-03-02 10:22:02", "click_time": "10:11:36", "click_date": "2026-03-02",
             "click_date_time": "2026-03-02 10:11:36", "currency": "EUR", "conversion_reference": "AUTO-1",
             "campaign_title": "Acme", "conversion_status": "mixed", "value": "90.92", "commission": "1.0001",
             "publisher_commission": "0.9092", "conversion_item_id": "i2", "item_value": "40.92",
             "item_commission": "0.5001", "item_publisher_commission": "0.4547", "item_status": "rejected"},
        ),
        {"external_id": "conversion_id", "line_id": "conversion_item_id", "advertiser": "campaign_id",
         "advertiser_name": "campaign_title", "publisher": "publisher_id", "commission": "item_publisher_commission",
         "sale": "item_value", "currency": "currency", "status": "item_status",
         "transaction_at": "conversion_date_time", "click_at": "click_date_time", "order_ref": "conversion_reference"},
        own="partnerize",
    ),
    HeaderSet(
        "Admitad",
        _rows(
            {"action_id": 1, "advcampaign_id": 5, "advcampaign_name": "Acme", "payment": 1.5, "cart": 15.5,
             "currency": "EUR", "conversion_time": 86400, "action_date": "2026-11-01 10:00:00",
             "click_date": "2026-10-31 10:00:00", "closing_date": "2026-12-01", "status": "pending",
             "payment_status": 0, "paid": 0, "processed": 0, "order_id": "o1", "subid": "x"},
            {"action_id": 2, "advcampaign_id": 5, "advcampaign_name": "Acme", "payment": 2.5, "cart": 25.5,
             "currency": "EUR", "conversion_time": 120, "action_date": "2026-11-02 10:00:00",
             "click_date": "2026-10-31 10:00:00", "closing_date": "2026-12-01", "status": "pending",
             "payment_status": 0, "paid": 0, "processed": 0, "order_id": "o2", "subid": "x"},
        ),
        {"external_id": "action_id", "advertiser": "advcampaign_id", "advertiser_name": "advcampaign_name",
         "commission": "payment", "sale": "cart", "currency": "currency", "transaction_at": "action_date",
         "click_at": "click_date", "status": "status", "payment": "payment_status", "order_ref": "order_id",
         "sub_id": "subid"},
    ),
    HeaderSet(
        "Admitad without its dates",
        _rows(
            {"action_id": 1, "advcampaign_id": 5, "payment": 1.5, "currency": "EUR", "conversion_time": 86400, "status": "pending"},
            {"action_id": 2, "advcampaign_id": 5, "payment": 2.5, "currency": "EUR", "conversion_time": 120, "status": "pending"},
        ),
        {"external_id": "action_id", "currency": "currency", "status": "status"},
    ),
    HeaderSet(
        "Adtraction",
        _rows(
            {"uniqueId": "u1", "transactionStatus": 1, "orderValue": 10.5, "saleValue": 12.5, "commission": 1.2,
             "currency": "SEK", "transactionDate": "2026-11-01T10:00:00+0100", "lastUpdated": "2026-11-02T10:00:00+0100",
             "click": {"programId": 5, "programName": "Acme", "epi": "x", "clickDate": "2026-11-01T09:00:00+0100"}},
            {"uniqueId": "u2", "transactionStatus": 5, "orderValue": 20.5, "saleValue": 22.5, "commission": 2.2,
             "currency": "SEK", "transactionDate": "2026-11-01T11:00:00+0100", "lastUpdated": "2026-11-02T10:00:00+0100",
             "click": {"programId": 5, "programName": "Acme", "epi": "x", "clickDate": "2026-11-01T09:00:00+0100"}},
        ),
        {"external_id": "uniqueId", "advertiser": "click.programId", "advertiser_name": "click.programName",
         "commission": "commission", "sale": "orderValue", "currency": "currency", "status": "transactionStatus",
         "transaction_at": "transactionDate", "click_at": "click.clickDate", "sub_id": "click.epi"},
    ),
    HeaderSet(
        "Tradedoubler",
        _rows(
            {"orderNumber": "o1", "programId": 5, "epi": "x", "timeOfLastClick": "2026-10-31T10:00:00Z",
             "timeOfTransaction": "2026-11-01T10:00:00Z", "timeOfLastModified": "2026-11-02T10:00:00Z",
             "orderValue": 15.5, "commission": 1.5, "status": "P"},
            {"orderNumber": "o2", "programId": 5, "epi": "x", "timeOfLastClick": "2026-10-31T10:00:00Z",
             "timeOfTransaction": "2026-11-01T11:00:00Z", "timeOfLastModified": "2026-11-02T10:00:00Z",
             "orderValue": 25.5, "commission": 2.5, "status": "A"},
        ),
        {"external_id": "orderNumber", "advertiser": "programId", "commission": "commission", "sale": "orderValue",
         "transaction_at": "timeOfTransaction", "click_at": "timeOfLastClick", "status": "status",
         "order_ref": "orderNumber", "sub_id": "epi"},
    ),
    HeaderSet(
        "Daisycon",
        _rows(
            {"transaction_id": "t1", "affiliatemarketing_id": "a1", "date_transaction": "2026-11-01 10:00:00",
             "program_name": "Acme", "part_id": "1", "date_click": "2026-10-31 10:00:00", "media_id": "9",
             "program_commission": "2.00", "publisher_commission": "1.50", "status": "open", "revenue": "15.50",
             "modified_date": "2026-11-02 10:00:00", "reference": "r", "invoice_status": "none", "currency_code": "EUR"},
            {"transaction_id": "t1", "affiliatemarketing_id": "a1", "date_transaction": "2026-11-01 10:00:00",
             "program_name": "Acme", "part_id": "2", "date_click": "2026-10-31 10:00:00", "media_id": "9",
             "program_commission": "3.00", "publisher_commission": "2.50", "status": "open", "revenue": "25.50",
             "modified_date": "2026-11-02 10:00:00", "reference": "r", "invoice_status": "none", "currency_code": "EUR"},
        ),
        {"external_id": "affiliatemarketing_id", "line_id": "part_id", "advertiser": "program_name",
         "commission": "publisher_commission", "sale": "revenue", "currency": "currency_code", "publisher": "media_id",
         "transaction_at": "date_transaction", "click_at": "date_click", "status": "status"},
        own="daisycon",
    ),
    HeaderSet(
        "AvantLink",
        _rows(
            {"Merchant_Id": "5", "Merchant": "Acme", "Website_Id": "8", "Custom_Tracking_Code": "x", "Order_Id": "o1",
             "Transaction_Amount": "$15.50", "Base_Commission": "$1.00", "Incentive_Commission": "$0.50",
             "Total_Commission": "$1.50", "Commission_Status": "Pending", "Payment_Id": "P1",
             "Transaction_Date": "2026-11-01 10:00:00", "Last_Click_Through": "2026-10-31 10:00:00",
             "AvantLink_Transaction_Id": "t1"},
        ),
        {"external_id": "AvantLink_Transaction_Id", "advertiser": "Merchant_Id", "advertiser_name": "Merchant",
         "commission": "Total_Commission", "sale": "Transaction_Amount", "transaction_at": "Transaction_Date",
         "click_at": "Last_Click_Through", "status": "Commission_Status", "order_ref": "Order_Id",
         "payout_ref": "Payment_Id", "sub_id": "Custom_Tracking_Code", "publisher": "Website_Id"},
        own="avantlink",
    ),
    HeaderSet(
        "Belboon",
        _rows(
            {"conversion_uniqid": "1", "advertiser_id": "5", "advertiser_label": "Acme",
             "conversion_tracking_time": "2026-11-01T10:00:00", "click_time": "2026-10-31T10:00:00", "click_subid": "x",
             "conversion_status": "0", "conversion_currency_code": "PLN", "conversion_order_value": "15.50",
             "conversion_commission_total": "1.50", "conversion_order_value_eur": "3.60",
             "conversion_commission_total_eur": "0.35"},
        ),
        {"external_id": "conversion_uniqid", "advertiser": "advertiser_id", "advertiser_name": "advertiser_label",
         "commission": "conversion_commission_total", "sale": "conversion_order_value",
         "currency": "conversion_currency_code", "transaction_at": "conversion_tracking_time",
         "click_at": "click_time", "status": "conversion_status", "sub_id": "click_subid"},
        own="belboon",
    ),
    HeaderSet(
        "Sovrn",
        _rows(
            {"revenueId": "r1", "commissionId": "c1", "accountId": "8", "merchantGroupId": 5, "merchantGroupName": "Acme",
             "campaignId": 3, "campaignName": "Site", "clickDate": "2026-10-31", "commissionDate": "2026-11-01",
             "updateDate": "2026-11-02", "publisherRevenue": 1.5, "orderValue": 15.5, "cuid": "x", "programType": "CPA"},
        ),
        {"external_id": "commissionId", "advertiser": "merchantGroupId", "advertiser_name": "merchantGroupName",
         "commission": "publisherRevenue", "sale": "orderValue", "transaction_at": "commissionDate",
         "click_at": "clickDate", "sub_id": "cuid", "publisher": "accountId"},
        own="sovrn",
    ),
    HeaderSet(
        "Commission Factory",
        _rows(
            {"Id": 1, "MerchantId": 5, "MerchantName": "Acme", "SaleValue": 15.5, "Commission": 1.5, "Status": "Void",
             "UniqueId": "x", "DateCreated": "2026-11-01T10:00:00", "DateModified": "2026-11-02T10:00:00"},
            {"Id": 2, "MerchantId": 5, "MerchantName": "Acme", "SaleValue": 25.5, "Commission": 2.5, "Status": "Pending",
             "UniqueId": "x", "DateCreated": "2026-11-01T10:00:00", "DateModified": "2026-11-02T10:00:00"},
        ),
        {"external_id": "Id", "advertiser": "MerchantId", "advertiser_name": "MerchantName", "commission": "Commission",
         "sale": "SaleValue", "status": "Status", "sub_id": "UniqueId"},
    ),
    HeaderSet(
        "TimeOne",
        _rows(
            {"id": "1", "SubID": "x", "CartAmount": "15.50", "PublisherCommission": "1.50", "ProgramCurrency": "EUR",
             "ActionStatus": 0, "ActionDate": "2026-11-01", "ProgramID": "5"},
            {"id": "2", "SubID": "x", "CartAmount": "25.50", "PublisherCommission": "2.50", "ProgramCurrency": "EUR",
             "ActionStatus": 2, "ActionDate": "2026-11-02", "ProgramID": "5"},
        ),
        {"external_id": "id", "advertiser": "ProgramID", "commission": "PublisherCommission", "sale": "CartAmount",
         "currency": "ProgramCurrency", "status": "ActionStatus", "transaction_at": "ActionDate", "sub_id": "SubID"},
    ),
)  # fmt: skip
