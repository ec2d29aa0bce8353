"""The one entrance for the page, REST, the client API and MCP."""

from service.batches import Batches, Tray
from service.health import VERSION
from service.service import Limits, Service, utc_now
from service.visitors import visitor_of

__all__ = ["VERSION", "Batches", "Limits", "Service", "Tray", "utc_now", "visitor_of"]
