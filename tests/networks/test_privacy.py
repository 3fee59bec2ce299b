import json

import pytest

from affiliate.networks.reading.privacy import is_personal
from affiliate.networks.reading.rows import payload_text


@pytest.mark.parametrize(
    "field",
    [
        "ipHash",
        "ip",
        "IP Address",
        "referer_ip",
        "sIp",
        "clientIP",
        "email",
        "E-Mail",
        "customerName",
        "Customer Name",
        "first_name",
        "shopper address",
        "phone",
        "postcode",
    ],
)
def test_a_field_about_a_person_is_personal(field: str) -> None:
    assert is_personal(field)


@pytest.mark.parametrize(
    "field",
    ["advertiserName", "productName", "CampaignName", "shopperId", "description", "tip", "customerCountry", "siteName"],
)
def test_a_field_about_a_sale_is_not(field: str) -> None:
    assert not is_personal(field)


def test_personal_fields_go_at_any_depth() -> None:
    row = {"id": 1, "parts": [{"ip": "1.2.3.4", "amount": 2}], "customer": {"lastName": "Jo", "country": "GB"}}
    assert json.loads(payload_text(row)) == {"id": 1, "parts": [{"amount": 2}], "customer": {"country": "GB"}}
