"""A snapshot that is kept warm while it changes: edits in, differences in reachability out.

    estate = Estate(snapshot)    estate.ask(question)    estate.edit(record) -> Edited

An estate never changes: an edit gives another one, and both share what the edit does not touch.
Composes questions and differences; must not know the engines, rendering or the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reach.answer import Answer
from reach.asking import ask, keep_ground
from reach.changes.edit import with_record, without_record
from reach.comparing.aligned import resident
from reach.comparing.diff import MOST, diff
from reach.comparing.difference import Difference
from reach.comparing.near import warmed
from reach.errors import QuestionError
from reach.options import Options
from reach.snapshot.record import Record
from reach.snapshot.snapshot import Snapshot
from reach.uncollected import uncollected


@dataclass(frozen=True)
class Edited:
    """What came of an edit: the estate after it, and what that changed in reachability."""

    estate: Estate
    difference: Difference


class Estate:
    """A snapshot, lowered once and for all that comes after it.

    ``options`` says how AWS is read, as for :func:`reach.ask`; with ``one_way`` differences leave
    replies out.  Making one lowers all that lies between hosts; that is paid once.  The nodes of
    hosts themselves are made when a flow of an edited rule comes there.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        options: Mapping[str, str] | None = None,
        one_way: bool = False,
    ) -> None:
        self.snapshot = snapshot
        self.one_way = one_way
        self._options = dict(options or {})
        with uncollected(snapshot):
            ground = resident(snapshot, Options.of(self._options))
            if not ground.loners and not ground.serving:
                # Else questions are asked of one where all that there is is in its tables.
                keep_ground(snapshot, ground)
            warmed(ground)

    def ask(self, question: str, **how: Any) -> Answer:
        """The answer of :func:`reach.ask`, about the estate as it is, under its options."""
        return ask(self.snapshot, question, options=self._options, **how)

    def edit(self, *records: Record, without: Iterable[Record] = (), most: int = MOST) -> Edited:
        """The estate with these records in the place of those of the same ids, or beside them, and
        ``without`` others.

        A record of the snapshot is edited with :func:`msgspec.structs.replace`; with another id it
        is a new one.  Raises QuestionError for a record that is of no section of the snapshot, and
        for one to be left out that is not there.
        """
        snapshot = self.snapshot
        for record in without:
            name = snapshot.id_of(record) if record.page.section in snapshot.sections else ""
            if snapshot.get(type(record), name) is None:
                kind = type(record).__name__
                raise QuestionError(f"no {kind} {name or 'of that kind'} is in the snapshot")
            snapshot = without_record(snapshot, name, type(record))
        for record in records:
            if record.page.section not in snapshot.sections:
                kind = type(record).__name__
                raise QuestionError(
                    f"this {kind} does not come from a snapshot: edit one that does, with "
                    "msgspec.structs.replace(record, ...)"
                )
            snapshot = with_record(snapshot, snapshot.id_of(record), record)
        return self.become(snapshot, most=most)

    def become(self, snapshot: Snapshot, *, most: int = MOST) -> Edited:
        """The estate as another snapshot tells it, with the difference that :func:`reach.diff`
        gives of the two.

        Where only rules of security groups, entries of network ACLs or of prefix lists, routes, the
        tables and ACLs of subnets, or peerings, gateways of any kind, lines to on-premises and what
        is attached to a transit gateway or a core network differ (some may be new or gone), or what
        serves: listeners, their rules, targets and their health, attributes and states of load
        balancers, states of endpoints, their services' permissions and connections, accelerators,
        VPC Lattice, policies, rule groups and states of firewalls (:mod:`reach.editable`); or load
        balancers, target groups, endpoints and NAT gateways have come or gone with their
        interfaces, or Elastic IPs; or what groups interfaces wear and which addresses those of
        instances have, private and public, or instances have come or gone with their interfaces, or
        security groups with who wears them, only what is made of them is made again, and only who
        can come by it is looked at; after any other change everything is.
        """
        chosen = Options.of(self._options)
        with uncollected(self.snapshot):
            keep_ground(snapshot, resident(snapshot, chosen))
            found = diff(
                self.snapshot, snapshot, one_way=self.one_way, options=self._options, most=most
            )
            return Edited(Estate(snapshot, options=self._options, one_way=self.one_way), found)
