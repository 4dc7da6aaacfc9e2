"""What is proposed of hosts that wear their subnet's groups, proposed of hosts as they are.

    refined = Refined(by_subnet, exact, proposals)
    refined.likely(pair), refined.of(pair) -> (service, candidates), ...
    refined.beyond(pair)  refined.delivered(pair) -> candidates     refined.senders -> Senders

A class of hosts that wear the groups of their subnet is classes of hosts as they are, at either
end; so what is proposed of two of those is proposed of every two of these.  Likely are some that
the groups at both ends seem to let pass: a packet of one of them mostly shows it, and the others
are never made.  Must not know how anything is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice

from reach.lower import Ground
from reach.network.header_space import ANYTHING, HeaderSpace
from reach.network.node import Node
from reach.network.stage import Action, Filter, Origin, Rule
from reach.survey.candidates import Candidate, Pair
from reach.survey.lots import Lots, LotSenders
from reach.survey.proposals import Proposals
from reach.survey.senders import Sender, Senders

_ANY = Rule(ANYTHING, Action.PERMIT, Origin("", ""))
# Of a proposal so many senders are looked at for each end, and so many pairs tried, before all are.
_LOOKED_AT, _TRIED = 1000, 3


class Refined:
    """``by_subnet`` is the network of which all was proposed, ``exact`` that of hosts as they are.

    ``senders`` are numbered alike, whatever was looked at before.
    """

    def __init__(self, by_subnet: Ground, exact: Ground, proposed: Proposals) -> None:
        self._network = exact.network
        self._proposed = proposed
        self._lots = Lots(by_subnet, exact)
        self._each = LotSenders(self._lots, exact.network, proposed.senders)
        self.senders = Senders(self._each)

    @property
    def pairs(self) -> Sequence[Pair]:
        return self._proposed.pairs

    def likely(self, pair: Pair) -> Iterator[tuple[HeaderSpace, Iterator[Candidate]]]:
        """By service what is likely to be shown of a pair."""
        for service, some in self._proposed.of(pair):
            yield service, (one for each in some for one in islice(self._likely(each), _TRIED))

    def of(self, pair: Pair) -> Iterator[tuple[HeaderSpace, Iterator[Candidate]]]:
        """By service all that is proposed of a pair."""
        for service, some in self._proposed.of(pair):
            yield service, (one for each in some for one in self._ends(self._of_all(each)))

    def beyond(self, pair: Pair) -> Iterator[Candidate]:
        """What gets as far as something unknown on its way."""
        return map(self._of_all, self._proposed.beyond(pair))

    def delivered(self, pair: Pair) -> Iterator[Candidate]:
        """What is delivered to each, of all who send: by their addresses alone, as they are not
        made for it."""
        senders = self._proposed.senders
        for each in self._proposed.delivered(pair):
            if each.from_own and not each.senders & self._anywhere:
                own = HeaderSpace.where(source=senders.addresses(each.senders))
                each = replace(each, space=each.space & own)
            yield from self._ends(replace(each, senders=0, from_own=False))

    def begins(self, known: Mapping[str, Sequence[str]], owner: str) -> Sequence[str]:
        """Where replies of an owner begin; it is known of hosts of a subnet as one."""
        return self._lots.begins(known, owner)

    @cached_property
    def _anywhere(self) -> int:
        """Those whose addresses are told by what they send."""
        each = enumerate(self._proposed.senders.each)
        return sum(1 << number for number, sender in each if sender.own is None)

    def _of_all(self, candidate: Candidate) -> Candidate:
        """The same of all who send."""
        space = candidate.space.without("identity")  # they are numbered otherwise
        return replace(candidate, space=space, senders=self._each.bits(candidate.senders))

    def _ends(self, candidate: Candidate) -> Iterator[Candidate]:
        """The same of each who gets it."""
        if candidate.node or not candidate.owner:
            yield candidate
            return
        for lot in self._lots.of(candidate.owner):
            space = candidate.space & HeaderSpace.where(destination=lot.own)
            if not space.is_empty:
                yield replace(candidate, owner=lot.owner, space=space)

    # ---------------------------------------------------------------- what is tried first

    def _likely(self, candidate: Candidate) -> Iterator[Candidate]:
        """Of each who gets it one who sends, whose groups both seem to let it pass."""
        whole = replace(candidate, space=candidate.space.without("identity"))
        for end in self._ends(whole):
            for rule in self._permitting(end):
                meant = (n for n in self._meant(candidate.senders, rule) if self._sends(n, end))
                number = next(meant, None)
                if number is not None:
                    yield replace(end, senders=1 << number)
                    break

    def _meant(self, crowds: int, rule: Rule) -> Iterator[int]:
        """Whom of some senders a rule may mean, by their groups and by their addresses."""
        sources, identities = (rule.match.by_name.get(name) for name in ("source", "identity"))
        senders, each = self._proposed.senders, self._each
        if sources is not None:
            crowds &= senders.may_send_from(sources) | self._anywhere
        known = ((each.numbers(c), each.identities(c)) for c in senders.numbers(crowds))
        numbered = (one for some in known for one in zip(*some, strict=True))
        for number, identity in islice(numbered, _LOOKED_AT):
            if identities is not None and identity is not None and identity not in identities:
                continue
            if sources is None or (own := each.lot(number).own) is None or own.overlaps(sources):
                yield number

    def _permitting(self, end: Candidate) -> Sequence[Rule]:
        """By which rules who gets it seems to let it pass."""
        if end.node:
            return _permitting(self._network.node(end.node), end.space)
        if self._lots.is_of_hosts(end.owner):
            return _permitting(self._network.node(f"{end.owner}/admit"), end.space)
        return (_ANY,)

    def _sends(self, number: int, end: Candidate) -> bool:
        sender: Sender = self._each[number]
        return bool(sender.starts) and bool(_permitting(self._network.node(sender.node), end.space))


def _permitting(node: Node, space: HeaderSpace) -> Sequence[Rule]:
    """The rules by which the strictest filter of a node lets any of some packets pass, whoever
    sends them; nothing if it does not."""
    told = space.without("source").without("identity")
    found: Sequence[Rule] = (_ANY,)
    for stage in node.stages:
        if isinstance(stage, Filter):
            rules = (*stage.rules, stage.otherwise)
            met = [r for r in rules if r.action is not Action.DENY and r.match.overlaps(told)]
            if not met:
                return ()
            found = met if stage.session else found
    return found
