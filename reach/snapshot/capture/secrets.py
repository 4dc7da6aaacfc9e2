"""What of an answer never reaches the disk, and the rest as plain JSON values.

    clean(shape, answer) -> the answer without secrets; times and bytes as text

Takes botocore's description of an answer.  A member is left out if botocore marks it sensitive, if
its name is in ``LEFT_OUT``, or if its name sounds like a secret's and is not in ``HARMLESS``: what
nobody has looked at yet is left out as well.  Must not know what a call is for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Secrets that botocore does not mark as such, and what may hold any secret.
LEFT_OUT: Mapping[str, str] = {
    # directconnect/latest/APIReference/API_BGPPeer: the key of the BGP session.
    "authKey": "the MD5 key of a BGP session",
    "customerRouterConfig": "a router's configuration, with the BGP key in it",
    "CustomerGatewayConfiguration": "a router's configuration, with pre-shared keys in it",
    "PreSharedKey": "the pre-shared key of a VPN tunnel",
    "UserData": "what an instance runs at its start",
    "Environment": "environment variables",
    "environment": "environment variables",
    "environmentFiles": "where environment variables stand",
    "ImageConfigResponse": "the command line of a function's container",
    "command": "the command line of a container",
    # elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig
    "ClientSecret": "the secret of an OpenID Connect client",
    "AuthenticationRequestExtraParams": "what is sent along with a login",
    "MasterUserPassword": "the password of a database",
}

# Names that sound like a secret's and are none.
HARMLESS: Mapping[str, str] = {
    **dict.fromkeys(("key", "Key"), "the name of a tag, an attribute or a query parameter"),
    **dict.fromkeys(("KeyName", "KeyId", "kmsKeyId", "KmsKeyId", "keyArn"), "names a key"),
    **dict.fromkeys(("KMSKeyArn", "ActivityStreamKmsKeyId"), "names a key"),
    "PerformanceInsightsKMSKeyId": "names a key",
    "PublicSigningKeyUrl": "where a public key is",
    "Keyword": "a keyword of a firewall rule",
    **dict.fromkeys(("SecretArn", "AuthSecretArn", "PreSharedKeyArn"), "names a secret"),
    **dict.fromkeys(("SecretStatus", "AuthTokenStatus"), "a state"),
    "TdeCredentialArn": "names a credential",
    **dict.fromkeys(("CertificateArn", "certificateArn"), "names a certificate"),
    **dict.fromkeys(("ServerCertificateArn", "ClientRootCertificateChain"), "names a certificate"),
    **dict.fromkeys(("SSLCertificateId", "CACertificateIdentifier"), "names a certificate"),
    "HttpTokens": "whether the metadata service wants tokens",
    **dict.fromkeys(("ClientToken", "clientRequestToken"), "makes a request idempotent"),
    **dict.fromkeys(("UpdateToken", "SourceUpdateToken"), "the version of a configuration"),
    **dict.fromkeys(("NextToken", "nextToken"), "where the next page begins"),
    **dict.fromkeys(("TokenEndpoint", "AuthorizationEndpoint"), "a public address"),
    **dict.fromkeys(("authenticationMode", "authType"), "how clients are known"),
    **dict.fromkeys(("AuthScheme", "DefaultAuthScheme", "IAMAuth"), "how clients are known"),
    "ClientPasswordAuthType": "how clients are known",
    "OnUnauthenticatedRequest": "what happens to strangers",
    "AuthorizationRules": "who may reach what",
}

SOUNDS_SECRET = re.compile(
    r"pass(word|wd|phrase)|secret|key|token|credential|environ|user.?data|auth|command|(?<!de)script"
    r"|private.?key|certificate|psk|router.?config|gateway.?config",
    re.IGNORECASE,
)
# What cannot hold a secret's text.
_NO_TEXT = frozenset({"structure", "boolean", "integer", "long", "float", "double", "timestamp"})
_DROPPED = object()


def clean(shape: Any, value: Any) -> Any:
    """A value of that shape without secrets."""
    kept = _clean(shape, value)
    return None if kept is _DROPPED else kept


def is_left_out(name: str, shape: Any) -> bool:
    """Whether a member of that name and shape never reaches the disk."""
    if name in LEFT_OUT or is_marked(shape):
        return True
    if name in HARMLESS or not holds_text(shape):
        return False
    return SOUNDS_SECRET.search(name) is not None


def is_marked(shape: Any) -> bool:
    """Whether botocore marks it sensitive, or what a map is made of."""
    marked = bool(shape.metadata.get("sensitive"))
    if shape.type_name == "map":
        return marked or is_marked(shape.key) or is_marked(shape.value)
    return marked


def holds_text(shape: Any) -> bool:
    """Whether a value of the shape is text, or a list or map of it."""
    if shape.type_name == "list":
        return holds_text(shape.member)
    if shape.type_name == "map":
        return holds_text(shape.value)
    return shape.type_name not in _NO_TEXT


def _clean(shape: Any, value: Any) -> Any:
    if value is None or is_marked(shape):
        return _DROPPED
    match shape.type_name:
        case "structure":
            return _structure(shape, value)
        case "list":
            members = (_clean(shape.member, each) for each in value)
            return [each for each in members if each is not _DROPPED]
        case "map":
            pairs = ((str(key), _clean(shape.value, each)) for key, each in value.items())
            return {key: each for key, each in pairs if each is not _DROPPED}
        case _:
            return plain(value)


def _structure(shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, member in shape.members.items():
        if name in value and not is_left_out(name, member):
            inner = _clean(member, value[name])
            if inner is not _DROPPED:
                kept[name] = inner
    return kept


def plain(value: Any) -> Any:
    """A scalar as the AWS CLI prints it, whatever the time zone here."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value
