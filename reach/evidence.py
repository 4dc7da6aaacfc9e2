"""Evidence for people: what an answer shows of a proof, in the answer's own types.

    witness(ground, proof)  blocked_path(ground, way)  explanation(blocker)  remarks(origins)

Takes what the engines found and a lowered snapshot for the names of things; gives the frozen parts
of an :class:`~reach.answer.Answer`.  Must not know how anything was found, nor rendering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reach.answer import BlockedPath, Explanation, Remark, Step, Witness
from reach.conditions import Conditions, Spaces
from reach.decide import Proof
from reach.explain import Blocked, Blocker
from reach.lower import Ground
from reach.network.stage import Origin
from reach.trace import Trace


def witness(ground: Ground, proof: Proof, packets: Conditions | None = None) -> Witness:
    """A proof hop by hop; with ``packets`` all that take its path."""
    there = packets.forward if packets is not None else ()
    back = packets.reply if packets is not None else ()
    return Witness(
        proof.packet,
        tuple(_steps(ground, proof.forward, there)),
        tuple(_steps(ground, proof.reply, back)) if proof.reply else (),
        packets.start if packets is not None else (),
        packets is not None and packets.complete,
    )


def _steps(ground: Ground, trace: Trace, packets: Sequence[Spaces]) -> Iterator[Step]:
    """Each hop with the one thing it is about, for this header."""
    for place, hop in enumerate(trace.hops):
        kind, resource, _ = hop.node.split("/", 2)
        label = ground.label(hop.node, hop.before)
        who, name = label if label is not None else (resource, ground.name_of(resource))
        yield Step(
            hop.node,
            who,
            kind.replace("_", " "),
            name,
            hop.before,
            hop.after,
            hop.passed,
            hop.denied,
            packets[place] if packets else (),
        )


def blocked_path(ground: Ground, way: Blocked) -> BlockedPath:
    """One way on which nothing gets through, with all that blocks it."""
    path = None if way.path is None else witness(ground, way.path)
    return BlockedPath(tuple(explanation(blocker) for blocker in way.blockers), path)


def explanation(blocker: Blocker) -> Explanation:
    origin = blocker.origin
    return Explanation(
        origin.code or "NO_PATH",
        origin.resource,
        origin.name,
        origin.locator,
        origin.words,
        blocker.direction,
        blocker.header,
    )


def remarks(origins: Iterable[Origin]) -> tuple[Remark, ...]:
    return tuple(Remark(origin.words, origin.resource) for origin in dict.fromkeys(origins))
