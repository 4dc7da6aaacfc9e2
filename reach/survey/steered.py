"""The walk of a packet that is wanted somewhere: by the ports and the choices that lead there.

    steered(network, start, packet, two_way, candidate) -> Proof, ...

Where several things may happen, what the candidate has is chosen: the target of a balancer that it
was delivered to, the address that a translation gave it.  Where the packet is dropped by a node
that sends on what comes to other ports, it is sent to those.  Which packets these are hangs on the
candidate and on the nodes they come by, and on nothing else.  Knows the neutral network only; must
not know AWS, nor whether what is walked serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from reach.aim import Start
from reach.decide import Proof, replay
from reach.foreseen import LIKED
from reach.network.field import TCP, UDP, Header
from reach.network.header_space import Ranges
from reach.network.node import Network
from reach.network.stage import Assign, Choose, Forward, Rewrite, Translate
from reach.survey.candidates import Candidate
from reach.trace import Fate, Site

NOTHING = Ranges(())
_MOST_PORTS = 4
_MOST_OPTIONS = 64


def steered(
    network: Network, start: Start, packet: Header, two_way: bool, candidate: Candidate
) -> Iterator[Proof]:
    """Walks of a packet, and of those sent to where a node that drops it would send it on."""
    proof = _walked(network, start, packet, two_way, candidate)
    yield proof
    for port in islice(_ports(network, proof), _MOST_PORTS):
        other = packet._replace(destination_port=port)
        if other in start.space:
            yield _walked(network, start, other, two_way, candidate)


def _walked(
    network: Network, start: Start, packet: Header, two_way: bool, candidate: Candidate
) -> Proof:
    there = _Wishes(network, candidate)
    proof = replay(network, start, packet, two_way, there)
    return replace(proof, forward_choices=there.taken)


def _ports(network: Network, proof: Proof) -> list[int]:
    """Other ports by which the node that dropped a packet tells where to send on."""
    last = proof.forward.hops[-1]
    if proof.forward.fate is not Fate.DROPPED or last.before.protocol not in (TCP, UDP):
        return []
    stages = network.node(last.node).stages
    matches = (r.match for s in stages if isinstance(s, Forward) for r in s.routes if r.next)
    found = set[int]()
    for match in matches:
        ports = match.by_name.get("destination_port")
        port = None if ports is None else ports.single
        if port is not None and last.before._replace(destination_port=port) in match:
            found.add(port)
    found.discard(last.before.destination_port)
    return sorted(found, key=lambda port: (port not in LIKED["destination_port"], port))


class _Wishes(Mapping[Site, int]):
    """What a candidate would have happen where a walk asks; ``taken`` is what was chosen so."""

    def __init__(self, network: Network, candidate: Candidate) -> None:
        self._network = network
        self._node = candidate.node
        self._wanted = candidate.space.by_name
        self.taken: dict[Site, int] = {}

    def __getitem__(self, site: Site) -> int:
        """What is wanted at a site, where it is to be had and is not the first thing anyway."""
        stage = self._network.node(site.node).stages[site.stage]
        match stage:
            case Translate():
                position, _, name = site.within.partition(".")
                values = _given(stage.cases[int(position)].rewrites, name)
                met = values & self._wanted.get(name, NOTHING)
                if met and met.intervals[0][0] != values.intervals[0][0]:
                    self.taken[site] = met.intervals[0][0]
            case Choose(options):
                some = options[:_MOST_OPTIONS] if len(options) > 1 else ()
                leads = (n for n, option in enumerate(some) if self._leads(option.next))
                number = next(leads, 0)
                if number:
                    self.taken[site] = number
            case _:
                pass
        return self.taken[site]

    def __iter__(self) -> Iterator[Site]:
        return iter(self.taken)

    def __len__(self) -> int:
        return len(self.taken)

    def _leads(self, node: str) -> bool:
        """Whether an option is the node to come by, or gives the destination that is wanted."""
        if self._node:
            return node == self._node
        stages = (s for s in self._network.node(node).stages if isinstance(s, Translate))
        cases = (case for stage in stages for case in stage.cases)
        wanted = self._wanted.get("destination", NOTHING)
        return any(_given(case.rewrites, "destination").overlaps(wanted) for case in cases)


def _given(rewrites: Iterable[Rewrite], name: str) -> Ranges:
    """The values of which a field is given one."""
    values = (r.values for r in rewrites if isinstance(r, Assign) and r.field == name)
    return next(values, NOTHING)
