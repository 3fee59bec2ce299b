"""How our connectors to the networks stand: what came in, what is missing, what waits for a person."""

from affiliate.commissions.health.alarms import NOTE, SOON, URGENT, Alarm
from affiliate.commissions.health.connectors import Connector, Health, last_successes, look, nobodys
from affiliate.commissions.health.waiting import Waiting

__all__ = ["NOTE", "SOON", "URGENT", "Alarm", "Connector", "Health", "Waiting", "last_successes", "look", "nobodys"]
