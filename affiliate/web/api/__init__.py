"""The JSON API below /api/v1: what a CMS or a script does with links, articles and reports.

Every call carries a bearer token with the scope that its view names. Bodies are JSON; unknown fields are refused, so
that a misspelt one is never silently ignored. Every refusal is `{"error": {"code", "message"}}`.
"""

from affiliate.web.api import articles, connectors, disclosure, library, links, money, payouts, programmes
from affiliate.web.api.door import describe

BLUEPRINTS = (
    articles.api,
    links.api,
    library.api,
    programmes.api,
    money.api,
    payouts.api,
    connectors.api,
    disclosure.api,
)

__all__ = ["BLUEPRINTS", "describe"]
