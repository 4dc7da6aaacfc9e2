"""Text for people: the verdict first, then its evidence, then what it rests on.

Takes an answer; gives lines that a network engineer can read without having seen the program
before.  A hop shows what it is and the rules that let the packet pass there; hops that neither
decide nor change anything are left out.  Sees answers and origins only: must not know any AWS
component, nor where the text goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reach.answer import Answer, Explanation, Remark, Step, Verdict, header_words
from reach.network.field import Header
from reach.network.stage import Origin
from reach.render.paper import Paper, Span

_STYLES = {
    Verdict.REACHABLE: "good",
    Verdict.UNREACHABLE: "bad",
    Verdict.UNDECIDED: "open",
}
_MOST_PACKETS = 3
_TIPS = {
    "open": "What is missing could only open the way.",
    "close": "What is missing could only close the way that there seems to be.",
}
_SPELT = {"db": "DB", "ecs": "ECS", "eks": "EKS", "nat": "NAT", "vpc": "VPC", "vpn": "VPN"}
_LEVEL = 5  # where what belongs to a hop or a blocker begins


def render(answer: Answer, *, colour: bool, width: int) -> str:
    """The whole answer."""
    paper = Paper(colour=colour, width=width)
    _head(paper, answer)
    if answer.verdict is Verdict.UNREACHABLE:
        _blockers(paper, answer)
    if answer.verdict is Verdict.UNDECIDED:
        _doubts(paper, answer)
    _ends(paper, answer)
    _paths(paper, answer)
    _proposals(paper, answer)
    put_remarks(paper, "Assumed", answer.assumptions)
    put_remarks(paper, "Notes", answer.notes)
    return paper.text


def _proposals(paper: Paper, answer: Answer) -> None:
    """What could be changed; loaded only where somebody asked for it."""
    if answer.fix is None and answer.cut is None:
        return
    from reach.render.proposals import proposal

    if answer.fix is not None:
        proposal(paper, "Fix: the smallest change that would make it reachable", answer.fix)
    if answer.cut is not None:
        proposal(
            paper, "Cut: the fewest rules to remove that would make it unreachable", answer.cut
        )


def _head(paper: Paper, answer: Answer) -> None:
    verdict = answer.verdict.upper()
    paper.put((verdict, _STYLES[answer.verdict]), f"  {answer.question}", hang=len(verdict) + 2)
    paper.blank()
    facts = [("from", answer.source), ("to", answer.destination)]
    if answer.witness is not None:
        facts.append(("packet", header_words(answer.witness.packet)))
        facts += [("any of", str(space)) for space in answer.witness.packets[:_MOST_PACKETS]]
    facts.append(("reply", _reply_words(answer)))
    for label, words in facts:
        paper.put((f"{label:<8}", "dim"), words, indent=2, hang=10)


def _reply_words(answer: Answer) -> str:
    if answer.one_way:
        return "not asked for"
    if answer.verdict is not Verdict.REACHABLE:
        return "has to get back as well"
    return "gets back" if answer.witness is None or answer.witness.reply else "none is sent"


# ------------------------------------------------------------------------------- paths


@dataclass(frozen=True)
class _Block:
    """Steps in a row at one resource, as one."""

    step: Step
    passed: tuple[Origin, ...]
    denied: tuple[Origin, ...] = ()

    @property
    def is_plumbing(self) -> bool:
        return not self.passed and not self.changes and not self.denied

    @property
    def changes(self) -> bool:
        return _wire(self.step.before) != _wire(self.step.after)


def _wire(header: Header) -> Header:
    return header._replace(identity=0)


def _paths(paper: Paper, answer: Answer) -> None:
    if answer.paths:
        _all_paths(paper, answer)
    elif answer.witness is not None:
        arrives = answer.verdict is Verdict.REACHABLE
        far = "" if arrives else ", as far as it is known"
        _path(paper, f"Path of the packet{far}", answer.witness.forward, arrives)
        _path(paper, f"Path of the reply{far}", answer.witness.reply, arrives)
    if answer.blocked_path is not None:
        _path(paper, "The path, were it not for these", answer.blocked_path.forward)
        _path(paper, "The path of the reply, were it not for these", answer.blocked_path.reply)
    _other_ways(paper, answer)


def _ends(paper: Paper, answer: Answer) -> None:
    """Everybody who gets through, a line each, those of one path together."""
    for listed in answer.ends:
        who = "Who gets through" if listed.side == "source" else "What is reached"
        paper.title(who)
        for group in listed.groups:
            rows = [(e.resource, ", ".join(e.addresses), e.name) for e in group.members]
            paper.table(rows or [("others", header_words(group.packet), "")])
        words = "nobody else, proved" if listed.complete else "and perhaps others"
        paper.put((words, "dim"), indent=2)


def _all_paths(paper: Paper, answer: Answer) -> None:
    for number, path in enumerate(answer.paths, start=1):
        _path(paper, f"Path {number}, {header_words(path.packet)}", path.forward, arrives=True)
        _path(paper, f"Path {number}, its reply", path.reply, arrives=True)
    if answer.exhausted:
        count = len(answer.paths)
        words = (
            "This is the only path there is."
            if count == 1
            else (f"These {count} are all the paths there are.")
        )
        paper.blank()
        paper.put(words, indent=2)


def _other_ways(paper: Paper, answer: Answer) -> None:
    """Further ways and what blocks each, without their hops."""
    for number, way in enumerate(answer.blocked, start=2):
        paper.title(f"Way {number}, blocked by")
        _each_blocker(paper, way.explanations)
    if answer.exhausted and answer.blocked:
        paper.blank()
        paper.put(f"These {len(answer.blocked) + 1} ways are all there are.", indent=2)


def _path(paper: Paper, title: str, steps: Sequence[Step], arrives: bool = False) -> None:
    if not steps:
        return
    paper.title(title)
    for number, block in enumerate(_blocks(steps), start=1):
        _hop(paper, number, block)
        if number == 1 and block.is_plumbing:
            paper.put("starts", indent=_LEVEL)
    if arrives:
        paper.put("arrives", indent=_LEVEL)


def _blocks(steps: Sequence[Step]) -> list[_Block]:
    """The steps worth showing: the two ends, and those that decide or change something."""
    joined: list[_Block] = []
    for step in steps:
        passed = tuple(origin for origin in step.passed if origin.words or origin.locator)
        last = joined[-1] if joined else None
        if last is not None and last.step.resource == step.resource:
            whole = replace(last.step, after=step.after, name=last.step.name or step.name)
            joined[-1] = _Block(whole, last.passed + passed, last.denied + step.denied)
        else:
            joined.append(_Block(step, passed, step.denied))
    ends = (0, len(joined) - 1)
    return [b for at, b in enumerate(joined) if at in ends or not b.is_plumbing]


def _hop(paper: Paper, number: int, block: _Block) -> None:
    step = block.step
    kind = step.kind.replace("_", " ")
    spans: list[Span | str] = [(f"{number:>2}", "dim"), " ", *_who(step.resource, step.name)]
    # "subnet-0abc" says itself what it is, "igw-0abc" does not.
    if kind and not step.resource.startswith(kind):
        spelt = " ".join(_SPELT.get(word, word) for word in kind.split())
        spans += ["  ", (spelt, "dim")]
    paper.put(*spans, indent=1, hang=_LEVEL)
    for origin in dict.fromkeys(block.passed):
        paper.put(*_origin(origin, step.resource), indent=_LEVEL, hang=_LEVEL + 2)
    for origin in dict.fromkeys(block.denied):
        spans = _origin(origin, step.resource)
        paper.put(("blocked ", "bad"), *spans, indent=_LEVEL, hang=_LEVEL + 2)
    if block.changes:
        paper.put((f"now {header_words(step.after)}", "change"), indent=_LEVEL, hang=_LEVEL + 4)


def _short(resource: str) -> str:
    """An ARN without what it shares with its neighbours: the service, the Region, the account."""
    parts = resource.split(":", 5)
    return parts[5] if len(parts) == 6 and parts[0] == "arn" else resource


def _who(resource: str, name: str) -> tuple[Span | str, ...]:
    if not name or name == resource or resource.endswith(f"/{name}"):
        return ((resource, "id"),)
    return ((resource, "id"), f" ({name})")


def _origin(origin: Origin, at: str) -> list[Span | str]:
    """An origin in one line; who it is goes without saying at a hop of its own."""
    spans: list[Span | str] = []
    if origin.resource and origin.resource != at:
        spans += _who(_short(origin.resource), origin.name)
    # "inbound rule tcp 22": "allows inbound tcp 22" says it once.
    if origin.locator and origin.locator.replace(" rule ", " ") not in origin.words:
        spans += [" ", (origin.locator, "bold")] if spans else [(origin.locator, "bold")]
    if origin.words:
        spans += [": ", origin.words] if spans else [origin.words]
    return spans


# ------------------------------------------------------------------------------- blockers, doubts


def _blockers(paper: Paper, answer: Answer) -> None:
    if answer.explanations:
        paper.title("Blocked by")
    _each_blocker(paper, answer.explanations)
    if answer.reason:
        paper.blank()
        paper.put(answer.reason, indent=2)


def _each_blocker(paper: Paper, blockers: Iterable[Explanation]) -> None:
    """Each once: what stops the packet and its reply alike is one thing to mend.

    What bears on a blocker stands under it, without a number.
    """
    alike: dict[tuple[str, ...], list[Explanation]] = {}
    beside: dict[tuple[str, ...], list[Explanation]] = {}
    key: tuple[str, ...] = ()
    for each in blockers:
        if each.aside:
            beside.setdefault(key, []).append(each)
        else:
            key = (each.code, each.resource, each.locator, each.text)
            alike.setdefault(key, []).append(each)
    for number, (key, same) in enumerate(alike.items(), start=1):
        _blocker(paper, number, same)
        for told in beside.get(key, ()):
            _aside(paper, told)


def _aside(paper: Paper, told: Explanation) -> None:
    who = _who(told.resource or told.code, told.name)
    paper.put(*who, "  ", (told.code, "open"), ": ", told.text, indent=_LEVEL, hang=_LEVEL + 2)


def _blocker(paper: Paper, number: int, same: Sequence[Explanation]) -> None:
    blocker = same[0]
    spans: list[Span | str] = [(f"{number:>2}", "dim"), " "]
    spans += _who(blocker.resource or blocker.code, blocker.name)
    if blocker.locator:
        spans += [" ", (blocker.locator, "bold")]
    if blocker.resource:
        spans += ["  ", (blocker.code, "bad")]
    paper.put(*spans, indent=1, hang=_LEVEL)
    paper.put(blocker.text, indent=_LEVEL, hang=_LEVEL + 2)
    for each in same:
        if each.packet is not None:
            where = "on the way there" if each.direction == "forward" else "on the way back"
            words = f"{where}, {header_words(each.packet)}"
            paper.put((words, "dim"), indent=_LEVEL, hang=_LEVEL + 2)


def _doubts(paper: Paper, answer: Answer) -> None:
    if answer.reason:
        paper.title("Why")
        paper.put(answer.reason, indent=2)
    if answer.tips:
        paper.put(_TIPS[answer.tips], indent=2)
    # A reason that quotes its gaps is enough.
    said = [gap.text in answer.reason and gap.resource in answer.reason for gap in answer.gaps]
    if not all(said):
        put_remarks(paper, "Not known", answer.gaps)
    calls = dict.fromkeys(gap.collect for gap in answer.gaps if gap.collect)
    if calls:
        paper.title("To decide it, save what this prints")
    for call in calls:
        paper.put("- ", (call, "bold"), indent=2, hang=4)


def put_remarks(paper: Paper, title: str, remarks: Iterable[Remark]) -> None:
    """Each once, under a title that need not be said again."""
    shown = list(dict.fromkeys(remarks))
    if shown:
        paper.title(title)
    for remark in shown:
        about = _short(remark.resource)
        who: tuple[Span | str, ...] = ((about, "id"), ": ") if about else ()
        text = remark.text.removeprefix(f"{title.lower()}: ")
        paper.put("- ", *who, text, indent=2, hang=4)
