//! The fields of a flow-log record: name, version, kind. One table, in AWS's order.
//!
//! Source: Amazon VPC User Guide, "Flow log records" (available fields); version 6: Transit Gateway Guide,
//! "Transit Gateway Flow Log records".

use std::fmt;

/// How the value of a field reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text without blanks.
    Text,
    /// An IPv4 or IPv6 address.
    Address,
    /// A number that fits 32 bits (INT_32 in Parquet).
    Int,
    /// A number that fits 64 bits (INT_64 in Parquet).
    Long,
    /// Unix seconds.
    Seconds,
    /// `ACCEPT` or `REJECT`.
    Action,
    /// `OK`, `NODATA` or `SKIPDATA`.
    Status,
}

macro_rules! fields {
    ($($name:ident = $text:literal $version:literal $kind:ident,)*) => {
        /// A field of a record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // The names are AWS's; the guide's table says what each means.
        pub enum Field { $($name,)* }

        impl Field {
            /// Every field, in AWS's order.
            pub const ALL: &[Field] = &[$(Field::$name,)*];

            /// The name as formats and headers spell it, with hyphens.
            pub fn name(self) -> &'static str {
                match self { $(Field::$name => $text,)* }
            }

            /// The version that brought the field: 2 to 11; 6 is for transit gateways only.
            pub fn version(self) -> u8 {
                match self { $(Field::$name => $version,)* }
            }

            /// How its value reads.
            pub fn kind(self) -> Kind {
                match self { $(Field::$name => Kind::$kind,)* }
            }
        }
    };
}

fields! {
    Version = "version" 2 Int,
    AccountId = "account-id" 2 Text,
    InterfaceId = "interface-id" 2 Text,
    SrcAddr = "srcaddr" 2 Address,
    DstAddr = "dstaddr" 2 Address,
    SrcPort = "srcport" 2 Int,
    DstPort = "dstport" 2 Int,
    Protocol = "protocol" 2 Int,
    Packets = "packets" 2 Long,
    Bytes = "bytes" 2 Long,
    Start = "start" 2 Seconds,
    End = "end" 2 Seconds,
    Action = "action" 2 Action,
    LogStatus = "log-status" 2 Status,
    VpcId = "vpc-id" 3 Text,
    SubnetId = "subnet-id" 3 Text,
    InstanceId = "instance-id" 3 Text,
    TcpFlags = "tcp-flags" 3 Int,
    Type = "type" 3 Text,
    PktSrcAddr = "pkt-srcaddr" 3 Address,
    PktDstAddr = "pkt-dstaddr" 3 Address,
    Region = "region" 4 Text,
    AzId = "az-id" 4 Text,
    SublocationType = "sublocation-type" 4 Text,
    SublocationId = "sublocation-id" 4 Text,
    PktSrcAwsService = "pkt-src-aws-service" 5 Text,
    PktDstAwsService = "pkt-dst-aws-service" 5 Text,
    FlowDirection = "flow-direction" 5 Text,
    TrafficPath = "traffic-path" 5 Int,
    ResourceType = "resource-type" 6 Text,
    TgwId = "tgw-id" 6 Text,
    TgwAttachmentId = "tgw-attachment-id" 6 Text,
    TgwSrcVpcAccountId = "tgw-src-vpc-account-id" 6 Text,
    TgwDstVpcAccountId = "tgw-dst-vpc-account-id" 6 Text,
    TgwSrcVpcId = "tgw-src-vpc-id" 6 Text,
    TgwDstVpcId = "tgw-dst-vpc-id" 6 Text,
    TgwSrcSubnetId = "tgw-src-subnet-id" 6 Text,
    TgwDstSubnetId = "tgw-dst-subnet-id" 6 Text,
    TgwSrcEni = "tgw-src-eni" 6 Text,
    TgwDstEni = "tgw-dst-eni" 6 Text,
    TgwSrcAzId = "tgw-src-az-id" 6 Text,
    TgwDstAzId = "tgw-dst-az-id" 6 Text,
    TgwPairAttachmentId = "tgw-pair-attachment-id" 6 Text,
    PacketsLostNoRoute = "packets-lost-no-route" 6 Long,
    PacketsLostBlackhole = "packets-lost-blackhole" 6 Long,
    PacketsLostMtuExceeded = "packets-lost-mtu-exceeded" 6 Long,
    PacketsLostTtlExpired = "packets-lost-ttl-expired" 6 Long,
    EcsClusterArn = "ecs-cluster-arn" 7 Text,
    EcsClusterName = "ecs-cluster-name" 7 Text,
    EcsContainerInstanceArn = "ecs-container-instance-arn" 7 Text,
    EcsContainerInstanceId = "ecs-container-instance-id" 7 Text,
    EcsContainerId = "ecs-container-id" 7 Text,
    EcsSecondContainerId = "ecs-second-container-id" 7 Text,
    EcsServiceName = "ecs-service-name" 7 Text,
    EcsTaskDefinitionArn = "ecs-task-definition-arn" 7 Text,
    EcsTaskArn = "ecs-task-arn" 7 Text,
    EcsTaskId = "ecs-task-id" 7 Text,
    RejectReason = "reject-reason" 8 Text,
    ResourceId = "resource-id" 9 Text,
    EncryptionStatus = "encryption-status" 10 Int,
    InstanceTag = "instance-tag" 11 Text,
    InstanceTag2 = "instance-tag-2" 11 Text,
    InterfaceTag = "interface-tag" 11 Text,
    InterfaceTag2 = "interface-tag-2" 11 Text,
    AsgTag = "asg-tag" 11 Text,
    AsgTag2 = "asg-tag-2" 11 Text,
    InterfaceType = "interface-type" 11 Text,
    NextHopInterfaceId = "next-hop-interface-id" 11 Text,
    NextHopSubnetId = "next-hop-subnet-id" 11 Text,
    NextHopAzId = "next-hop-az-id" 11 Text,
    NextHopVpcId = "next-hop-vpc-id" 11 Text,
    NextHopInterfaceType = "next-hop-interface-type" 11 Text,
}

