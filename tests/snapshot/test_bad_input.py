"""Bad input: one clear error with the file and the pointer; never a traceback, never a hang."""

from __future__ import annotations

import gzip
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reach.snapshot.errors import SnapshotError
from reach.snapshot.load import load
from tests.estate import load_files

from .writing import as_bytes, read, subnet, vpc, write


def refusal(value: Any) -> SnapshotError:
    """The error that a file of this content gives."""
    with pytest.raises(SnapshotError) as caught:
        read({"us-east-1/a.json": value})
    assert caught.value.file == "us-east-1/a.json"
    assert str(caught.value).startswith("us-east-1/a.json: ")
    return caught.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"nothing", "not JSON: invalid character at line 1 column"),
        (b'{"Vpcs": [}', "not JSON: invalid character at line 1 column 11"),
        (b'{\n  "Vpcs": [\n    {"VpcId": "a",}\n]}', "at line 3 column 19"),
        (b'{"Vpcs": [', "ends too early, at line 1 column 11"),
        (b'{"Vpcs": []} trailing', "trailing characters at line 1 column"),
        (b'{"Vpcs": []}{"Subnets": []}', "trailing characters at line 1 column"),
        (b'{"X": NaN}', "invalid character at line 1 column 7"),
        (b'{"X": -Infinity}', "not JSON"),
        ('{"é": NaN}'.encode(), "line 1 column 7"),
        (b'{"X": "\xff"}', "not UTF-8 at line 1 column 8"),
        ('{"Vpcs": []}'.encode("utf-16"), "is UTF-16"),
        (gzip.compress(b'{"Vpcs": []}', mtime=0), "is packed (gzip)"),
        (b"PK\x03\x04\x14\x00\xff", "is packed (zip)"),
    ],
)
def test_not_json(text: bytes, words: str) -> None:
    error = refusal(text)
    assert words in error.message
    assert error.pointer is None


@pytest.mark.parametrize(
    ("text", "kind"), [("[]", "array"), ("null", "null"), ('"x"', "str"), ("1", "int")]
)
def test_not_an_object(text: str, kind: str) -> None:
    error = refusal(text)
    assert error.message == f"expected object, got {kind} at the top of the file"
    assert error.pointer == ""


