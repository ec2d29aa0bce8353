"""What the product says about models, runs and errors, in every language; the page's own labels live in `ui`.

A sentence is looked up by its code, most telling first: `objection.not_ready` with the fact `reason = "no_token"`
tries `objection.not_ready.no_token` before `objection.not_ready`.
"""

from wording.catalogue import CATALOGUES, dollars, say, say_all
from wording.reading import language_in

__all__ = ["CATALOGUES", "dollars", "language_in", "say", "say_all"]