/// The version whose fields belong to transit gateways.
pub const TRANSIT_GATEWAY_VERSION: u8 = 6;

impl Field {
    /// The field called `name`, with hyphens or (as in Parquet and Athena) underscores.
    pub fn named(name: &str) -> Option<Field> {
        let hyphens = |byte: u8| if byte == b'_' { b'-' } else { byte };
        let same = |field: &&Field| field.name().bytes().eq(name.bytes().map(hyphens));
        Field::ALL.iter().find(same).copied()
    }

    /// The field that was meant by a name that is none, if that can be told: case and signs do not count (`srcAddr`,
    /// `$SRC_ADDR`), and one letter may be wrong.
    pub fn near(name: &str) -> Option<Field> {
        let meant = letters(name);
        let found = |is_like: fn(&[u8], &[u8]) -> bool| {
            Field::ALL.iter().find(|field| is_like(&letters(field.name()), &meant)).copied()
        };
        found(<[u8]>::eq).or_else(|| found(is_one_letter_off))
    }
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> Vec<u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// Whether one letter more, less or another makes one of the other.
fn is_one_letter_off(one: &[u8], other: &[u8]) -> bool {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[start..], &other[start..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    one.len().max(other.len()) - end <= 1
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_adds_the_fields_the_guide_lists() {
        let columns = [(2, 14), (3, 21), (4, 25), (5, 29), (7, 39), (8, 40), (9, 41), (10, 42), (11, 54)];
        for (version, count) in columns {
            let of_vpcs =
                |field: &&Field| field.version() <= version && field.version() != TRANSIT_GATEWAY_VERSION;
            assert_eq!(Field::ALL.iter().filter(of_vpcs).count(), count, "up to version {version}");
        }
    }

    #[test]
    fn names_are_found_with_hyphens_and_underscores() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(*field));
            assert_eq!(Field::named(&field.name().replace('-', "_")), Some(*field));
        }
        assert_eq!(Field::named("src-addr"), None);
        assert_eq!(Field::named("SRCADDR"), None);
    }

    #[test]
    fn the_field_that_was_meant_is_found() {
        let rows = [
            ("srcAddr", Some(Field::SrcAddr)),
            ("$SRC_ADDR", Some(Field::SrcAddr)),
            ("accountId", Some(Field::AccountId)),
            ("versio", Some(Field::Version)),
            ("bytess", Some(Field::Bytes)),
            ("dstpirt", Some(Field::DstPort)),
            ("pkt-source", None),
            ("", None),
        ];
        for (name, field) in rows {
            assert_eq!(Field::near(name), field, "{name}");
        }
    }
}
