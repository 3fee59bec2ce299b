"""FlexOffers' list of all sales: fields from padosoft/php-oara@b03fd95 (FlexOffers.php:120-190); no row was found.

Unknown, so for the user to say: which field is the commission, and which names the advertiser. Its times are said to be
EST, which is taken as the zone of New York.
"""

from affiliate.networks.reading.mapped import mapped

READER = mapped(
    {
        "external_id": "legacyId",
        "sale": "saleAmount",
        "currency": "currency",
        "transaction_at": "eventDate",
        "click_at": "clickDate",
        "time_zone": "America/New_York",
        "sub_id": "subTracking",
        "sub_id_2": "subId1",
        "sub_id_3": "subId2",
        "sub_id_4": "subId3",
        "sub_id_5": "subId4",
        "sub_id_6": "subId5",
        "status": "orderStatus",
        "status.cancelled": "declined",
        "status.non-commissionable": "declined",
    }
)
