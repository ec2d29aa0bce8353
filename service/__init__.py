"""The one entrance for the page, REST, the client API and MCP."""

from service.health import VERSION
from service.privacy import Privacy
from service.service import Limits, Service, utc_now
from service.turns import Asker, Place, Turns
from service.visitors import visitor_of

__all__ = ["VERSION", "Asker", "Limits", "Place", "Privacy", "Service", "Turns", "utc_now", "visitor_of"]
