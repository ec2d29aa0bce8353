"""The one entrance for the page, REST, the client API and MCP."""

from service.batches import Batches, Tray
from service.health import VERSION
from service.limits import Limits
from service.privacy import Privacy
from service.service import Service, utc_now
from service.turns import Asker, Place, Turns
from service.visitors import visitor_of

__all__ = [
    "VERSION",
    "Asker",
    "Batches",
    "Limits",
    "Place",
    "Privacy",
    "Service",
    "Tray",
    "Turns",
    "utc_now",
    "visitor_of",
]
