"""Lambda functions as ends: the interfaces by which a function sends into a VPC.

Functions of one subnet and one set of groups share an interface (lambda/latest/dg/
configuration-vpc, "Hyperplane elastic network interfaces"), so it is found by these two.  A
function opens connections and takes none (R-LAMBDA-1, ``network_interface``); it uses IPv6 only
where that is allowed.  One that is in no VPC sends from an address of AWS that no call shows.

Implements: R-LAMBDA-1 R-ENI-9
Not modelled: what a function in no VPC can reach; who may invoke a function.
"""

from __future__ import annotations

from collections.abc import Mapping

from reach.component import Component, End, Lowering
from reach.interfaces.kinds import worn
from reach.named import Named, is_of_place, standing
from reach.network.address import is_ipv4
from reach.network.header_space import Ranges
from reach.network.stage import Origin
from reach.snapshot.index import private_addresses
from reach.snapshot.record import Id, Part, Record
from reach.snapshot.records import NetworkInterface
from reach.snapshot.section import Section

_TYPE = "lambda"
_IN_FORCE = ("Active", "")


class VpcConfig(Part, frozen=True):
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    vpc_id: str | None = None
    ipv6_allowed_for_dual_stack: bool | None = None


class Function(Record, frozen=True):
    function_arn: Id
    function_name: Id
    version: str = ""
    state: str = ""
    vpc_config: VpcConfig | None = None


def _name(function: Function) -> str:
    """Of a published version with its number."""
    plain = function.version in ("", "$LATEST")
    return function.function_name if plain else f"{function.function_name}:{function.version}"


FUNCTION = Named("lambda:", Function, _name, lambda each: each.function_arn)


def _shared(lowering: Lowering) -> Mapping[tuple[str, frozenset[str]], list[NetworkInterface]]:
    """The interfaces of functions by subnet and groups."""

    def make() -> dict[tuple[str, frozenset[str]], list[NetworkInterface]]:
        found: dict[tuple[str, frozenset[str]], list[NetworkInterface]] = {}
        for interface in lowering.index.interfaces_where(lambda i: i.interface_type == _TYPE):
            groups = worn(interface)
            found.setdefault((interface.subnet_id or "", groups), []).append(interface)
        return found

    return lowering.memo("lambda_function interfaces", make)


def _end(lowering: Lowering, function_id: str) -> End | None:
    function = FUNCTION.find(lowering, function_id)
    if function is None:
        return None
    where = function.vpc_config
    if where is None or not where.subnet_ids:
        return _outside(function_id)
    groups = frozenset(where.security_group_ids)
    found: list[NetworkInterface] = []
    alone = []
    for subnet in where.subnet_ids:
        shared = _shared(lowering).get((subnet, groups), ())
        here = [each for each in shared if is_of_place(lowering, function, each)]
        found += here
        alone += [] if here else [subnet]
    lacking = f"by which interface it sends into {', '.join(alone)}" if alone else ""
    notes = [] if function.state in _IN_FORCE else [f"is {function.state}"]
    own = None if where.ipv6_allowed_for_dual_stack else _four(found)
    return standing(lowering, function_id, found, lacking=lacking, notes=notes, addresses=own)


def _four(interfaces: list[NetworkInterface]) -> Ranges:
    """R-LAMBDA-1: IPv6 only where ``Ipv6AllowedForDualStack`` says so."""
    return Ranges.of(*(a for each in interfaces for a in private_addresses(each) if is_ipv4(a)))


def _outside(function_id: str) -> End:
    takes_none = Origin(function_id, "a function takes no connections", code="NO_PATH")
    words = f"{function_id} is in no VPC: it sends from addresses of AWS, which is not modelled"
    return End(function_id, nobody=takes_none, may_send=(Origin(function_id, words),))


COMPONENT = Component(
    name="lambda_function",
    reads=(Function, NetworkInterface),
    sections=(Section("Functions", Function, "function_arn", "lambda.ListFunctions"),),
    names=FUNCTION.names,
    ends={FUNCTION.prefix: _end},
)
