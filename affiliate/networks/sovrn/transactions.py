"""Sovrn's transactions: fields from its published schema (api-evangelist/sovrn, openapi/_original); no row was found.

The schema has neither a status nor a currency: the user must say both.
"""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "commissionId",
        "advertiser": "merchantGroupId",
        "advertiser_name": "merchantGroupName",
        "commission": "publisherRevenue",
        "sale": "orderValue",
        "transaction_at": "commissionDate",
        "click_at": "clickDate",
        "sub_id": "cuid",
        "kind": "programType",
        "kind.CPA": "sale",
        "kind.CPC": "cpc",
    }
)
