"""Snapshot + question -> answer: the one place that composes the line.

    parse -> resolve -> (compile, check, replay) in decide -> explain -> Answer

Must not know rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from threading import local

from reach.answer import Answer, Explanation, Remark, Step, Verdict, Witness
from reach.decide import Decision, Proof, decide
from reach.ephemeral import failing_source_ports
from reach.explain import Blocked, Blocker, explain
from reach.gaps import openings
from reach.lower import Ground, lower
from reach.network.stage import Origin
from reach.options import Options
from reach.question import Question, parse
from reach.resolve import Resolved, resolve
from reach.snapshot.snapshot import Snapshot
from reach.trace import Trace
from reach.tracking import smtp_note, tracked_answer
from solver import Backend

_OF_THREAD = local()


def ask(
    snapshot: Snapshot,
    question: str | Question,
    *,
    one_way: bool = False,
    port_at: str = "source",
    options: Mapping[str, str] | None = None,
) -> Answer:
    """Whether a packet of the question gets through, and its reply back, with the evidence.

    ``question`` is a text such as ``can 0.0.0.0/0 reach i-0abc port 22``.  Reachable iff some
    packet of the question arrives, and its reply unless ``one_way``; unreachable iff none does;
    undecided, with a reason, where the snapshot does not tell.  ``options`` says how AWS is read
    where its documentation leaves it open (``reach.options``).  What was lowered is kept with the
    snapshot, so later questions are quicker.

    Raises QuestionError if the question or an option cannot be understood, Defect if two readings
    of the network disagree, SolverError if the backend fails.
    """
    if isinstance(question, str):
        question = parse(question, one_way=one_way, port_at=port_at)
    return answer(_ground(snapshot, Options.of(options or {})), question, _backend())


def _ground(snapshot: Snapshot, options: Options) -> Ground:
    """The snapshot's network under some options, lowered once and gone with it."""
    key = f"ground {options.chosen}"
    ground = snapshot.derived.get(key)
    if not isinstance(ground, Ground):
        ground = snapshot.derived[key] = lower(snapshot, options)
    return ground


def _backend() -> Backend:
    """This thread's own: a solver's context serves one thread at a time."""
    backend: Backend | None = getattr(_OF_THREAD, "backend", None)
    if backend is None:
        from solver.backends.z3 import Z3Backend

        backend = _OF_THREAD.backend = Z3Backend()
    return backend


def answer(ground: Ground, question: Question, backend: Backend) -> Answer:
    """The answer to a question on a lowered snapshot."""
    resolved = resolve(ground, question)
    plain = Answer(
        verdict=Verdict.UNDECIDED,
        question=str(question),
        source=resolved.source.words,
        destination=resolved.destination.words,
        one_way=question.one_way,
        notes=tuple(_notes(question)),
    )
    if resolved.nobody is not None:
        return _without_ends(plain, ground, resolved, resolved.nobody)
    decision = decide(ground.network, resolved.aim, backend)
    match decision.verdict:
        case Verdict.REACHABLE:
            assert decision.proof is not None
            if resolved.source.uncertain or resolved.destination.uncertain:
                return _open_ends(plain, resolved.gaps)
            return _reachable(plain, ground, resolved, decision.proof)
        case Verdict.UNDECIDED:
            return _undecided(plain, ground, decision)
        case Verdict.UNREACHABLE:
            gaps = (*resolved.gaps, *openings(ground))
            if gaps:
                return _open_ends(plain, gaps)
            remembered = tracked_answer(ground, question, backend)
            if remembered is not None and remembered.verdict is Verdict.UNDECIDED:
                return _undecided(plain, ground, remembered)
            if remembered is not None and remembered.proof is not None:
                return _remembered(plain, ground, question, remembered.proof)
            return _unreachable(plain, ground, explain(ground.network, resolved.aim, backend))


def _notes(question: Question) -> Iterator[Remark]:
    if not question.one_way and not question.packet.is_answered:
        yield Remark(
            f"{question.packet}: nobody answers this message, so only its way there counts"
        )


def _without_ends(plain: Answer, ground: Ground, resolved: Resolved, nobody: Origin) -> Answer:
    """A source or destination that does not exist is unreachable, unless a gap may hide it."""
    gaps = (*resolved.gaps, *openings(ground))
    if gaps:
        return _open_ends(plain, gaps)
    explanation = Explanation(
        nobody.code or "NO_SOURCE_OR_DESTINATION",
        nobody.resource,
        nobody.name,
        nobody.locator,
        nobody.words,
        "forward",
    )
    return replace(plain, verdict=Verdict.UNREACHABLE, explanations=(explanation,))


