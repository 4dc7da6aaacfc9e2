"""The shapes that a chain is made of, one function each.

A gadget gets its number and the names of the next node onward and homeward; it must define
``in<i>`` and ``back<i>``.  What it is for stands in its docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reach.network.header_space import ANYTHING, HeaderSpace, Ranges
from reach.network.stage import (
    Assign,
    Case,
    Deliver,
    Filter,
    Forward,
    Stage,
    Translate,
    Unmodelled,
)
from tests.differential import domain
from tests.differential.builder import Builder, choose, decide_drop, restore

Gadget = Callable[[Builder, int, str, str], None]


def _filtered(b: Builder, i: int, on: str, home: str) -> None:
    """A filter each way: stateful, stateless, or two sessions that know nothing of each other."""
    there = f"f{i}" if b.odds(0.7) else ""
    back = there if b.odds(0.7) else f"other{i}"
    b.add(f"in{i}", b.some_filter(there), b.to(on))
    check = replace(b.some_filter(back), opening=bool(back) and b.odds(0.3))
    b.add(f"back{i}", check, b.to(home))


def _branch(b: Builder, i: int, on: str, home: str) -> None:
    """Branch, rewrite on some of the branches, rejoin; the way back undoes it, or does not."""
    session = f"b{i}" if b.odds(0.6) else ""
    arms = [f"arm{i}.{n}" for n in range(3)]
    b.add(f"in{i}", b.routes([*arms, f"join{i}"], False), b.to(f"join{i}"))
    b.add(arms[0], b.translate(session), b.to(f"join{i}"))
    b.add(arms[1], b.some_filter(session), b.to(f"join{i}"))
    b.add(arms[2], b.translate(session, several=False), b.to(f"join{i}"))
    b.add(f"join{i}", b.to(on))
    _way_back(b, i, home, session)


def _way_back(b: Builder, i: int, home: str, session: str) -> None:
    """Replies of the session are restored, the rest goes home as it is; or all one way."""
    if not session or b.odds(0.15):
        b.add(f"back{i}", b.to(home))
    elif b.odds(0.5):
        guarded = b.route(f"undo{i}", domain.space(b.rng, addresses=0.2), session)
        other = b.routes([home, f"undo{i}"], False) if b.odds(0.4) else b.to(home)
        b.add(f"back{i}", Forward((guarded,)), other, b.to(home))
        b.add(f"undo{i}", restore(b, session), b.to(home))
    else:
        b.add(f"back{i}", restore(b, session), b.to(home))


def _nat(b: Builder, i: int, on: str, home: str) -> None:
    """Source translation with ports to choose from, under a session; restored on the way back."""
    session = f"n{i}"
    address = b.rng.choice(domain.GATEWAYS)
    rewrites = (
        Assign("source", Ranges.of(address)),
        b.assign("source_port", several=True),
        Assign("identity", Ranges.of(0)),
    )
    case = Case(domain.space(b.rng, addresses=0.2), rewrites, b.origin("nat"))
    cases = (b.case(), case) if b.odds(0.4) else (case, b.case())
    b.add(f"in{i}", Translate(cases, decide_drop(b, 0.2), session), b.to(on))
    _way_back(b, i, home, session)


def _tables(b: Builder, i: int, on: str, home: str) -> None:
    """One-to-one tables, one after another, and their inverses on the way back, or others."""
    first, second = b.table(), b.table()
    there = [Translate((b.looked_up("destination", t),)) for t in (first, second)]
    inverses = (second.inverse, first.inverse) if b.odds(0.6) else (first.inverse, second)
    back = [Translate((b.looked_up("source", t),)) for t in inverses]
    if b.odds(0.3):
        there.append(Translate((b.looked_up("destination", second.inverse),)))
    b.add(f"in{i}", *there, b.to(on))
    b.add(f"back{i}", *back, b.to(home))


def _choice(b: Builder, i: int, on: str, home: str) -> None:
    """Options that filter, rewrite or choose again, and rejoin; other options on the way back."""
    session = f"c{i}" if b.odds(0.6) else ""
    arms = [f"option{i}.{n}" for n in range(3)]
    b.add(f"in{i}", choose(b, *arms))
    b.add(arms[0], b.some_filter(session), b.to(on))
    b.add(arms[1], b.translate(session, several=False), b.to(on))
    b.add(arms[2], choose(b, on, arms[0]))
    if b.odds(0.5):
        b.add(f"back{i}", choose(b, f"check{i}", f"free{i}"))
        b.add(f"check{i}", b.some_filter(session), b.to(home))
        b.add(f"free{i}", b.filter(), b.to(home))
    else:
        _way_back(b, i, home, session)


def _loop(b: Builder, i: int, on: str, home: str) -> None:
    """A cycle of nodes, through a rewrite or not, that some flows leave and some never do."""
    session = f"l{i}" if b.odds(0.5) else ""
    ring = [f"ring{i}.{n}" for n in range(2)]
    b.add(f"in{i}", b.routes([ring[0], on], False), b.to(on))
    rewrite: list[Stage] = [b.translate(session, several=False)] if b.odds(0.6) else []
    if not rewrite and session:
        rewrite = [b.filter(session)]
    b.add(ring[0], *rewrite, b.routes([ring[1], on, f"in{i}"], False), b.to(ring[1]))
    b.add(ring[1], b.routes([f"in{i}", on], False), b.to(b.rng.choice([on, f"in{i}"])))
    _way_back(b, i, home, session)


def _longest(b: Builder, i: int, on: str, home: str) -> None:
    """Overlapping prefixes, drops among them, two tables in a row; another table homeward."""
    b.add(
        f"in{i}",
        b.routes([on, f"side{i}"], False),
        b.routes([on, f"side{i}"], b.odds(0.3)),
        b.to(on),
    )
    b.add(f"side{i}", b.filter(), b.to(on))
    b.add(f"back{i}", b.routes([home, f"aside{i}"], False), b.to(home))
    b.add(f"aside{i}", b.some_filter(), b.to(home))


def _unmodelled(b: Builder, i: int, on: str, home: str) -> None:
    """Some flows, or some replies, go where nothing is known."""
    b.add(f"in{i}", b.routes([on, on, f"dark{i}"], False), b.to(on))
    b.add(f"dark{i}", b.filter(), Unmodelled(b.origin("unknown")))
    b.add(f"back{i}", b.routes([home, home, f"dark{i}"], False), b.to(home))


def _hairpin(b: Builder, i: int, on: str, home: str) -> None:
    """What is sent to a gateway's address is turned round to a server, as if by the gateway."""
    session = f"h{i}"
    public = b.rng.choice(domain.GATEWAYS)
    to_public = HeaderSpace.where(destination=Ranges.of(public))
    b.add(f"in{i}", Forward((b.route(f"turn{i}", to_public),)), b.to(on))
    rewrites = (
        Assign("destination", Ranges.of(*b.rng.sample(domain.SERVERS, b.rng.choice((1, 2))))),
        Assign("source", Ranges.of(b.rng.choice(domain.GATEWAYS))),
    )
    case = Case(
        domain.space(b.rng, addresses=0.1), rewrites[: b.rng.choice((1, 2))], b.origin("turn")
    )
    b.add(f"turn{i}", Translate((case,), b.origin("not turned"), session), b.to(f"in{i}"))
    guarded = b.route(f"turned{i}", ANYTHING, session)
    b.add(f"back{i}", Forward((guarded,)), b.to(home))
    after = f"back{i}" if b.odds(0.3) else home
    b.add(f"turned{i}", restore(b, session), b.to(after))


