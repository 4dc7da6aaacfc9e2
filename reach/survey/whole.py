"""What was shown in a slice, as of the whole network: replayed there, and told from there.

    Whole(slice, network).proof(shown) -> Proof

A slice has fewer nodes and says less at each; what gets through it gets through the whole in the
same way.  That is not believed but replayed: who sends and who is met are the interfaces whose
addresses the packet has.  Must not know how anything was shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reach.decide import Proof
from reach.errors import Defect
from reach.evaluate import there_and_back
from reach.lower import Ground
from reach.network.field import Header
from reach.trace import Site, Trace


@dataclass(frozen=True, slots=True)
class Whole:
    """A network that is about some packets, and the one of which it is a slice."""

    slice: Ground
    ground: Ground

    def proof(self, shown: Proof) -> Proof:
        """The same flow in the whole network.  Raises Defect if other becomes of it there."""
        if self.slice is self.ground:
            return shown
        network = self.ground.network
        node = self._same(shown.start.node, shown.packet)
        there, back = map(_WhoeverSent, (shown.forward_choices, shown.reply_choices))
        two_way = shown.reply is not None
        forward, reply = there_and_back(
            network, node, shown.packet, two_way, there=there, back=back
        )
        self._check(forward, shown.forward, shown)
        self._check(reply, shown.reply, shown)
        return Proof(replace(shown.start, node=node), shown.packet, forward, reply, {}, {})

    def _check(self, trace: Trace | None, in_slice: Trace | None, shown: Proof) -> None:
        if trace is None or in_slice is None:
            same = trace is in_slice
        else:
            same = self._is_alike(trace, in_slice)
        if not same:
            raise Defect(f"{shown.packet} gets through a slice, and not through all of it")

    def _is_alike(self, trace: Trace, in_slice: Trace) -> bool:
        """Whether the same has become of a packet at the same end."""
        header = in_slice.final
        owner = in_slice.owner
        if owner.count("/") == 1:
            owner = self._same(f"{owner}/admit", header).rpartition("/")[0]
        met = (in_slice.fate, owner, _unsigned(header), bool(in_slice.doubts))
        return (trace.fate, trace.owner, _unsigned(trace.final), bool(trace.doubts)) == met

    def _same(self, node: str, header: Header) -> str:
        """The node of the whole network where a header is that is at this one of the slice."""
        pair = self.slice.meant(node, header)
        kind, resource, part = node.split("/", 2)
        # A node of one interface alone is so in both.
        if not pair or pair[0].network_interface_id != resource:
            return node
        first, *_ = self.ground.alike(pair[1].network_interface_id)
        return f"{kind}/{first.network_interface_id}/{part}"


class _WhoeverSent:
    """Choices as if nobody had written who it is that sends: a slice numbers senders anew.

    What number a node gives is no choice, and is another one in the whole.
    """

    def __init__(self, choices: Mapping[Site, int]) -> None:
        self._known = {
            _unsigned_site(site): value
            for site, value in choices.items()
            if site.within.rpartition(".")[2] != "identity"
        }

    def get(self, site: Site, default: int, /) -> int:
        return self._known.get(_unsigned_site(site), default)


def _unsigned(header: Header) -> Header:
    return header._replace(identity=0)


def _unsigned_site(site: Site) -> Site:
    return replace(site, header=_unsigned(site.header))
