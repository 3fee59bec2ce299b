"""How the connectors to the networks stand."""

from typing import Any

from affiliate.commissions.health import look
from affiliate.web.access import scoped
from affiliate.web.api.door import SECURITY, blueprint
from affiliate.web.api.models import HealthOut
from affiliate.web.services import services

api = blueprint("connectors", "Connectors")


@api.get("/connectors")
@api.output(HealthOut)
@api.doc(security=SECURITY)
@scoped("reports:read")
def connectors() -> dict[str, Any]:
    """Tell how the connectors stand

    The worst first, each with its alarms and the way out of them; and the rows that wait.
    """
    given = services()
    with given.store.reading() as session:
        return look(session, now=given.clock(), has_credentials=given.has_credentials).as_json()