def _inside(b: Builder, i: int, on: str, home: str) -> None:
    """Some flows never leave their sender."""
    b.add(f"in{i}", b.routes([f"self{i}", on], False), b.to(on))
    b.add(f"self{i}", Deliver(f"self{i}", f"back{i}", b.origin("inside"), inside=True))
    b.add(f"back{i}", b.filter(), b.to(home))


def _identity(b: Builder, i: int, on: str, home: str) -> None:
    """Filters that ask who sent it, around a stage that makes that forgotten or another."""
    some = Ranges.of(*b.rng.sample(domain.IDENTITIES, 2))
    forget = Case(domain.space(b.rng), (b.assign("identity", several=False),), b.origin("forget"))
    asks = b.route(f"known{i}", HeaderSpace.where(identity=some))
    session = f"i{i}"
    b.add(f"in{i}", Forward((asks,)), Translate((forget,)), b.some_filter(session), b.to(on))
    b.add(f"known{i}", b.filter(session), Translate((forget,)), b.to(on))
    # The replying end has an identity of its own; the session asks for none.
    stamp = Case(
        ANYTHING, (Assign("identity", Ranges.of(b.rng.choice((1, 2)))),), b.origin("stamp")
    )
    b.add(f"back{i}", Translate((stamp,)), b.shut(session), b.to(home))


