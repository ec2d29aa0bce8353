"""Every hostile request is refused, says nothing about this machine, and reaches no other."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from gradio.utils import get_upload_folder

from tests.fakes.trap import Trap
from tests.outside.probes import LEAKS, PROBES, Probe, Told, send
from tests.serving import Served


def answered(outside: Served, trap: Trap, probe: Probe) -> Told:
    where = urlsplit(outside.url)
    runs = str(outside.core.store.root.absolute())
    return send(
        where.hostname, where.port, probe, {"trap": str(trap.port), "uploads": get_upload_folder(), "runs": runs}
    )


def test_there_are_enough_of_them_and_no_two_are_the_same():
    assert len(PROBES) >= 40
    assert len({(probe.method, probe.path, probe.body, str(probe.headers)) for probe in PROBES}) == len(PROBES)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_hostile_request_is_refused(outside: Served, trap: Trap, probe: Probe):
    told = answered(outside, trap, probe)
    assert told.refused or probe.may_pass, (told.status, told.text[:300])
    if not probe.may_pass:
        assert not LEAKS.search(told.text), told.text[:300]
    assert outside.replicate.token not in told.text
    assert "set-cookie" not in told.headers
    assert not any(name.startswith("access-control-") for name in told.headers)
    assert trap.came == []
