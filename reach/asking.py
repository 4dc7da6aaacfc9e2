"""Snapshot + question -> answer: the one place that composes the line.

    parse -> resolve -> (compile, check, replay) in decide -> explain -> Answer

Must not know rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import local

from reach.amend import amend
from reach.answer import Answer, Remark, Verdict, Witness
from reach.certificate import Certificate
from reach.certify import certify
from reach.closest import closest
from reach.conditions import conditions
from reach.decide import Decision, Proof, decide
from reach.ends import end_points
from reach.ephemeral import failing_source_ports
from reach.evidence import blocked_path, end_list, remarks, told_of, told_open, witness
from reach.explain import NOTHING, Blocked, Blocker, Explained, explain
from reach.gaps import openings
from reach.lower import Ground, lower
from reach.network.node import Network
from reach.network.stage import Origin
from reach.options import Options
from reach.paths import paths as distinct_paths
from reach.question import Question, parse
from reach.reduce import ALL, Reductions
from reach.resolve import Resolved, other_end, resolve, set_apart
from reach.retell import retell
from reach.snapshot.snapshot import Snapshot
from reach.tracking import smtp_note
from reach.uncollected import uncollected
from solver import Backend, Outcome, Problem, Session, Soft

_OF_THREAD = local()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer is to show beyond its verdict and one witness or blocked way.

    Without ``evidence`` not even these, only what the verdict rests on and the certificate; nor
    where the verdict is what was ``expected``.
    """

    packets: bool = False
    blocked: int = 1
    paths: int = 1
    ends: int = 0
    evidence: bool = True
    expected: Verdict | None = None
    fix: bool = False
    cut: bool = False

    def shows(self, verdict: Verdict) -> bool:
        """Whether an answer with this verdict shows its evidence."""
        return self.evidence and verdict is not self.expected


PLAIN = Wanted()
VERDICT = Wanted(evidence=False)
OPEN, CLOSE = "open", "close"


def ask(
    snapshot: Snapshot,
    question: str | Question,
    *,
    one_way: bool = False,
    port_at: str = "source",
    options: Mapping[str, str] | None = None,
    through: Sequence[str] = (),
    avoid: Sequence[str] = (),
    assume: Mapping[str, str] | None = None,
    at_source: Mapping[str, str] | None = None,
    at_destination: Mapping[str, str] | None = None,
    packets: bool = False,
    blocked: int = 1,
    paths: int = 1,
    ends: int = 0,
    fix: bool = False,
    cut: bool = False,
    reductions: Iterable[str] | None = None,
) -> Answer:
    """Whether a packet of the question gets through, and its reply back, with the evidence.

    ``question`` is a text such as ``can 0.0.0.0/0 reach i-0abc port 22``.  Reachable iff some
    packet of the question arrives, and its reply unless ``one_way``; unreachable iff none does;
    undecided, with a reason, where the snapshot does not tell.  ``options`` says how AWS is read
    where its documentation leaves it open (``reach.options``).  The packet has to pass all of
    ``through`` and none of ``avoid``; ``assume`` takes what the snapshot leaves open about an id as
    "reachable" or "unreachable", and the answer repeats it.  ``at_source`` and ``at_destination``
    ask more of the packet as it leaves and as it arrives (``{"source-port": "1024-2047"}``).  What
    was lowered is kept with the snapshot, so later questions are quicker.

    More evidence on request: ``packets``, all that take the path of a reachable answer; ``paths``,
    how many distinct ones it shows, the shortest first; ``ends``, how many groups of end points
    where an end is "any"; ``blocked``, how many ways an unreachable answer shows, each with all
    that blocks it, the closest first; ``fix``, the smallest change that makes an unreachable answer
    reachable, and ``cut``, the smallest set of rules to remove that makes a reachable one
    unreachable, each verified on a changed copy of the snapshot.  Nothing is changed on AWS.

    ``reductions`` names the passes that make the network smaller (:data:`reach.reduce.PASSES`; all
    if left out, none if empty).  They change time and no answer; without them reach can be doubted.

    Raises QuestionError if the question or an option cannot be understood, Defect if two readings
    of the network disagree, SolverError if the backend fails.
    """
    if isinstance(question, str):
        question = parse(question, one_way=one_way, port_at=port_at)
        question = replace(
            question,
            through=tuple(through),
            avoid=tuple(avoid),
            assume=tuple(sorted((assume or {}).items())),
            at_source=tuple(sorted((at_source or {}).items())),
            at_destination=tuple(sorted((at_destination or {}).items())),
        )
    reduced = ALL if reductions is None else Reductions.of(reductions)
    wanted = Wanted(packets, blocked, paths, ends, fix=fix, cut=cut)
    with uncollected(snapshot):
        ground = set_apart(ground_of(snapshot, Options.of(options or {}), reduced), question)
        told = answer(ground, question, _LATE, wanted)
        return _with_proposals(told, ground, question, _LATE, wanted)