@pytest.mark.parametrize("depth", [2_000, 2_000_000])
def test_absurd_nesting(depth: int) -> None:
    assert "nested too deeply" in refusal(b'{"X": ' + b"[" * depth + b"]" * depth + b"}").message
    deep = b'{"Vpcs": [{"VpcId": "a", "X": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}]}"
    assert "nested too deeply" in refusal(deep).message


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        ({"Vpcs": None}, "/Vpcs", "expected array, got null"),
        ({"Vpcs": {}}, "/Vpcs", "expected array, got object"),
        ({"Vpcs": [None]}, "/Vpcs/0", "expected object, got null"),
        ({"Vpcs": [vpc(), {}]}, "/Vpcs/1", "lacks the field VpcId"),
        ({"Vpcs": [{"VpcId": ""}]}, "/Vpcs/0/VpcId", "length >= 1"),
        ({"Vpcs": [{"VpcId": 7}]}, "/Vpcs/0/VpcId", "expected str, got int"),
        ({"Vpcs": [vpc(Tags=[{"Key": []}])]}, "/Vpcs/0/Tags/0/Key", "expected str, got array"),
        (
            {"Reservations": [{"Instances": [{"InstanceId": "i"}, {"InstanceId": None}]}]},
            "/Reservations/0/Instances/1/InstanceId",
            "expected str, got null",
        ),
        (
            {
                "SecurityGroups": [
                    {"GroupId": "g", "IpPermissions": [{"IpProtocol": "6", "FromPort": 70000}]}
                ]
            },
            "/SecurityGroups/0/IpPermissions/0/FromPort",
            "<= 65535",
        ),
        (
            {
                "SecurityGroups": [
                    {"GroupId": "g", "IpPermissions": [{"IpProtocol": "6", "FromPort": 10**30}]}
                ]
            },
            "/SecurityGroups/0/IpPermissions/0/FromPort",
            "expected",
        ),
        (
            {"NetworkAcls": [{"NetworkAclId": "a", "Entries": [{"RuleAction": "maybe"}]}]},
            "/NetworkAcls/0/Entries/0/RuleAction",
            "maybe",
        ),
        ({"EnableDnsSupport": {"Value": True}}, "", "lacks the field VpcId"),
        (
            {"VpcId": "v", "EnableDnsSupport": {"Value": 1}},
            "/EnableDnsSupport/Value",
            "expected bool",
        ),
    ],
)
def test_wrong_types(value: Any, pointer: str, words: str) -> None:
    error = refusal(value)
    assert error.pointer == pointer
    assert words in error.message
    assert "`" not in error.message


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        ({"Vpcs": [vpc("a"), vpc("b", "10.0.0.5/16")]}, "/Vpcs/1/CidrBlock", "is 10.0.0.0/16"),
        ({"Vpcs": [vpc(cidr="10.0.0.0")]}, "/Vpcs/0/CidrBlock", "written 10.0.0.0/32"),
        ({"Vpcs": [vpc(cidr="10.0.0.0/33")]}, "/Vpcs/0/CidrBlock", "from 0 to 32"),
        ({"Vpcs": [vpc(cidr="10.0.0.0/-1")]}, "/Vpcs/0/CidrBlock", "from 0 to 32"),
        ({"Vpcs": [vpc(cidr="")]}, "/Vpcs/0/CidrBlock", "'' is not"),
        ({"Vpcs": [vpc(cidr="::/0")]}, "/Vpcs/0/CidrBlock", "is IPv6; an IPv4 CIDR is expected"),
        (
            {"Vpcs": [vpc(Ipv6CidrBlockAssociationSet=[
                {"Ipv6CidrBlock": "2001:db8::/56"}, {"Ipv6CidrBlock": "10.0.0.0/8"}])]},
            "/Vpcs/0/Ipv6CidrBlockAssociationSet/1/Ipv6CidrBlock",
            "is IPv4; an IPv6 CIDR is expected",
        ),
        (
            {"NetworkInterfaces": [{"NetworkInterfaceId": "e", "PrivateIpAddresses": [
                {"PrivateIpAddress": "10.0.0.1"}, {"PrivateIpAddress": "10.0.0.256"}]}]},
            "/NetworkInterfaces/0/PrivateIpAddresses/1/PrivateIpAddress",
            "'10.0.0.256' is not an IP address",
        ),
        (
            {"NetworkInterfaces": [{"NetworkInterfaceId": "e", "PrivateIpAddresses": [
                {"PrivateIpAddress": "10.0.0.1", "Association": {"PublicIp": "1.2.3.4/32"}}]}]},
            "/NetworkInterfaces/0/PrivateIpAddresses/0/Association/PublicIp",
            "'1.2.3.4/32' is not an IP address",
        ),
        (
            {"PrefixLists": [{"PrefixListId": "p", "Cidrs": ["10.0.0.0/8", "2001:db8::1/32"]}]},
            "/PrefixLists/0/Cidrs/1",
            "the network is 2001:db8::/32",
        ),
        (
            {"SecurityGroups": [{"GroupId": "g", "IpPermissionsEgress": [
                {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::1/0"}]}]}]},
            "/SecurityGroups/0/IpPermissionsEgress/0/Ipv6Ranges/0/CidrIpv6",
            "the network is ::/0",
        ),
        (
            {"Reservations": [{"Instances": [{"InstanceId": "i", "PublicIpAddress": "01.2.3.4"}]}]},
            "/Reservations/0/Instances/0/PublicIpAddress",
            "'01.2.3.4' is not an IP address",
        ),
    ],
)  # fmt: skip
def test_malformed_addresses(value: Any, pointer: str, words: str) -> None:
    error = refusal(value)
    assert error.pointer == pointer
    assert words in error.message


@pytest.mark.parametrize("text", ["all", "", "tcp ", "256", "-2", "0x6"])
def test_what_is_no_protocol(text: str) -> None:
    """R-SG-7, R-NACL-5: a name or a number, or -1 for all; said where it stands."""
    words = f"{text!r} is not a protocol: a number 0-255, tcp, udp, icmp, icmpv6, or -1 for all"
    rule = {"GroupId": "g", "IpPermissions": [{"IpProtocol": "-1"}, {"IpProtocol": text}]}
    error = refusal({"SecurityGroups": [rule]})
    assert error.pointer == "/SecurityGroups/0/IpPermissions/1/IpProtocol"
    assert error.message == words
    entry = {"RuleNumber": 100, "RuleAction": "deny", "Egress": True, "Protocol": text}
    error = refusal({"NetworkAcls": [{"NetworkAclId": "a", "Entries": [entry]}]})
    assert error.pointer == "/NetworkAcls/0/Entries/0/Protocol"
    assert error.message == words


@pytest.mark.parametrize("text", ["-1", "tcp", "TCP", "6", "47", "255", "icmpv6", "0"])
def test_what_is_a_protocol(text: str) -> None:
    rule = {"GroupId": "g", "IpPermissionsEgress": [{"IpProtocol": text}]}
    read({"us-east-1/a.json": {"SecurityGroups": [rule]}})


def test_one_id_with_two_meanings_names_both_places() -> None:
    with pytest.raises(SnapshotError) as caught:
        read({"a.json": {"Vpcs": [vpc()]}, "b.json": {"Vpcs": [vpc("x"), vpc(cidr="10.1.0.0/16")]}})
    assert (caught.value.file, caught.value.pointer) == ("b.json", "/Vpcs/1")
    assert "a.json: /Vpcs/0" in str(caught.value)
    assert "(CidrBlock)" in str(caught.value)


def test_parts_that_contradict_each_other_are_two_meanings() -> None:
    error = refusal(
        {"PrefixLists": [{"PrefixListId": "p", "State": "a"}, {"PrefixListId": "p", "State": "b"}]}
    )
    assert error.pointer == "/PrefixLists/1"


def test_a_key_that_stands_twice_loses_nothing() -> None:
    """JSON would keep the last; a key of that name further inside is no repetition."""
    error = refusal(b'{"Vpcs": [{"VpcId": "a"}], "Vpcs": []}')
    assert error.pointer == "/Vpcs"
    read({"a.json": b'{"Vpcs": [], "Other": [{"Vpcs": ' + b"9" * 5000 + b"}]}"})


# Files


def test_no_such_path(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="No such file") as caught:
        load(tmp_path / "nowhere")
    assert caught.value.file == str(tmp_path / "nowhere")
    with pytest.raises(SnapshotError, match="no path"):
        load("")
    with pytest.raises(SnapshotError, match="cannot be read"):
        load("a\0b")


def test_a_folder_without_json(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"holds no \*\.json file"):
        load(write(tmp_path, {"README.md": "x", ".hidden.json": "{}"}))


def test_a_named_pipe_is_never_opened(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": {"Vpcs": []}})
    os.mkfifo(tmp_path / "b.json")
    with pytest.raises(SnapshotError, match="is a named pipe") as caught:
        load(tmp_path)
    assert caught.value.file == "b.json"
    with pytest.raises(SnapshotError, match="is a named pipe"):
        load(tmp_path / "b.json")


def test_sockets_and_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("b.json")
        with pytest.raises(SnapshotError, match=r"b\.json: is a socket"):
            load(tmp_path)
    with pytest.raises(SnapshotError, match="/dev/null: is a device"):
        load("/dev/null")


def test_a_link_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"secret.json": {"Vpcs": []}, "in/a.json": {"Vpcs": []}})
    link = tmp_path / "in" / "b.json"
    for target in ("../secret.json", str(tmp_path / "secret.json"), "/dev/zero"):
        link.symlink_to(target)
        with pytest.raises(SnapshotError, match="leads out of") as caught:
            load(tmp_path / "in")
        assert caught.value.file == "b.json"
        link.unlink()


def test_a_linked_folder_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"other/b.json": {}, "in/a.json": {"Vpcs": []}})
    (tmp_path / "in" / "us-east-1").symlink_to("../other")
    with pytest.raises(SnapshotError, match="us-east-1: is a link that leads out"):
        load(tmp_path / "in")


