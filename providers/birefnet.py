"""BiRefNet: a picture in, the same picture with transparency out."""

from providers.replicate_base import ReplicateProvider


class BirefnetProvider(ReplicateProvider):
    """The template as it stands: the picture and the spec's extra input, called by version."""
