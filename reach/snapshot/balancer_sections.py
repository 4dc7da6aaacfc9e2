"""The sections of load balancers and accelerators: what their describe and list calls print.

Gives tables of sections, one for each service.  Must not know how files are read, nor what a field
does to a packet.
"""

from __future__ import annotations

from reach.snapshot.balancer_records import (
    Accelerator,
    AcceleratorEndpointGroup,
    AcceleratorListener,
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
from reach.snapshot.call import Call, Per, per_id
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
        asked=(
            per_id(
                "elbv2.DescribeListeners",
                "elbv2.DescribeLoadBalancers",
                "LoadBalancerArn",
                hold="Listeners",
            ),
        ),
    ),
    # The same key is printed by globalaccelerator list-listeners.
    Section(
        "Listeners",
        Listener,
        "listener_arn",
        "elbv2.DescribeListeners",
        also=("globalaccelerator.ListListeners",),
        apart=("load_balancer_arn", "port_ranges"),
        covered_by="LoadBalancerListeners",
        asked=(),
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
        asked=(
            Call(
                "elbv2.DescribeRules",
                hold="Rules",
                per=(Per("elbv2.DescribeListeners", {"ListenerArn": "Listeners[].ListenerArn"}),),
                keep={"ListenerArn": "ListenerArn"},
            ),
        ),
    ),
    Section("Rules", Rule, "rule_arn", "elbv2.DescribeRules", covered_by="ListenerRules", asked=()),
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
        asked=(
            per_id(
                "elbv2.DescribeLoadBalancerAttributes",
                "elbv2.DescribeLoadBalancers",
                "LoadBalancerArn",
                hold="Attributes",
            ),
        ),
    ),
    Section(
        "TargetGroupAttributes",
        TargetGroupAttributes,
        "target_group_arn",
        "elbv2.DescribeTargetGroupAttributes",
        references=(Reference("target_group_arn", TargetGroup),),
        bare=(("TargetGroupArn", "Attributes"),),
        asked=(
            per_id(
                "elbv2.DescribeTargetGroupAttributes",
                "elbv2.DescribeTargetGroups",
                "TargetGroupArn",
                hold="Attributes",
            ),
        ),
    ),
    Section(
        "LoadBalancerTargetHealth",
        LoadBalancerTargetHealth,
        "target_group_arn",
        "elbv2.DescribeTargetHealth",
        references=(Reference("target_group_arn", TargetGroup),),
        bare=(("TargetGroupArn", "TargetHealthDescriptions"),),
        orphan="TargetHealthDescriptions",
        asked=(
            per_id(
                "elbv2.DescribeTargetHealth",
                "elbv2.DescribeTargetGroups",
                "TargetGroupArn",
                hold="TargetHealthDescriptions",
            ),
        ),
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
        asked=(
            per_id(
                "elb.DescribeLoadBalancerAttributes",
                "elb.DescribeLoadBalancers",
                "LoadBalancerName",
                hold="LoadBalancerAttributes",
            ),
        ),
    ),
)

ACCELERATORS = (
    Section(
        "Accelerators",
        Accelerator,
        "accelerator_arn",
        "globalaccelerator.ListAccelerators",
        addresses={"ip_sets[].ip_addresses[]": "IP address"},
    ),
    Section(
        "AcceleratorListeners",
        AcceleratorListener,
        "listener_arn",
        "globalaccelerator.ListListeners",
        covered_by="Listeners",
        asked=(
            Call(
                "globalaccelerator.ListListeners",
                take="Listeners",
                per=(
                    Per("globalaccelerator.ListAccelerators", {"AcceleratorArn": "AcceleratorArn"}),
                ),
            ),
        ),
    ),
    Section(
        "EndpointGroups",
        AcceleratorEndpointGroup,
        "endpoint_group_arn",
        "globalaccelerator.ListEndpointGroups",
        asked=(
            Call(
                "globalaccelerator.ListEndpointGroups",
                take="EndpointGroups",
                per=(Per("globalaccelerator.ListListeners", {"ListenerArn": "ListenerArn"}),),
            ),
        ),
    ),
)
