"""Seeded faults: small wrong edits of either twin, to see whether the comparison notices.

    twins(fault) -> Twins

An edit replaces one piece of a module's source; the edited module and those that read it are
executed anew beside the real ones, which stay as they are.  An edit whose text is no longer found
is an error: then the twin was rewritten, and the fault must be, too.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from types import ModuleType

from tests.differential.agreement import Twins


@dataclass(frozen=True)
class Fault:
    """One wrong edit: in ``module`` the ``nth`` occurrence of ``old`` becomes ``new``.

    ``shape`` is the chain of gadgets that shows it, where a chain at random seldom does.
    """

    name: str
    module: str
    old: str
    new: str
    nth: int = 0
    shape: tuple[str, ...] = ()


# Which modules read the edited one, and what they take from it.
_READERS: dict[str, dict[str, tuple[str, ...]]] = {
    "reach.symbolic": {"reach.exploration": ("Symbolic",), "reach.compile": ("Symbolic",)},
    "reach.exploration": {"reach.compile": ("Exploration",)},
    "reach.trace": {"reach.evaluate": ("Sessions", "Trace")},
}

_BOUND, _LISTED = ("bound",), ("listed",)
_REST = "rest = solver.and_(rest, solver.not_(matched))"

COMPILED = (
    Fault(
        "routes do not exclude their rivals",
        "reach.exploration",
        "guard = solver.and_(point.guard, met, solver.not_(earlier))",
        "guard = solver.and_(point.guard, met)",
    ),
    Fault(
        "what routes take falls through as well",
        "reach.exploration",
        "rest = solver.and_(point.guard, solver.not_(solver.any_of(matched.values())))",
        "rest = point.guard",
    ),
    Fault(
        "routes of a list do not exclude those before them",
        "reach.exploration",
        "rest = solver.and_(rest, solver.not_(met))",
        "pass",
        shape=_LISTED,
    ),
    Fault(
        "neighbouring routes are one wherever they lead",
        "reach.exploration",
        "return route.next, None if route.next else route.origin",
        "return bool(route.next), None",
        shape=_LISTED,
    ),
    Fault(
        "of a list only the last of neighbours counts",
        "reach.exploration",
        "met = solver.any_of(matched[number] for number in numbers)",
        "met = matched[numbers[-1]]",
        shape=_LISTED,
    ),
    Fault(
        "a translation passes what it should drop",
        "reach.exploration",
        "if stage.otherwise is None:\n            made.append(left)",
        "if True:\n            made.append(left)",
    ),
    Fault(
        "a translation's cases do not exclude each other", "reach.exploration", _REST, "rest = rest"
    ),
    Fault("a reply is restored twice", "reach.exploration", _REST, "rest = rest", 1),
    Fault(
        "a reply is restored by a translation that was not met",
        "reach.exploration",
        "matched = solver.and_(translated.met, same)",
        "matched = same",
    ),
    Fault(
        "a restored reply keeps the translated ends",
        "reach.exploration",
        "restored = self._symbolic.mirror(before)",
        "restored = self._symbolic.mirror(translated.version)",
    ),
    Fault(
        "a session holds flows that never were there",
        "reach.exploration",
        "solver.and_(met, self._symbolic.same_on_the_wire(version, mirrored))",
        "self._symbolic.same_on_the_wire(version, mirrored)",
    ),
    Fault(
        "a session lets any packet back",
        "reach.exploration",
        "solver.and_(met, self._symbolic.same_on_the_wire(version, mirrored))",
        "met",
    ),
    Fault(
        "a session does not know translated flows",
        "reach.exploration",
        "*(point for point, _ in self._before.translated.get(session, ())),",
        "",
    ),
    Fault(
        "a filter forgets its session",
        "reach.exploration",
        "self.walk.admitted.setdefault(stage.session, []).append(after)",
        "pass",
    ),
    Fault(
        "a route serves others than its session",
        "reach.exploration",
        "if route.session and met is not FALSE:",
        "if False:",
    ),
    Fault(
        "an opening filter lets replies open",
        "reach.exploration",
        "if stage.opening and self._before is not None:",
        "if False:",
    ),
    Fault(
        "a session that binds need not see the reply",
        "reach.compile",
        "held.append(solver.implies(passed, answered))",
        "pass",
        shape=_BOUND,
    ),
    Fault(
        "one of the sessions that bind suffices",
        "reach.compile",
        "return solver.and_(*held)",
        "return solver.or_(*held) if held else TRUE",
        shape=_BOUND,
    ),
    Fault(
        "a session binds flows that never were there",
        "reach.compile",
        "passed = solver.any_of(point.met for point in points)",
        "passed = TRUE",
        shape=_BOUND,
    ),
    Fault(
        "a reply is seen that answers nothing",
        "reach.exploration",
        "guard = solver.and_(point.guard, answers)\n            kept",
        "guard = point.guard\n            kept",
        shape=_BOUND,
    ),
    Fault(
        "a reply is seen where it never was",
        "reach.compile",
        "answered = solver.any_of(point.met for point in reply.kept.get(session, ()))",
        "answered = solver.any_of(point.guard for point in reply.kept.get(session, ()))",
        shape=_BOUND,
    ),
    Fault(
        "a filter sees no reply",
        "reach.exploration",
        "self._keep(stage, point, answers)",
        "pass",
        shape=_BOUND,
    ),
    Fault(
        "an opening filter sees no reply",
        "reach.exploration",
        "self._keep(stage, point, answers)",
        "pass",
        1,
        shape=_BOUND,
    ),
    Fault(
        "an opening filter does not bind",
        "reach.exploration",
        "if stage.binds is not None and self._before is None",
        "if stage.binds is not None and not stage.opening and self._before is None",
        shape=_BOUND,
    ),
    Fault(
        "the last rule decides",
        "reach.exploration",
        "groupby(reversed(stage.decisions)",
        "groupby((*stage.rules, stage.otherwise)",
    ),
    Fault(
        "a doubt permits",
        "reach.exploration",
        "known = solver.ite(matched, self._doubt, known)",
        "known = solver.or_(matched, known)",
    ),
    Fault(
        "a doubt denies",
        "reach.exploration",
        "known = solver.ite(matched, self._doubt, known)",
        "known = solver.and_(solver.not_(matched), known)",
    ),
    Fault(
        "a denial is skipped",
        "reach.exploration",
        "known = solver.and_(solver.not_(matched), known)",
        "known = known",
    ),
    Fault(
        "all options happen at once",
        "reach.exploration",
        "guard = solver.and_(point.guard, taken)",
        "guard = point.guard",
    ),
    Fault(
        "all visits of a node choose alike",
        "reach.exploration",
        "[{number}]~{version}",
        "[{number}]",
    ),
    Fault(
        "the reply chooses as the flow did",
        "reach.exploration",
        'f"{self._label}{point.place.node}',
        'f"{point.place.node}',
    ),
    Fault(
        "a cycle holds itself up",
        "reach.exploration",
        "terms.append(solver.and_(source.reached, guard, lower))",
        "terms.append(solver.and_(source.reached, guard))",
    ),
    Fault(
        "a place has one edge only",
        "reach.exploration",
        "place.edges.append((source, guard))",
        "place.edges[:] = [(source, guard)]",
    ),
    Fault(
        "the reply starts unmirrored",
        "reach.compile",
        "reply.enter(delivery.reply, symbolic.mirror(version), None, met, 0)",
        "reply.enter(delivery.reply, version, None, met, 0)",
    ),
    Fault(
        "any owner is home",
        "reach.compile",
        "of_owner.get(delivery.owner, ())",
        "[each for some in of_owner.values() for each in some]",
    ),
    Fault(
        "the goal's headers do not matter",
        "reach.compile",
        "return solver.and_(arriving, solver.or_(symbolic.matches(space, point.version), passed))",
        "return arriving",
    ),
    Fault(
        "what passes a goal's node has not reached it",
        "reach.compile",
        "return solver.and_(arriving, passed)",
        "return FALSE",
    ),
    Fault(
        "what comes back by a goal's node has not reached it",
        "reach.compile",
        "asked = solver.and_(asked, solver.or_(solver.not_(comes_back), passed))",
        "asked = solver.and_(asked, solver.not_(comes_back))",
    ),
    Fault(
        "what comes back has reached somebody",
        "reach.compile",
        "asked = solver.and_(asked, solver.or_(solver.not_(comes_back), passed))",
        "pass",
    ),
    Fault(
        "the way does not matter",
        "reach.compile",
        "through = takes_all(forward.walk, aim.through)",
        "through = TRUE",
    ),
    Fault(
        "an unmodelled end is no end",
        "reach.exploration",
        "self.walk.loose_ends.append((point, stage.origin))",
        "pass",
    ),
    Fault(
        "the mirror keeps the ports",
        "reach.symbolic",
        '"source_port": at["destination_port"],',
        '"source_port": at["source_port"],',
    ),
    Fault(
        "the mirror keeps the identity",
        "reach.symbolic",
        '"identity": solver.const(0, FIELD["identity"].width),',
        "",
    ),
    Fault(
        "an ICMP request answers itself",
        "reach.symbolic",
        "solver.const(given, 8)",
        "solver.const(asked, 8)",
    ),
    Fault(
        "replies must have the identity",
        "reach.symbolic",
        "if one[:_IDENTITY] == other[:_IDENTITY]:\n            return TRUE",
        "if one[_IDENTITY] is not other[_IDENTITY]:\n            return FALSE",
    ),
    Fault("any table is the inverse", "reach.symbolic", "before[0].inverse is table", "True"),
    Fault(
        "a table's last pair only",
        "reach.symbolic",
        "for was, new in pairs:",
        "for was, new in pairs[-1:]:",
    ),
    Fault(
        "a domain that meets is a domain within",
        "reach.symbolic",
        "not domain - values:",
        "domain & values:",
    ),
    Fault(
        "an embedded address is cut short",
        "reach.symbolic",
        "rewrite.taken_from, old)",
        "rewrite.taken_from,"
        " solver.concat(solver.extract(old.width - 1, 1, old), solver.const(0, 1)))",
    ),
    Fault("both ends need not be of one family", "reach.symbolic", "solver.eq(*families),", ""),
    Fault(
        "any packet is answered",
        "reach.symbolic",
        "solver.or_(solver.not_(self._one_of(protocol, number)), self._one_of(kind, *kinds))",
        "TRUE",
    ),
)

EVALUATED = (
    Fault(
        "a filter sees no reply",
        "reach.evaluate",
        "self._kept.add(stage.session)",
        "pass",
        shape=_BOUND,
    ),
    Fault(
        "a reply is seen by whatever lets it pass",
        "reach.evaluate",
        "if stage.session and answers(header):",
        "self._kept.add(stage.session)\n        if stage.session and answers(header):",
        shape=_BOUND,
    ),
    Fault(
        "a flow is bound by nothing",
        "reach.evaluate",
        "self._bound.setdefault(stage.session, stage.binds)",
        "pass",
        shape=_BOUND,
    ),
    Fault(
        "the last rule decides",
        "reach.evaluate",
        "for rule in stage.decisions if",
        "for rule in reversed(stage.decisions) if",
    ),
    Fault(
        "an opening filter lets replies open",
        "reach.evaluate",
        "elif stage.opening and self._is_reply:",
        "elif False:",
    ),
    Fault("a doubt is not noted", "reach.evaluate", "self._doubts.append(rule.origin)", "pass"),
    Fault(
        "a translation passes what it should drop",
        "reach.evaluate",
        "if stage.otherwise is not None:",
        "if False:",
    ),
    Fault(
        "a translation is remembered backwards",
        "reach.evaluate",
        "(*known, (before, after))",
        "(*known, (after, before))",
    ),
    Fault(
        "a filter forgets its session",
        "reach.evaluate",
        "self._admitted[stage.session] = (*known, header)",
        "pass",
    ),
    Fault(
        "a route serves others than its session",
        "reach.evaluate",
        "if route.session and not self._sessions.answers(route.session, header):",
        "if False:",
    ),
    Fault(
        "a loop is where the node was before",
        "reach.evaluate",
        "if (node, header) in seen:",
        "if node in {n for n, _ in seen}:",
    ),
    Fault(
        "the last route wins",
        "reach.evaluate",
        "for route in stage.at(header.destination):",
        "for route in reversed(stage.at(header.destination)):",
    ),
    Fault(
        "a table is read backwards",
        "reach.evaluate",
        "rewrite.table.of[old]",
        "rewrite.table.inverse.of.get(old, old)",
    ),
    Fault(
        "replies must have the identity",
        "reach.trace",
        "wire = header._replace(identity=0)",
        "wire = header",
    ),
    Fault(
        "the first option is always taken",
        "reach.evaluate",
        "stage.options[self._choices.get(self._site(), 0)]",
        "stage.options[0]",
    ),
)

FAULTS = COMPILED + EVALUATED


def twins(fault: Fault) -> Twins:
    """The twins with the fault in one of them."""
    source = inspect.getsource(importlib.import_module(fault.module))
    parts = source.split(fault.old)
    if len(parts) < fault.nth + 2:
        raise LookupError(f"{fault.module} no longer has {fault.old!r}: rewrite {fault.name!r}")
    before, after = parts[: fault.nth + 1], parts[fault.nth + 1 :]
    edited = _executed(fault.module, fault.old.join(before) + fault.new + fault.old.join(after))
    modules = {fault.module: edited}
    for module in _READERS:
        for reader, names in _READERS[module].items() if module in modules else ():
            if reader not in modules:
                source = inspect.getsource(importlib.import_module(reader))
                modules[reader] = _executed(reader, source)
            for name in names:
                setattr(modules[reader], name, getattr(modules[module], name))
    real = Twins()
    compiled, evaluated = modules.get("reach.compile"), modules.get("reach.evaluate")
    return Twins(
        evaluated.evaluate if evaluated else real.evaluate,
        compiled.compile if compiled else real.compile,
    )


def _executed(name: str, source: str) -> ModuleType:
    """The module of that source, which nobody imports."""
    made = ModuleType(name)
    exec(compile(source, f"<edited {name}>", "exec"), made.__dict__)
    return made