def test_links_inside_the_folder(tmp_path: Path) -> None:
    """A linked file is read; a linked folder is not walked twice, nor round and round."""
    write(tmp_path, {"us-east-1/a.json": {"Vpcs": [vpc()]}})
    (tmp_path / "us-west-1").mkdir()
    (tmp_path / "us-west-1" / "a.json").symlink_to("../us-east-1/a.json")
    (tmp_path / "us-east-1" / "round").symlink_to("..")
    snapshot = load(tmp_path)
    assert snapshot.files == ("us-east-1/a.json", "us-west-1/a.json")
    assert [(each.severity, each.file) for each in snapshot.diagnostics] == [
        ("note", "us-east-1/round")
    ]


@pytest.mark.parametrize("target", ["gone.json", "b.json"])
def test_a_link_to_nothing_or_to_itself(tmp_path: Path, target: str) -> None:
    (write(tmp_path, {"a.json": {"Vpcs": []}}) / "b.json").symlink_to(target)
    with pytest.raises(SnapshotError, match=r"b\.json: cannot be read"):
        load(tmp_path)


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    assert load(write(tmp_path, {"a.json/b.json": {"Vpcs": []}})).files == ("a.json/b.json",)


def test_a_link_given_as_the_path_is_what_was_asked_for(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.json": {"Vpcs": []}})
    (tmp_path / "link").symlink_to("real")
    assert load(tmp_path / "link").files == ("a.json",)


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write(tmp_path, {"us-east-1/a.json": {"Vpcs": []}})
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(
        SnapshotError, match=r"us-east-1/a\.json: cannot be read: Permission denied"
    ):
        load(tmp_path)


def test_names_of_any_bytes_can_be_printed(tmp_path: Path) -> None:
    for name in (b"\xff.json", b"\xfe.json"):
        with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
            file.write('{"Vpcs": []}')
    assert load(tmp_path).files == ("\\xfe.json", "\\xff.json")


# Whatever else


def blamed(value: Any) -> str | None:
    """The file that the error names, if there is one."""
    try:
        read({"a.json": value})
    except SnapshotError as error:
        return error.file
    return None


SAMPLE = as_bytes(
    {
        "Vpcs": [vpc(Tags=[{"Key": "Name", "Value": "é"}])],
        "Subnets": [subnet()],
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": "eni-1",
                "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.4"}],
            }
        ],
        "NextToken": "x",
    }
)


