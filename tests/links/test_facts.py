from decimal import Decimal

from affiliate.links.facts import ProductFacts, facts_of
from affiliate.money import Money

PAGE = "https://www.halden.example/dresses/marble-midi"


def test_structured_data_goes_first() -> None:
    facts = facts_of(
        """<title>Shop</title><meta property="og:title" content="Something else">
        <script type="application/ld+json">{"@context": "https://schema.org", "@graph": [{"@type": "Product",
        "name": " Marble-print  midi dress ", "brand": {"@type": "Brand", "name": "Halden"}, "image": ["/img/1.jpg"],
        "offers": [{"@type": "Offer", "price": "45.00", "priceCurrency": "GBP",
        "availability": "https://schema.org/InStock"}]}]}</script>""",
        PAGE,
    )
    assert facts == ProductFacts(
        title="Marble-print midi dress",
        brand="Halden",
        price=Money(Decimal("45.00"), "GBP"),
        image_url="https://www.halden.example/img/1.jpg",
        availability="InStock",
    )


def test_one_broken_block_does_not_hide_the_good_one() -> None:
    facts = facts_of(
        '<script type="application/ld+json">{broken</script>'
        '<script type="application/ld+json">{"@type": ["Product"], "name": "Shoe"}</script>',
        PAGE,
    )
    assert facts.title == "Shoe"


def test_open_graph_helps_where_there_is_no_structured_data() -> None:
    facts = facts_of(
        '<meta property="og:title" content="Silk &amp; satin top"><meta property="og:image" content="//cdn.example/a.jpg">'
        '<meta property="product:price:amount" content="1.250,50"><meta property="product:price:currency" content="EUR">',
        PAGE,
    )
    assert facts.title == "Silk & satin top"
    assert facts.image_url == "https://cdn.example/a.jpg"
    assert facts.price == Money(Decimal("1250.50"), "EUR")


def test_a_price_without_a_currency_is_no_price() -> None:
    assert facts_of('<meta property="product:price:amount" content="45">', PAGE).price is None


def test_nonsense_gives_no_facts() -> None:
    for html in ("", "\x00\x01", "<" * 1000, '<script type="application/ld+json">[[[[[[[]]]]]]]</script>'):
        assert facts_of(html, PAGE) == ProductFacts()


def test_an_image_that_is_no_web_address_is_left_out() -> None:
    assert facts_of('<meta property="og:image" content="javascript:alert(1)">', PAGE).image_url is None