def verdict(
    snapshot: Snapshot,
    question: str,
    *,
    one_way: bool = False,
    port_at: str = "source",
    options: Mapping[str, str] | None = None,
) -> Answer:
    """The same verdict as ``ask`` gives, without a path to look at."""
    asked = parse(question, one_way=one_way, port_at=port_at)
    return answer(ground_of(snapshot, Options.of(options or {})), asked, _LATE, VERDICT)


def expecting(
    snapshot: Snapshot,
    question: str,
    *,
    expected: Verdict,
    one_way: bool = False,
    port_at: str = "source",
    options: Mapping[str, str] | None = None,
) -> Answer:
    """The same answer as ``ask`` gives, but without a path to look at if it is as expected."""
    asked = parse(question, one_way=one_way, port_at=port_at)
    ground = ground_of(snapshot, Options.of(options or {}))
    return answer(ground, asked, _LATE, Wanted(expected=expected))


def _with_proposals(
    told: Answer, ground: Ground, question: Question, backend: Backend, wanted: Wanted
) -> Answer:
    """The answer with what could be changed so that its verdict is the other one."""
    if not (wanted.fix or wanted.cut):
        return told
    # Only who asks for them pays for loading them.
    from reach.cut import find_cut
    from reach.fix import find_fix
    from reach.mending import Wish

    def again(changed: Ground, question: Question) -> Answer:
        return answer(changed, question, backend, VERDICT)

    wish = Wish(ground, question, told, backend, again)
    fix = find_fix(wish) if wanted.fix else None
    cut = find_cut(wish) if wanted.cut else None
    return replace(told, fix=fix, cut=cut)


def ground_of(snapshot: Snapshot, options: Options, reductions: Reductions = ALL) -> Ground:
    """The snapshot's network under some options, lowered once and gone with it."""
    ground = snapshot.derived.get(_key(options, reductions))
    if not isinstance(ground, Ground):
        ground = lower(snapshot, options, reductions)
        keep_ground(snapshot, ground)
    return ground


def keep_ground(snapshot: Snapshot, ground: Ground) -> None:
    """From now on questions about the snapshot are asked of this ground of it."""
    snapshot.derived[_key(ground.options, ground.reductions)] = ground


def _key(options: Options, reductions: Reductions) -> str:
    return f"ground {options.chosen} {reductions}"


def ground_behind(snapshot: Snapshot, told: Answer) -> Ground:
    """The network whose nodes an answer names."""
    reduced = ALL if told.reductions is None else Reductions.of(told.reductions)
    return set_apart(ground_of(snapshot, Options.of(dict(told.options)), reduced), told)


def backend_of_thread() -> Backend:
    """This thread's own: a solver's context serves one thread at a time."""
    backend: Backend | None = getattr(_OF_THREAD, "backend", None)
    if backend is None:
        from solver.backends.z3 import Z3Backend

        backend = _OF_THREAD.backend = Z3Backend()
    return backend


class _Late:
    """The thread's own, which is loaded when a problem is opened: many questions open none."""

    def open(self) -> Session:
        return backend_of_thread().open()

    def optimise(self, problem: Problem, soft: Sequence[Soft]) -> Outcome:
        return backend_of_thread().optimise(problem, soft)


_LATE = _Late()


def answer(ground: Ground, question: Question, backend: Backend, wanted: Wanted = PLAIN) -> Answer:
    """The answer to a question on a lowered snapshot, with the evidence that is wanted."""
    with uncollected(ground.snapshot):
        return _answer(set_apart(ground, question), question, backend, wanted)


