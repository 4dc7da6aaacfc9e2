"""Checks an answer, as printed in JSON, against the snapshot it is about.

    check_answer(snapshot, answer) -> Checked

Asks nothing again: the question is resolved, and the evidence that the answer carries is held
against the network, a witness hop by hop, a certificate node by node.  So neither the solver, nor
the compiler, nor whoever printed the answer has to be believed; what is trusted is the reading of
the snapshot by the components, and this.  Raises QuestionError for what is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reach.aim import makes_all
from reach.amend import amend
from reach.certificate import Certificate, CertificateError
from reach.check import Checked, check_certificate
from reach.errors import QuestionError
from reach.gaps import openings
from reach.lower import Ground, lower
from reach.network.header_text import header_from
from reach.network.node import Network
from reach.options import Options
from reach.other_end import own_flow
from reach.question import Question, parse
from reach.reduce import ALL, Reductions
from reach.resolve import Resolved, other_end, resolve, set_apart
from reach.retrace import Hop, retrace
from reach.snapshot.snapshot import Snapshot


def check_answer(snapshot: Snapshot, answer: Mapping[str, Any]) -> Checked:
    """Whether an answer's evidence shows its verdict.

    An undecided answer shows nothing; of it only the question is read.
    """
    verdict = answer.get("verdict")
    if verdict not in ("reachable", "unreachable", "undecided"):
        raise QuestionError("this is no answer: it has no 'verdict'")
    asked = _question(answer)
    reduced = ALL if answer.get("reductions") is None else Reductions.of(answer["reductions"])
    ground = set_apart(lower(snapshot, Options.of(answer.get("options") or {}), reduced), asked)
    resolved = resolve(ground, asked)
    network = amend(ground.network, resolved.amendment)
    if verdict == "undecided":
        return Checked((), "an undecided answer: there is nothing to check", vacant=True)
    if verdict == "reachable":
        told = answer.get("witness")
        checked = _reachable(network, resolved, told)
        own = None if checked.holds or not answer.get("assumptions") else own_flow(asked)
        return checked if own is None else _remembered(ground, resolved, own, told)
    return _unreachable(ground, network, asked, resolved, answer)


def _question(answer: Mapping[str, Any]) -> Question:
    text = answer.get("question")
    if not isinstance(text, str):
        raise QuestionError("this is no answer: it has no 'question'")
    asked = parse(
        text,
        one_way=bool(answer.get("one_way")),
        port_at=str(answer.get("port_at") or "source"),
    )
    return replace(
        asked,
        through=tuple(map(str, answer.get("through") or ())),
        avoid=tuple(map(str, answer.get("avoid") or ())),
        assume=tuple(sorted((answer.get("assume") or {}).items())),
        at_source=tuple(sorted((answer.get("at_source") or {}).items())),
        at_destination=tuple(sorted((answer.get("at_destination") or {}).items())),
    )


def _unreachable(
    ground: Ground,
    network: Network,
    asked: Question,
    resolved: Resolved,
    answer: Mapping[str, Any],
) -> Checked:
    """No packet gets through, nor, where that is possible, as the reply to another (R-SG-27)."""
    other = other_end(ground, asked, resolved)
    closed = resolved.amendment.closed
    gaps = [*resolved.gaps, *(other.gaps if other is not None else ()), *openings(ground)]
    gaps = [gap for gap in gaps if gap.resource not in closed]
    if gaps:
        return Checked((f"the snapshot leaves it open: {gaps[0]}",), "")
    direct = _certified(network, resolved, answer.get("certificate"), "the answer")
    if other is None or other.nobody is not None:
        return direct
    amended = amend(ground.network, other.amendment)
    whose = "of flows of the other end's own, which may open the way (R-SG-27), the answer"
    own = _certified(amended, other, answer.get("certificate_of_other_end"), whose)
    words = f"{direct.words}; the same of the other end's own flows: {own.words}"
    return Checked((*direct.wrong, *own.wrong), words)


def _certified(network: Network, resolved: Resolved, told: Any, who: str) -> Checked:
    if told is None:
        return Checked((f"{who} carries no certificate",), "")
    try:
        certificate = Certificate.from_dict(told)
    except CertificateError as error:
        return Checked((str(error),), "")
    return check_certificate(network, resolved.aim, certificate)


def _is_unsettled(resolved: Resolved) -> bool:
    """Whether too little is known of the ends, or of what is to be avoided, for a witness."""
    ends = (resolved.source, resolved.destination)
    return bool(resolved.elsewhere) or any(each.uncertain for each in ends)


def _reachable(network: Network, resolved: Resolved, told: Any) -> Checked:
    if _is_unsettled(resolved):
        return Checked(("the snapshot does not settle what the ends are",), "")
    try:
        packet = header_from(told["packet"])
        forward, reply = _hops(told["forward"]), _hops(told["reply"])
    except (LookupError, TypeError, ValueError) as error:
        return Checked((f"the witness cannot be read: {error!r}",), "")
    wrong = retrace(network, resolved.aim, packet, forward, reply)
    words = f"a packet over {len(forward)} hops"
    words += f" and its reply over {len(reply)}" if reply else ""
    return Checked(wrong, f"{words}: each follows from the one before, and both ends are as asked")


def _remembered(ground: Ground, asked: Resolved, own: Question, told: Any) -> Checked:
    """R-SG-27: a packet that passes as the reply to a flow of the other end's own.

    It is told as the packet that was asked about, and the flow before it as what comes back.
    """
    if _is_unsettled(asked):
        return Checked(("the snapshot does not settle what the ends are",), "")
    resolved = resolve(ground, own)
    network = amend(ground.network, resolved.amendment)
    try:
        packet = header_from(told["packet"])
        passed, before = _hops(told["forward"]), _hops(told["reply"])
    except (LookupError, TypeError, ValueError) as error:
        return Checked((f"the witness cannot be read: {error!r}",), "")
    if not before or not passed or passed[0].before != packet:
        return Checked(("the way there does not begin with the packet",), "")
    if not makes_all(asked.aim.through, [hop.node for hop in passed]):
        return Checked(("it does not take the way that was asked for",), "")
    wrong = retrace(network, resolved.aim, before[0].before, before, passed)
    return Checked(wrong, f"a flow of the other end over {len(before)} hops, and its reply")


def _hops(told: Sequence[Mapping[str, Any]]) -> tuple[Hop, ...]:
    return tuple(
        Hop(
            str(each["node"]),
            header_from(each["header_in"]),
            header_from(each["header_out"]),
            tuple((o["resource"], o["locator"], o["text"]) for o in each["passed"]),
        )
        for each in told
    )