@settings(derandomize=True, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 4), st.binary(max_size=4))
def test_damage_is_an_error_or_a_snapshot(place: int, lost: int, instead: bytes) -> None:
    assert blamed(SAMPLE[:place] + instead + SAMPLE[place + lost :]) in (None, "a.json")


@settings(derandomize=True, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["Vpcs", "VpcId", "Tags", "Key", "Entries", "Reservations", "Instances",
                         "PrefixLists", "Cidrs", "EnableDnsSupport", "NextToken"]),
        inner,
        max_size=3,
    ),
    max_leaves=12,
))  # fmt: skip
def test_any_json_is_an_error_or_a_snapshot(value: Any) -> None:
    assert blamed(value) in (None, "a.json")


@pytest.mark.parametrize("odd", ["10.0.0.0/8", "subnet 1", "subnet-1\n", "/"])
@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        ({"Subnets": [{"SubnetId": "?"}]}, "/Subnets/0/SubnetId"),
        ({"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "SubnetId": "?"}]}, "SubnetId"),
        (
            {"RouteTables": [{"RouteTableId": "a", "Associations": [{"SubnetId": "?"}]}]},
            "/RouteTables/0/Associations/0/SubnetId",
        ),
        (
            {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "SubnetIds": ["subnet-1", "?"]}]},
            "/VpcEndpoints/0/SubnetIds/1",
        ),
        ({"Reservations": [{"Instances": [{"InstanceId": "?"}]}]}, "Instances/0/InstanceId"),
    ],
)
def test_an_id_with_a_slash_or_a_space(odd: str, answer: dict[str, Any], pointer: str) -> None:
    """Nodes are named by ids: a block where an id belongs was a defect when it was asked about."""
    told = json.loads(json.dumps(answer).replace("?", json.dumps(odd)[1:-1]))
    error = refusal(told)
    assert (error.pointer or "").endswith(pointer)
    assert error.message == f"{odd!r} is no id: it has a slash or a space in it"


