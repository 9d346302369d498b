//! The model's ids and text forms as parameters and elements, each with AWS's refusal of a malformed one.
//!
//! They stand here because neither the traits nor the types belong to the crates above.
//! Source: EC2 API Reference, "Error codes for the Amazon EC2 API". Where AWS documents no code for a malformed id, the
//! id is looked up as it is, and not found.

use crate::error::excerpt;
use crate::{Kind, Param, Params, WireError, Writer, Xml, parse_iso, text};
use weir_model::ids::*;
use weir_model::{AccountId, Cidr, Cidr4, Cidr6, RegionName, Timestamp, ZoneName};

/// A row for each kind of id: the type, the code, and, where AWS has only a code for "not found", its sentence.
macro_rules! ids {
    ($($name:ident => $code:literal $($missing:literal)?,)*) => {
        $(text! { $name => |error: MalformedId, _: &str, _: &str| refusal($code, &error, [$($missing)?].first().copied()) })*
    };
}

ids! {
    AclAssociationId => "InvalidAssociationID.NotFound" "The association ID '{}' does not exist",
    AddressAssociationId => "InvalidAssociationID.NotFound" "The association ID '{}' does not exist",
    AllocationId => "InvalidAllocationID.NotFound" "The allocation ID '{}' does not exist",
    AttachmentId => "InvalidNetworkInterfaceAttachmentId.Malformed",
    DhcpOptionsId => "InvalidDhcpOptionsId.Malformed",
    EgressOnlyGatewayId => "InvalidEgressOnlyInternetGatewayId.Malformed",
    FlowLogId => "InvalidFlowLogId.NotFound"
        "These flow log ids in the input list are not found: [TotalCount: 1] {}",
    GroupId => "InvalidGroupId.Malformed",
    GroupRuleId => "InvalidSecurityGroupRuleId.Malformed",
    ImageId => "InvalidAMIID.Malformed",
    InstanceId => "InvalidInstanceID.Malformed",
    InterfaceId => "InvalidNetworkInterfaceId.Malformed",
    InternetGatewayId => "InvalidInternetGatewayId.Malformed",
    KeyPairId => "InvalidKeyPair.NotFound" "The key pair '{}' does not exist",
    NatGatewayId => "NatGatewayMalformed",
    NetworkAclId => "InvalidNetworkAclId.Malformed",
    PeeringId => "InvalidVpcPeeringConnectionId.Malformed",
    PrefixListId => "InvalidPrefixListId.Malformed",
    ProfileAssociationId => "NoSuchAssociation" "An invalid association-id of '{}' was given",
    ReservationId => "InvalidReservationID.Malformed",
    RouteAssociationId => "InvalidAssociationID.NotFound" "The association ID '{}' does not exist",
    RouteTableId => "InvalidRouteTableId.Malformed",
    SubnetCidrAssociationId => "InvalidSubnetCidrBlockAssociationID.NotFound" "The subnet CIDR block association ID '{}' does not exist",
    SubnetId => "InvalidSubnetID.Malformed",
    TransitAttachmentId => "InvalidTransitGatewayAttachmentID.Malformed",
    TransitGatewayId => "InvalidTransitGatewayID.Malformed",
    TransitTableId => "InvalidRouteTableId.Malformed",
    VolumeId => "InvalidVolumeID.Malformed",
    VpcCidrAssociationId => "InvalidVpcCidrBlockAssociationID.NotFound" "The vpc CIDR block association ID '{}' does not exist",
    VpcEndpointId => "InvalidVpcEndpointId.Malformed",
    VpcId => "InvalidVpcID.Malformed",
    VpnGatewayId => "InvalidVpnGatewayID.Malformed",
}

text! { Cidr4 => not_a_block, Cidr6 => not_a_block, Cidr => not_a_block }
text! { AccountId: "an account ID of 12 digits", RegionName: "the name of a region" }
// The zones of a region are only known where the region is: a wrong zone is refused by whoever looks it up.
text! { ZoneName: "the name of an Availability Zone" }

impl Param for Timestamp {
    const KIND: Kind = Kind::Timestamp;

    fn read(params: &Params, at: &str) -> Result<Timestamp, WireError> {
        let text = params.text(at)?;
        parse_iso(text).map(Timestamp).ok_or_else(|| params.invalid(at, text, "a timestamp in ISO 8601"))
    }
}

impl Xml for Timestamp {
    const KIND: Kind = Kind::Timestamp;

    fn write(&self, out: &mut Writer) {
        out.display(&crate::Iso(self.0));
    }
}

fn refusal(code: &'static str, error: &MalformedId, missing: Option<&str>) -> WireError {
    let given = excerpt(&error.given);
    match missing {
        Some(sentence) => WireError::new(code, sentence.replace("{}", &given)),
        None => WireError::new(code, MalformedId { given, prefix: error.prefix }.to_string()),
    }
}

fn not_a_block<E>(_: E, at: &str, text: &str) -> WireError {
    let (text, at) = (excerpt(text), crate::error::lower_first(at));
    let message = format!("Value ({text}) for parameter {at} is invalid. This is not a valid CIDR block.");
    WireError::new("InvalidParameterValue", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;
    use proptest::prelude::*;
    use std::fmt::Debug;

    #[track_caller]
    fn check<T: Param + Debug>(value: &str, expected: &str) {
        let pairs = vec![("CidrBlock".to_owned(), value.to_owned())];
        let params = Params::of(Dialect::Ec2, pairs).expect("well-formed");
        let read = T::read(&params, "CidrBlock");
        assert_eq!(read.map_or_else(|error| error.to_string(), |value| format!("{value:?}")), expected);
    }

    #[test]
    fn malformed_ids_have_the_code_of_their_kind() {
        check::<VpcId>("vpc-1a2b3c4d", "vpc-1a2b3c4d");
        check::<VpcId>("x", r#"InvalidVpcID.Malformed: Invalid id: "x" (expecting "vpc-...")"#);
        check::<GroupId>("", r#"InvalidGroupId.Malformed: Invalid id: "" (expecting "sg-...")"#);
        check::<NatGatewayId>("nat-1", r#"NatGatewayMalformed: Invalid id: "nat-1" (expecting "nat-...")"#);
        check::<AllocationId>("x", "InvalidAllocationID.NotFound: The allocation ID 'x' does not exist");
    }

    #[test]
    fn what_is_no_block_is_refused_by_name() {
        check::<Cidr4>("10.0.0.1/16", "10.0.0.0/16");
        check::<Cidr4>(
            "10.0.0.0/33",
            "InvalidParameterValue: Value (10.0.0.0/33) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        );
        check::<Timestamp>("2024-01-02T03:04:05Z", "Timestamp(1704164645000)");
    }

    proptest! {
        #[test]
        fn ids_print_then_parse(seed: u64) {
            let id: SubnetId = Ids::new(seed).fresh();
            let mut out = Writer::new(Dialect::Ec2);
            id.write(&mut out);
            let params = Params::of(Dialect::Ec2, vec![("SubnetId".to_owned(), String::from_utf8(out.into_bytes()).expect("UTF-8"))]).expect("one pair");
            prop_assert_eq!(SubnetId::read(&params, "SubnetId"), Ok(id));
        }
    }
}
