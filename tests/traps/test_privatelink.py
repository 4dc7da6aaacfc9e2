"""PrivateLink and Lattice beside each other: no missing call flips an answer (law 2)."""

from __future__ import annotations

import json

import pytest

import reach
from reach.components import sections
from tests.estate import Pair, load_files, tell
from tests.estates.privatelink import (
    associate,
    endpoint_service,
    endpoint_to,
    front,
    gateway,
    lattice_service,
    network_endpoint,
    resource,
    resource_endpoint,
    service_network,
    target_group,
)
from tests.traps.test_gaps import never_flips, without

LATTICE = "169.254.171.33"
PROVIDER = "444455556666"


def bazaar() -> tuple[Pair, dict[str, str]]:
    """V1 consumes what V2, another account's, provides in every way; questions with verdicts.

    B2 answers the service's 443 at 8443, the resource's 5432, and Lattice's 444 at 8080.
    """
    e = Pair()
    e.second(account=PROVIDER)
    a, b2 = e.a, e.b2
    service = endpoint_service(e, [front(e, {e.s2: "10.2.0.30"}, {b2: 8443})])
    linked = endpoint_to(e, {e.sa: "10.0.0.60"}, service)
    worn = e.group(e.v2, [], ["tcp/5432 10.2.0.0/16"])
    rcfg = resource(e, gateway(e, {e.s2: "10.2.0.77"}, [worn]), ip=b2.ip, ports=["5432"])
    shared = resource_endpoint(e, {e.sa: "10.0.0.70"}, rcfg)
    network = service_network(e)
    associate(e, network, e.v1, [e.group(e.v1, ["tcp/444 10.0.0.0/24"])])
    served = lattice_service(e, network, {444: [target_group(e, e.v2, {b2: 8080})]})
    entrance = network_endpoint(e, {e.sb: "10.0.1.88"}, network)
    yes, no = "reachable", "unreachable"
    return e, {
        f"can {a} reach {linked} port 443": yes,
        f"can {a} reach {service} port 80": no,
        f"can {a} reach {shared} port 5432": yes,
        f"can {a} reach {rcfg} port 22": no,
        f"can {a} reach {LATTICE} port 444": yes,
        f"can {e.b} reach {LATTICE} port 444": no,
        f"can {a} reach {served} port 22": no,
        f"can {e.b} reach {entrance} port 444": yes,
        f"can {a} reach {b2} port 443": yes,
        f"can {a} reach {b2} port 5432": yes,
        f"can {e.b} reach {b2} port 444": yes,
        f"can {a} reach {b2} port 22": no,
        f"can {b2} reach {a} port 443": no,
    }


@pytest.fixture(scope="module")
def whole() -> tuple[dict[str, str], dict[str, str]]:
    e, verdicts = bazaar()
    return e.files(), verdicts


def test_the_whole_is_decided() -> None:
    """With every call there is no gap, so every question has an answer."""
    e, verdicts = bazaar()
    for question, expected in verdicts.items():
        answer = e.ask(question)
        assert answer.verdict == expected, f"{question}\n  {tell(answer)}"


def held() -> list[str]:
    """The calls that this estate's answers hang on."""
    files = bazaar()[0].files().values()
    found = {key for text in files for key, records in json.loads(text).items() if records}
    return sorted(found - {"AvailabilityZones", "VpcAttributes"})


@pytest.mark.parametrize("call", held())
def test_a_missing_call_flips_nothing(
    whole: tuple[dict[str, str], dict[str, str]], call: str
) -> None:
    """Law 2: a call that is not there leaves an answer or makes it undecided; it never flips it."""
    files, verdicts = whole
    never_flips(dict(without(files, call)), verdicts, call)


def test_the_providers_account_is_missing(whole: tuple[dict[str, str], dict[str, str]]) -> None:
    """What ends at the provider is assumed to answer, and every answer says so."""
    files, verdicts = whole
    mine = {path: text for path, text in files.items() if PROVIDER not in path}
    snapshot = load_files(mine)
    for question in list(verdicts)[:3]:
        answer = reach.ask(snapshot, question)
        assert answer.verdict == "reachable", tell(answer)
        assert "not in the snapshot" in answer.assumptions[0].text


def test_every_call_that_is_read_is_written() -> None:
    """The estate holds something of each call that these components read."""
    e, _ = bazaar()
    written = {key for text in e.files().values() for key in json.loads(text)}
    mine = ("Lattice", "ServiceNetwork", "Resource", "VpcEndpoint", "ServiceConfigurations")
    assert {key for key in sections() if key.startswith(mine)} <= written
