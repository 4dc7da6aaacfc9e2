"""The sections of load balancers and accelerators: what their describe and list calls print.

Gives tables of sections, one for each service.  Must not know how files are read, nor what a field
does to a packet.
"""

from __future__ import annotations

from reach.snapshot.balancer_records import (
    Accelerator,
    AcceleratorEndpointGroup,
    ClassicLoadBalancer,
    ClassicLoadBalancerAttributes,
    Listener,
    ListenerRules,
    LoadBalancer,
    LoadBalancerAttributes,
    LoadBalancerListeners,
    LoadBalancerTargetHealth,
    Rule,
    TargetGroup,
    TargetGroupAttributes,
)
from reach.snapshot.records import Subnet, Vpc
from reach.snapshot.section import Reference, Section

_MORE = ("next_marker",)

ELBV2 = (
    Section(
        "LoadBalancers",
        LoadBalancer,
        "load_balancer_arn",
        "elbv2.DescribeLoadBalancers",
        references=(
            Reference("vpc_id", Vpc),
            Reference("availability_zones[].subnet_id", Subnet),
        ),
    ),
    Section(
        "LoadBalancerListeners",
        LoadBalancerListeners,
        "load_balancer_arn",
        "elbv2.DescribeListeners",
        references=(Reference("load_balancer_arn", LoadBalancer),),
        merge="extend",
        more=_MORE,
        bare=(("LoadBalancerArn", "Listeners"),),
        covered_by="Listeners",
    ),
    # The same key is printed by globalaccelerator list-listeners.
    Section(
        "Listeners",
        Listener,
        "listener_arn",
        "elbv2.DescribeListeners",
        also=("globalaccelerator.ListListeners",),
        covered_by="LoadBalancerListeners",
    ),
    Section(
        "ListenerRules",
        ListenerRules,
        "listener_arn",
        "elbv2.DescribeRules",
        merge="extend",
        more=_MORE,
        bare=(("ListenerArn", "Rules"),),
        covered_by="Rules",
    ),
    Section("Rules", Rule, "rule_arn", "elbv2.DescribeRules", covered_by="ListenerRules"),
    Section(
        "TargetGroups",
        TargetGroup,
        "target_group_arn",
        "elbv2.DescribeTargetGroups",
        references=(
            Reference("vpc_id", Vpc),
            Reference("load_balancer_arns[]", LoadBalancer),
        ),
    ),
    Section(
        "LoadBalancerAttributes",
        LoadBalancerAttributes,
        "load_balancer_arn",
        "elbv2.DescribeLoadBalancerAttributes",
        references=(Reference("load_balancer_arn", LoadBalancer),),
        bare=(("LoadBalancerArn", "Attributes"),),
    ),
    Section(
        "TargetGroupAttributes",
        TargetGroupAttributes,
        "target_group_arn",
        "elbv2.DescribeTargetGroupAttributes",
        references=(Reference("target_group_arn", TargetGroup),),
        bare=(("TargetGroupArn", "Attributes"),),
    ),
    Section(
        "LoadBalancerTargetHealth",
        LoadBalancerTargetHealth,
        "target_group_arn",
        "elbv2.DescribeTargetHealth",
        references=(Reference("target_group_arn", TargetGroup),),
        bare=(("TargetGroupArn", "TargetHealthDescriptions"),),
        orphan="TargetHealthDescriptions",
    ),
)

CLASSIC = (
    Section(
        "LoadBalancerDescriptions",
        ClassicLoadBalancer,
        "key",
        "elb.DescribeLoadBalancers",
        references=(Reference("vpc_id", Vpc), Reference("subnets[]", Subnet)),
    ),
    Section(
        "ClassicLoadBalancerAttributes",
        ClassicLoadBalancerAttributes,
        "key",
        "elb.DescribeLoadBalancerAttributes",
        bare=(("LoadBalancerName", "LoadBalancerAttributes"),),
    ),
)

ACCELERATORS = (
    Section("Accelerators", Accelerator, "accelerator_arn", "globalaccelerator.ListAccelerators"),
    Section(
        "EndpointGroups",
        AcceleratorEndpointGroup,
        "endpoint_group_arn",
        "globalaccelerator.ListEndpointGroups",
    ),
)
