"""What a thing's state says when it is not the one in which it works.

    refused(state, TRANSIT_GATEWAY, origin) -> Filter
    may_work(state, TRANSIT_GATEWAY) -> bool

A state in which AWS says that nothing works denies everything. A word that is none of AWS's own may
mean anything, and decides nothing (U-17, law 2). The words are those of the API's enumerations, in
lower case, without those in which the thing works. Must not know what works in which state.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from reach.network.stage import Filter, Origin, deny_all, unknown_filter
from reach.snapshot.lattice import GONE

Words = frozenset[str]


def _words(text: str) -> Words:
    return frozenset(text.split())


_MADE_AND_GONE = "pending deleting deleted"

ATTACHMENT = _words("attaching detaching detached")
CARRIER_GATEWAY = _words(_MADE_AND_GONE)
# What the states "updating" and "pending_..." of an attachment pass on, no page says.
CORE_ATTACHMENT = _words("rejected pending_attachment_acceptance creating failed deleting")
CORE_NETWORK = _words("creating deleting")
CORE_PEERING = _words("creating failed deleting")
CORE_ROUTE = _words("blackhole")
# In a subnet, or at a transit gateway.
FIREWALL_ENDPOINT = _words(
    "creating deleting deleted failed error standby pending_acceptance rejecting rejected"
)
INSTANCE = _words("pending shutting-down terminated stopping stopped")
ENDPOINT_SERVICE = _words(f"{_MADE_AND_GONE} failed")
# "associated" is left out: nothing says whether a branch interface in it has traffic.
# Nor does it have "pending", in which the API shows one that is just being made.
INTERFACE = _words("pending available attaching detaching")
LATTICE = frozenset(GONE)
LOAD_BALANCER = _words("provisioning failed")
NAT_GATEWAY = _words(f"{_MADE_AND_GONE} failed")
PEERING = _words(
    "initiating-request pending-acceptance deleted rejected failed expired provisioning deleting"
)
TRANSIT_GATEWAY = _words(_MADE_AND_GONE)
TRANSIT_GATEWAY_ATTACHMENT = _words(
    "initiating initiatingrequest pendingacceptance rollingback pending deleting deleted failed "
    "rejected rejecting failing"
)
VPC_ENDPOINT = _words(f"{_MADE_AND_GONE} pendingacceptance rejected failed expired partial")
VPN_GATEWAY = _words(_MADE_AND_GONE)


def may_work(state: str, idle: Words) -> bool:
    """Whether a thing may work in a state: what hangs on that is then doubted at the thing."""
    return state.lower() not in idle


def word_of(state: object) -> str:
    """The word of a state or status, however its call prints it; empty if it prints none."""
    word = getattr(state, "name", None) or getattr(state, "code", None) or state
    return word if isinstance(word, str) else ""


def doubted(state: str, works: Container[str], idle: Words, origin: Origin) -> tuple[Filter, ...]:
    """Of a state in which a thing neither works nor does not, as far as AWS says."""
    odd = state.lower() not in works and may_work(state, idle)
    return (refused(state, idle, origin),) if odd else ()


def refused(state: str, idle: Words, origin: Origin) -> Filter:
    """What a thing does in a state that is not one in which it works."""
    if not may_work(state, idle):
        return deny_all(origin)
    words = f"what works in its state {state!r}, which is none of AWS's, is not known"
    return unknown_filter(replace(origin, words=words, code="UNKNOWN_RESOURCE"))