def _several(b: Builder, i: int, on: str, home: str) -> None:
    """Translations in a row within one node, each with a choice, and then a choice of ways."""
    session = f"s{i}" if b.odds(0.7) else ""
    ends = (f"end{i}.0", f"end{i}.1")
    b.add(f"in{i}", b.translate(session), b.translate(), choose(b, *ends))
    b.add(ends[0], b.some_filter(session), b.to(on))
    b.add(ends[1], b.filter(), b.to(on))
    _way_back(b, i, home, session)


def _hub(b: Builder, i: int, on: str, home: str) -> None:
    """One node that both ways pass, stateful, and with a choice for each of them."""
    session = f"u{i}"
    clients = HeaderSpace.where(
        destination=Ranges.prefixes([domain.PREFIXES[2], domain.PREFIXES[14]])
    )
    ways = (f"way{i}.0", f"way{i}.1")
    check = replace(b.some_filter(session), opening=b.odds(0.4))
    b.add(f"in{i}", check, choose(b, *ways))
    b.add(f"back{i}", b.to(f"in{i}"))
    b.add(ways[0], Forward((b.route(home, clients),)), b.to(on))
    b.add(ways[1], b.filter(), Forward((b.route(home, clients),)), b.to(on))


def _guarded(b: Builder, i: int, on: str, home: str) -> None:
    """Some flows leave a session behind; its replies take a route of their own."""
    session = f"g{i}"
    b.add(f"in{i}", b.routes([f"kept{i}", on], False), b.to(on))
    b.add(f"kept{i}", b.some_filter(session), b.to(on))
    guarded = b.route("" if b.odds(0.2) else f"own{i}", domain.space(b.rng, addresses=0.3), session)
    b.add(f"back{i}", Forward((guarded,)), b.some_filter(), b.to(home))
    b.add(f"own{i}", b.some_filter(session), b.to(home))


def _bound(b: Builder, i: int, on: str, home: str) -> None:
    """A stage that has to see both ways; some replies come past it, or by one like it.

    What is translated behind it comes back to it as it was, or as it became.
    """
    session, other, turned = f"m{i}", f"like{i}", f"t{i}"
    b.add(f"in{i}", b.routes([f"seen{i}", f"like{i}", on], False), b.to(f"seen{i}"))
    rewrite: list[Stage] = [b.translate(turned)] if b.odds(0.4) else []
    onward = f"like{i}" if b.odds(0.2) else on
    b.add(f"seen{i}", _binding(b, session), *rewrite, b.to(onward))
    b.add(f"like{i}", _binding(b, other), b.to(on))
    undo = [Forward((b.route(f"undo{i}", ANYTHING, turned),))] if rewrite else []
    b.add(f"back{i}", b.routes([f"mirror{i}", f"past{i}", home], False), b.to(f"mirror{i}"))
    past = f"past{i}" if b.odds(0.3) else home
    b.add(f"mirror{i}", _binding(b, session, odds=0.5), *undo, b.to(past))
    b.add(f"past{i}", _binding(b, b.rng.choice((session, other)), odds=0.5), *undo, b.to(home))
    if rewrite:
        b.add(f"undo{i}", restore(b, turned), b.to(past if b.odds(0.5) else home))


