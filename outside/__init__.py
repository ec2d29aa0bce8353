"""What stands between the open internet and the program: which doors there are, and what comes through them."""

from outside.line import Line
from outside.rates import Rates
from outside.wall import Wall

__all__ = ["Line", "Rates", "Wall"]
