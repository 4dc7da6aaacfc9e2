"""How VPC Lattice is asked: lists that nothing reads, for the ids that its get calls want.

Gives calls to the components of Lattice.  Must not know what their answers mean.

AWS: vpc-lattice/latest/APIReference: list-service-network-*-associations want a network or its
member; a list leaves out what only the get call tells (actions, configurations, groups).
"""

from __future__ import annotations

from reach.snapshot.call import Call, Per

SERVICE_NETWORKS = Call("vpc-lattice.ListServiceNetworks", take="items")
SERVICES = Call("vpc-lattice.ListServices", take="items")
TARGET_GROUPS = Call("vpc-lattice.ListTargetGroups", take="items")
RESOURCE_GATEWAYS = Call("vpc-lattice.ListResourceGateways", take="items")
RESOURCE_CONFIGURATIONS = Call("vpc-lattice.ListResourceConfigurations", take="items")

OF_NETWORK = Per(SERVICE_NETWORKS, {"serviceNetworkIdentifier": "id"})
OF_SERVICE = Per(SERVICES, {"serviceIdentifier": "id"})
OF_CONFIGURATION = Per(RESOURCE_CONFIGURATIONS, {"resourceConfigurationIdentifier": "id"})

VPC_ASSOCIATIONS = Call(
    "vpc-lattice.ListServiceNetworkVpcAssociations",
    take="items",
    per=(OF_NETWORK, Per("ec2.DescribeVpcs", {"vpcIdentifier": "VpcId"})),
)
_LISTENERS = Call(
    "vpc-lattice.ListListeners",
    take="items",
    per=(OF_SERVICE,),
    keep={"serviceIdentifier": "serviceIdentifier"},
)
_OF_LISTENER = {"serviceIdentifier": "serviceIdentifier", "listenerIdentifier": "id"}
_RULES = Call(
    "vpc-lattice.ListRules",
    take="items",
    per=(Per(_LISTENERS, _OF_LISTENER),),
    keep={name: name for name in _OF_LISTENER},
)
_OF_RULE = {**{name: name for name in _OF_LISTENER}, "ruleIdentifier": "id"}


def detail(operation: str, *per: Per) -> Call:
    """A get call, whose whole answer is one object."""
    return Call(f"vpc-lattice.{operation}", hold="id", per=per)


SERVICE = detail("GetService", OF_SERVICE)
LISTENER = detail("GetListener", Per(_LISTENERS, _OF_LISTENER))
RULE = detail("GetRule", Per(_RULES, _OF_RULE))
TARGET_GROUP = detail("GetTargetGroup", Per(TARGET_GROUPS, {"targetGroupIdentifier": "id"}))
TARGETS = Call(
    "vpc-lattice.ListTargets",
    hold="items",
    per=(Per(TARGET_GROUPS, {"targetGroupIdentifier": "id"}),),
    keep={"targetGroupId": "targetGroupIdentifier"},
)
VPC_ASSOCIATION = detail(
    "GetServiceNetworkVpcAssociation",
    Per(VPC_ASSOCIATIONS, {"serviceNetworkVpcAssociationIdentifier": "id"}),
)
SERVICE_ASSOCIATIONS = Call(
    "vpc-lattice.ListServiceNetworkServiceAssociations", take="items", per=(OF_NETWORK, OF_SERVICE)
)
RESOURCE_ASSOCIATIONS = Call(
    "vpc-lattice.ListServiceNetworkResourceAssociations",
    take="items",
    per=(OF_NETWORK, OF_CONFIGURATION),
)
RESOURCE_GATEWAY = detail(
    "GetResourceGateway", Per(RESOURCE_GATEWAYS, {"resourceGatewayIdentifier": "id"})
)
RESOURCE_CONFIGURATION = detail("GetResourceConfiguration", OF_CONFIGURATION)