def _answer(ground: Ground, question: Question, backend: Backend, wanted: Wanted) -> Answer:
    resolved = resolve(ground, question)
    network = amend(ground.network, resolved.amendment)
    plain = Answer(
        verdict=Verdict.UNDECIDED,
        question=str(question),
        source=resolved.source.words,
        destination=resolved.destination.words,
        one_way=question.one_way,
        port_at=question.port_at,
        options=ground.options.chosen,
        through=question.through,
        avoid=question.avoid,
        assume=question.assume,
        at_source=question.at_source,
        at_destination=question.at_destination,
        notes=tuple(_notes(question, resolved)),
        reductions=ground.reductions.chosen,
    )
    if resolved.nobody is not None:
        remembered = _otherwise(plain, ground, question, resolved, backend)
        return remembered or _without_ends(plain, ground, network, question, resolved)
    decision = decide(network, resolved.aim, backend)
    match decision.verdict:
        case Verdict.REACHABLE:
            assert decision.proof is not None
            if resolved.source.uncertain or resolved.destination.uncertain:
                return _open_ends(plain, resolved.gaps, CLOSE)
            ends = (resolved.source, resolved.destination)
            among = tuple(end.among for end in ends if end.among is not None)
            if among or resolved.elsewhere:
                return _open_ends(plain, (*among, *resolved.elsewhere), CLOSE)
            if not wanted.shows(Verdict.REACHABLE):
                return replace(
                    plain,
                    verdict=Verdict.REACHABLE,
                    assumptions=_assumed(resolved, decision.proof),
                    notes=tuple(_not_from(network, resolved, decision.proof)),
                )
            told = _reachable(plain, ground, network, resolved, decision.proof)
            if wanted.packets:
                told = _with_packets(told, ground, network, decision.proof)
            return _with_more(told, ground, network, resolved, backend, wanted)
        case Verdict.UNDECIDED:
            return _undecided(plain, ground, resolved, decision)
        case Verdict.UNREACHABLE:
            remembered = _otherwise(plain, ground, question, resolved, backend)
            if remembered is not None:
                return remembered
            told = replace(plain, verdict=Verdict.UNREACHABLE)
            if wanted.shows(Verdict.UNREACHABLE):
                aim = closest(network, resolved.aim, decision.parts)
                explained = explain(network, aim, backend, most=wanted.blocked)
                told = _unreachable(plain, ground, explained, decision)
            return _certified(told, ground, network, question, resolved, decision.certificate)


def _otherwise(
    plain: Answer, ground: Ground, question: Question, resolved: Resolved, backend: Backend
) -> Answer | None:
    """What else may be, where no packet of a question gets through; None: nothing."""
    gaps = _left_open(ground, resolved)
    if gaps:
        return _open_ends(plain, gaps, OPEN)
    other = other_end(ground, question, resolved)
    if other is None:
        return None
    gaps = _left_open(ground, other)
    if gaps:
        return _open_ends(plain, gaps, OPEN)
    if other.nobody is not None:
        return None
    remembered = decide(amend(ground.network, other.amendment), other.aim, backend)
    if remembered.verdict is Verdict.UNREACHABLE:
        return None
    if remembered.proof is None or remembered.verdict is Verdict.UNDECIDED:
        return _undecided(plain, ground, resolved, remembered)
    among = tuple(each.among for each in (resolved.source, resolved.destination) if each.among)
    if among or resolved.elsewhere:
        return _open_ends(plain, (*among, *resolved.elsewhere), CLOSE)
    return _remembered(plain, ground, question, remembered.proof)


def _notes(question: Question, resolved: Resolved) -> Iterator[Remark]:
    for origin in (*resolved.source.notes, *resolved.destination.notes):
        yield Remark(origin.words, origin.resource)
    if not question.one_way and not question.packet.is_answered:
        yield Remark(
            f"{question.packet}: nobody answers this message, so only its way there counts"
        )


def _left_open(ground: Ground, resolved: Resolved) -> tuple[Origin, ...]:
    """What stands against "unreachable", but for what the asker takes as closed."""
    gaps = (*resolved.gaps, *openings(ground))
    return tuple(gap for gap in gaps if gap.resource not in resolved.amendment.closed)


def _without_ends(
    plain: Answer, ground: Ground, network: Network, question: Question, resolved: Resolved
) -> Answer:
    """A source or destination that does not exist, and that no gap may hide."""
    nobody = resolved.nobody
    assert nobody is not None
    unmet = resolved.unmet or (nobody,)
    blockers = tuple(Blocker("forward", origin, NOTHING) for origin in unmet)
    way = retell(ground, Blocked(blockers), resolved.asked)
    told = replace(plain, verdict=Verdict.UNREACHABLE)
    told = replace(told, explanations=blocked_path(ground, way).explanations)
    return _certified(told, ground, network, question, resolved)


def _open_ends(plain: Answer, gaps: tuple[Origin, ...], tips: str) -> Answer:
    """What is not known of the ends could open a way, or close the one that there seems to be."""
    reason, verdict = gaps[0].words, Verdict.UNDECIDED
    return replace(plain, verdict=verdict, reason=reason, tips=tips, gaps=remarks(gaps))


def _reachable(
    plain: Answer, ground: Ground, network: Network, resolved: Resolved, proof: Proof
) -> Answer:
    notes = [*plain.notes, *_not_from(network, resolved, proof)]
    throttled = smtp_note(ground.snapshot, proof)
    if throttled:
        notes.append(Remark(throttled))
    notes += _hangs_on(ground, _met(proof))
    return replace(
        plain,
        verdict=Verdict.REACHABLE,
        witness=witness(ground, proof),
        assumptions=_assumed(resolved, proof),
        notes=tuple(notes),
    )


