"""Memory that goes back to the system while the program serves; under another C library than glibc nothing happens."""

from __future__ import annotations

import ctypes
from contextlib import suppress

# malloc.h: trim threshold, mmap threshold, most arenas
MALLOPT = {-1: 8 << 20, -3: 4 << 20, -8: 2}
PR_SET_THP_DISABLE = 41  # sys/prctl.h


def give_back_large() -> None:
    """What large pictures leave behind goes back to the system at once; glibc would keep 60 MB more every minute.

    Huge pages, which NumPy asks for, would keep 50 MB of it together with the small things that stay.
    """
    with suppress(OSError, AttributeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)
        for option, value in MALLOPT.items():
            libc.mallopt(option, value)


def give_back_small() -> None:
    """What small ones leave, between things that stay."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