def _open_ends(plain: Answer, gaps: tuple[Origin, ...]) -> Answer:
    reason = gaps[0].words
    return replace(plain, verdict=Verdict.UNDECIDED, reason=reason, gaps=_remarks(gaps))


def _reachable(plain: Answer, ground: Ground, resolved: Resolved, proof: Proof) -> Answer:
    notes = list(plain.notes)
    failing = failing_source_ports(ground.network, resolved.aim, proof)
    if failing:
        shown = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in failing.intervals)
        notes.append(
            Remark(
                f"not for every source port: this flow fails from source ports {shown} (R-EPH-5)"
            )
        )
    throttled = smtp_note(proof)
    if throttled:
        notes.append(Remark(throttled))
    notes += _hangs_on(ground, _met(proof))
    taken = [*proof.forward.choices, *(proof.reply.choices if proof.reply else ())]
    return replace(
        plain,
        verdict=Verdict.REACHABLE,
        witness=_witness(ground, proof),
        assumptions=_remarks(origin for origin in taken if origin.words),
        notes=tuple(notes),
    )


def _met(proof: Proof) -> Iterator[Origin]:
    """Everything that let the flow and its reply pass."""
    for trace in (proof.forward, proof.reply):
        for hop in trace.hops if trace is not None else ():
            yield from hop.passed


def _hangs_on(ground: Ground, origins: Iterable[Origin]) -> tuple[Remark, ...]:
    """The options that an answer with these origins hangs on."""
    names = dict.fromkeys(origin.option for origin in origins if origin.option)
    return tuple(Remark(ground.options.words(name), name) for name in names)


def _remembered(plain: Answer, ground: Ground, question: Question, proof: Proof) -> Answer:
    """The other end's own flow, and what was asked about as its reply (R-SG-27)."""
    assert proof.reply is not None
    words = (
        f"assumed: in the last 600 s {question.destination} itself sent this protocol to the "
        "source; such protocols are tracked by address only, so the other side may then begin"
    )
    witness = _witness(ground, proof)
    return replace(
        plain,
        verdict=Verdict.REACHABLE,
        witness=Witness(proof.reply.hops[0].before, witness.reply, witness.forward),
        assumptions=(Remark(words, question.destination),),
    )


def _undecided(plain: Answer, ground: Ground, decision: Decision) -> Answer:
    if decision.proof is None:
        return replace(plain, reason=f"the solver gave up: {decision.unknown}")
    shown = "; ".join(str(origin) for origin in decision.open)
    reason = f"a packet gets as far as what the snapshot does not settle: {shown}"
    return replace(
        plain,
        reason=reason,
        gaps=_remarks(decision.open),
        witness=_witness(ground, decision.proof),
    )


def _unreachable(plain: Answer, ground: Ground, blocked: Blocked) -> Answer:
    hung = _hangs_on(ground, (blocker.origin for blocker in blocked.blockers))
    return replace(
        plain,
        verdict=Verdict.UNREACHABLE,
        notes=(*plain.notes, *hung),
        explanations=tuple(_explanation(blocker) for blocker in blocked.blockers),
        blocked_path=None if blocked.path is None else _witness(ground, blocked.path),
    )


def _explanation(blocker: Blocker) -> Explanation:
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


def _remarks(origins: Iterable[Origin]) -> tuple[Remark, ...]:
    return tuple(Remark(origin.words, origin.resource) for origin in dict.fromkeys(origins))


def _witness(ground: Ground, proof: Proof) -> Witness:
    return Witness(
        proof.packet,
        tuple(_steps(ground, proof.forward)),
        tuple(_steps(ground, proof.reply)) if proof.reply else (),
    )


def _steps(ground: Ground, trace: Trace) -> Iterator[Step]:
    """Each hop with the one thing it is about, for this header."""
    for hop in trace.hops:
        kind, resource, _ = hop.node.split("/", 2)
        label = ground.label(hop.node, hop.before)
        who, name = label if label is not None else (resource, ground.name_of(resource))
        yield Step(who, kind.replace("_", " "), name, hop.before, hop.after, hop.passed)