def _not_from(network: Network, resolved: Resolved, proof: Proof) -> Iterator[Remark]:
    """The source ports from which a proven flow would fail."""
    failing = failing_source_ports(network, resolved.aim, proof)
    if failing:
        shown = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in failing.intervals)
        yield Remark(
            f"not for every source port: this flow fails from source ports {shown} (R-EPH-5)"
        )


def _assumed(resolved: Resolved, proof: Proof) -> tuple[Remark, ...]:
    """What a proven flow rests on."""
    taken = [*proof.forward.choices, *(proof.reply.choices if proof.reply else ())]
    taken += [origin for origin in _met(proof) if origin.resource in resolved.amendment.open]
    return remarks(origin for origin in taken if origin.words)


def _with_packets(told: Answer, ground: Ground, network: Network, proof: Proof) -> Answer:
    return replace(told, witness=witness(ground, proof, conditions(network, proof)))


def _with_more(
    told: Answer,
    ground: Ground,
    network: Network,
    resolved: Resolved,
    backend: Backend,
    wanted: Wanted,
) -> Answer:
    """The answer with further paths, and with everybody who gets through."""
    if wanted.paths > 1:
        found = distinct_paths(network, resolved.aim, backend, wanted.paths)
        shown = tuple(witness(ground, proof) for proof in found.proofs)
        told = replace(told, paths=shown, exhausted=found.exhausted)
    if wanted.ends:
        lists = (
            end_list(ground, end_points(network, resolved.aim, backend, side, wanted.ends), side)
            for side, end in (
                ("source", resolved.source),
                ("destination", resolved.destination),
            )
            if end.words.startswith("any ")
        )
        told = replace(told, ends=tuple(lists))
    return told


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
    shown = witness(ground, proof)
    return replace(
        plain,
        verdict=Verdict.REACHABLE,
        witness=Witness(proof.reply.hops[0].before, shown.reply, shown.forward),
        assumptions=(Remark(words, question.destination),),
    )


def _undecided(plain: Answer, ground: Ground, resolved: Resolved, decision: Decision) -> Answer:
    if decision.proof is None:
        return replace(plain, reason=f"the solver gave up: {decision.unknown}")
    opened = told_open(ground, decision.proof, decision.open)
    if all(origin.resource in resolved.amendment.open for origin in opened):
        words = "assumed: the packet gets through it, and its reply back"
        taken = [replace(origin, words=f"{words} ({origin.words})") for origin in opened]
        told = replace(plain, verdict=Verdict.REACHABLE, assumptions=remarks(taken))
        return replace(told, witness=witness(ground, decision.proof))
    shown = "; ".join(str(origin) for origin in opened)
    reason = f"a packet gets as far as what the snapshot does not settle: {shown}"
    return replace(
        plain,
        reason=reason,
        tips=OPEN,
        gaps=remarks(opened),
        witness=witness(ground, decision.proof),
    )


def _unreachable(plain: Answer, ground: Ground, told: Explained, decision: Decision) -> Answer:
    hung = _hangs_on(ground, (b.origin for way in told.ways for b in way.blockers))
    blocked = (retell(ground, told_of(ground, way)) for way in told.ways)
    ways = tuple(blocked_path(ground, way) for way in blocked)
    return replace(
        plain,
        verdict=Verdict.UNREACHABLE,
        notes=(*plain.notes, *hung),
        explanations=ways[0].explanations,
        blocked_path=ways[0].path,
        blocked=ways[1:],
        exhausted=told.exhausted and not decision.parts,
    )


def _certified(
    answer: Answer,
    ground: Ground,
    network: Network,
    question: Question,
    resolved: Resolved,
    known: Certificate | None = None,
) -> Answer:
    """The answer with its certificates, or with a word that there is none.

    Of protocols that are tracked by address there are two: no flow of the other end's own opens the
    way either (R-SG-27).
    """
    told = replace(answer, certificate=known or certify(network, resolved.aim))
    if told.certificate is None:
        words = "no certificate could be made within the budget; the proof is the solver's alone"
        told = replace(told, notes=(*told.notes, Remark(words)))
    other = other_end(ground, question, resolved)
    if other is None or other.nobody is not None:
        return told
    amended = amend(ground.network, other.amendment)
    told = replace(told, certificate_of_other_end=certify(amended, other.aim))
    if told.certificate_of_other_end is None:
        words = (
            "no certificate could be made within the budget that no flow of the other end's own "
            "opens the way; of that the proof is the solver's alone"
        )
        told = replace(told, notes=(*told.notes, Remark(words)))
    return told
