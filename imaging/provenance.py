"""Where pixels come from, as files say it: IPTC's DigitalSourceType, in an XMP packet.

Source: IPTC Photo Metadata Standard 2025.1, property Digital Source Type, and its controlled vocabulary.
"""

from __future__ import annotations

import re
from typing import Final

_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
PARTLY_GENERATED: Final = f"{_VOCABULARY}compositeWithTrainedAlgorithmicMedia"
_GENERATED = (b"trainedAlgorithmicMedia", b"compositeWithTrainedAlgorithmicMedia", b"algorithmicMedia")
_TERM = re.compile(rb"cv\.iptc\.org/newscodes/digitalsourcetype/(\w{1,60})")
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{PARTLY_GENERATED}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)
PACKET: Final = _PACKET.encode()
"""Says that AI made a part of the picture, and nothing else."""


def digital_source(data: bytes) -> str | None:
    """The term that a file (or a packet) states in readable XMP, as an address."""
    found = _TERM.search(data)
    return f"{_VOCABULARY}{found.group(1).decode()}" if found else None


def says_generated(data: bytes) -> bool:
    return any(term in _GENERATED for term in _TERM.findall(data))