def _binding(b: Builder, session: str, odds: float = 0.9) -> Filter:
    """A filter of a session, most likely one that binds."""
    drawn = b.shut(session) if b.odds(0.2) else b.some_filter(session)
    binds = b.origin("unseen") if b.odds(odds) else None
    return replace(drawn, binds=binds, opening=b.odds(0.4))


def _ring_bound(b: Builder, i: int, on: str, home: str) -> None:
    """Binding stages on a ring that both ways pass, by a choice or by routes, perhaps twice."""
    sessions = [f"r{i}.{n}" for n in range(2)]
    ring = [f"round{i}.{n}" for n in range(2)]
    homeward = Forward((b.route(f"leave{i}", domain.space(b.rng, addresses=0.2), sessions[0]),))
    onward: Stage = choose(b, ring[1], on) if b.odds(0.5) else b.routes([ring[1], on], True)
    b.add(f"in{i}", b.routes([*ring, on], False), b.to(ring[0]))
    b.add(ring[0], _binding(b, sessions[0]), homeward, onward)
    again: list[Stage] = [b.translate("", several=False)] if b.odds(0.2) else []
    b.add(ring[1], _binding(b, sessions[1]), *again, b.routes([ring[0], on], False), b.to(on))
    b.add(f"leave{i}", _binding(b, b.rng.choice(sessions), odds=0.3), b.to(home))
    b.add(f"back{i}", b.routes([*ring, f"leave{i}", home], False), b.to(f"leave{i}"))


def _listed(b: Builder, i: int, on: str, home: str) -> None:
    """Long lists of routes that look at anything but destinations, drops among them; both ways."""
    session = f"o{i}" if b.odds(0.5) else ""
    rewrite: list[Stage] = [b.translate(several=False)] if b.odds(0.3) else []
    b.add(f"in{i}", _list(b, [on, f"aside{i}"], ""), *rewrite, b.to(on))
    b.add(f"aside{i}", b.some_filter(session), b.to(on))
    b.add(f"back{i}", _list(b, [home, f"behind{i}"], session), b.to(home))
    b.add(f"behind{i}", b.some_filter(session), b.to(home))


def _list(b: Builder, nexts: list[str], session: str) -> Forward:
    """More routes than are held against each other one by one."""
    routes = []
    for _ in range(24):
        match = domain.space(b.rng, addresses=0.15, others=0.6)
        next_ = "" if b.odds(0.1) else b.rng.choice(nexts)
        routes.append(b.route(next_, match, session if b.odds(0.2) else ""))
    return Forward(tuple(routes), b.origin("none") if b.odds(0.2) else None)


GADGETS: dict[str, Gadget] = {
    gadget.__name__.lstrip("_"): gadget
    for gadget in (
        _filtered,
        _branch,
        _nat,
        _tables,
        _choice,
        _loop,
        _longest,
        _unmodelled,
        _hairpin,
        _inside,
        _identity,
        _several,
        _hub,
        _guarded,
        _bound,
        _ring_bound,
        _listed,
    )
}
# Those of which random chains are made; the others stand in chains of their own (``CHAINS``).
COMMON = tuple(sorted(GADGETS.keys() - {"bound", "ring_bound", "listed"}))
CHAINS: tuple[tuple[str, ...], ...] = (
    *(("bound",), ("bound", "nat"), ("nat", "bound"), ("loop", "bound"), ("bound", "several")),
    *(("ring_bound",), ("ring_bound", "bound"), ("choice", "ring_bound")),
    *(("ring_bound", "hairpin"), ("hub", "bound"), ("unmodelled", "bound")),
    *(("listed",), ("listed", "nat"), ("loop", "listed"), ("listed", "bound")),
)