def test_an_arn_has_no_space() -> None:
    listener = {"ListenerArn": "arn:aws:a b", "Protocol": "TCP", "Port": 80}
    told = {"LoadBalancerListeners": [{"LoadBalancerArn": "arn:aws:x", "Listeners": [listener]}]}
    with pytest.raises(SnapshotError) as caught:
        load_files({"a.json": json.dumps(told)})
    assert caught.value.pointer == "/LoadBalancerListeners/0/Listeners/0/ListenerArn"
    with pytest.raises(SnapshotError, match="'front' is no ARN"):
        load_files({"a.json": json.dumps({"LoadBalancers": [{"LoadBalancerArn": "front"}]})})


def test_an_arn_may_stand_for_an_id() -> None:
    """What a Cloud WAN, an accelerator or a target group names, it may name by its ARN."""
    arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/a/1"
    health = {"TargetGroupArn": "arn:aws:x", "TargetHealthDescriptions": [{"Target": {"Id": arn}}]}
    attached = {"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1"}
    load_files({"a.json": json.dumps({"LoadBalancerTargetHealth": [health]})})
    told = {"TransitGatewayAttachments": [{**attached, "ResourceId": arn}]}
    load_files({"a.json": json.dumps(told)})


@pytest.mark.parametrize(
    ("answer", "pointer", "words"),
    [
        (
            {"NetworkAcls": [{"NetworkAclId": "a", "Associations": [{}]}]},
            "/NetworkAcls/0/Associations/0",
            "SubnetId",
        ),
        (
            {"RouteTables": [{"RouteTableId": "a", "Routes": [{"GatewayId": "local"}]}]},
            "/RouteTables/0/Routes/0",
            "lacks DestinationCidrBlock, DestinationIpv6CidrBlock or DestinationPrefixListId",
        ),
        (
            {
                "SecurityGroups": [
                    {"GroupId": "a", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22}]}
                ]
            },
            "/SecurityGroups/0/IpPermissions/0",
            "has one of FromPort and ToPort",
        ),
        (
            {
                "SecurityGroups": [
                    {
                        "GroupId": "a",
                        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{}]}],
                    }
                ]
            },
            "/SecurityGroups/0/IpPermissionsEgress/0/IpRanges/0",
            "CidrIp",
        ),
        (
            {
                "NetworkAcls": [
                    {
                        "NetworkAclId": "a",
                        "Entries": [
                            {
                                "RuleNumber": 1,
                                "RuleAction": "deny",
                                "Egress": True,
                                "Protocol": "-1",
                            }
                        ],
                    }
                ]
            },
            "/NetworkAcls/0/Entries/0",
            "lacks CidrBlock or Ipv6CidrBlock",
        ),
        (
            {
                "NetworkAcls": [
                    {
                        "NetworkAclId": "a",
                        "Entries": [
                            {
                                "RuleNumber": 1,
                                "RuleAction": "deny",
                                "Egress": True,
                                "Protocol": "6",
                                "CidrBlock": "0.0.0.0/0",
                                "PortRange": {"To": 22},
                            }
                        ],
                    }
                ]
            },
            "/NetworkAcls/0/Entries/0/PortRange",
            "From",
        ),
    ],
)
def test_what_says_nothing_without_a_field(
    answer: dict[str, Any], pointer: str, words: str
) -> None:
    """AWS prints it always; without it the object would be passed over, or mean everything."""
    error = refusal(answer)
    assert error.pointer == pointer
    assert words in error.message
