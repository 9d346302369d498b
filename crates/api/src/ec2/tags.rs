//! Tags on any resource, by its id alone.
//!
//! Source: EC2 API Reference, CreateTags, DeleteTags, DescribeTags.

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::ids::Id;
use weir_model::image::Image;
use weir_model::tags::{TagToRemove, Tagged};
use weir_model::{
    AllocationId, DhcpOptionsId, EgressOnlyGatewayId, GroupId, GroupRuleId, ImageId, InstanceId, InterfaceId,
    InternetGatewayId, Missing, NatGatewayId, NetworkAclId, PeeringId, PrefixListId, Refused, RouteTableId,
    Scope, SubnetId, Tags, TransitAttachmentId, TransitGatewayId, TransitTableId, VolumeId, VpcEndpointId,
    VpcId,
};
use weir_wire::{Dialect, FilterTable, Param, Params, Return, Tag, Token, WireError, Xml};

/// Most resources that one call may name.
const RESOURCES_MAX: usize = 1000;

/// Puts tags on resources.
#[derive(Param)]
pub struct CreateTags {
    #[wire(request = "ResourceId", required)]
    resources: Vec<String>,
    #[wire(required)]
    tags: Vec<Tag>,
}

impl Operation for CreateTags {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let resources = resources(cx.scope, &self.resources)?;
        let tags: Tags = self.tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect();
        cx.command(|network, cx| network.add_tags(cx, &resources, &tags))?;
        Ok(Return)
    }
}

/// Takes tags off resources: those named, or all.
#[derive(Param)]
pub struct DeleteTags {
    #[wire(request = "ResourceId", required)]
    resources: Vec<String>,
    tags: Vec<Tag>,
}

impl Operation for DeleteTags {
    type Response = Return;

    fn run(self, cx: &mut Context<'_>) -> Result<Return, Error> {
        let resources = resources(cx.scope, &self.resources)?;
        let tags: Vec<TagToRemove> =
            self.tags.into_iter().map(|tag| TagToRemove { key: tag.key, value: tag.value }).collect();
        cx.command(|network, cx| network.remove_tags(cx, &resources, &tags))?;
        Ok(Return)
    }
}

fn resources(scope: Scope, ids: &[String]) -> Result<Vec<Tagged>, Error> {
    if ids.len() > RESOURCES_MAX {
        let message = format!("The number of resources may not exceed {RESOURCES_MAX}");
        return Err(Error::new("InvalidParameterValue", message));
    }
    ids.iter().map(|id| Tagged::parse(id).ok_or_else(|| not_tagged(scope, id))).collect()
}

/// What is said of `id`, which is none of a resource that carries tags here: malformed, if it begins as the ids of a kind do; not
/// there; or of no kind at all.
fn not_tagged(scope: Scope, id: &str) -> Error {
    let image = id.parse::<ImageId>().ok().filter(|image| Image::find(scope.region, *image).is_none());
    if let Some(image) = image {
        return Refused::from(Missing::from(image)).into();
    }
    KINDS.iter().find_map(|malformed| malformed(id)).map_or_else(
        || {
            let shown: String = id.chars().take(100).collect();
            Error::new("InvalidID", format!("The ID '{shown}' is not valid"))
        },
        Error::from,
    )
}

/// Says how `id` is malformed as one of `T`, if it begins as these do.
fn malformed<T: Id + Param>(id: &str) -> Option<WireError> {
    let (kind, _) = id.rsplit_once('-')?;
    if kind != T::PREFIX {
        return None;
    }
    let key = "ResourceId".to_owned();
    let params = Params::of(Dialect::Ec2, vec![(key.clone(), id.to_owned())]).ok()?;
    T::read(&params, &key).err()
}

/// The kinds of ids that have a code of their own.
const KINDS: &[fn(&str) -> Option<WireError>] = &[
    malformed::<TransitAttachmentId>,
    malformed::<TransitTableId>,
    malformed::<TransitGatewayId>,
    malformed::<NetworkAclId>,
    malformed::<ImageId>,
    malformed::<DhcpOptionsId>,
    malformed::<EgressOnlyGatewayId>,
    malformed::<AllocationId>,
    malformed::<InterfaceId>,
    malformed::<InstanceId>,
    malformed::<InternetGatewayId>,
    malformed::<NatGatewayId>,
    malformed::<PeeringId>,
    malformed::<PrefixListId>,
    malformed::<RouteTableId>,
    malformed::<GroupId>,
    malformed::<GroupRuleId>,
    malformed::<SubnetId>,
    malformed::<VolumeId>,
    malformed::<VpcId>,
    malformed::<VpcEndpointId>,
];

/// Lists tags of all resources.
#[derive(Param)]
pub struct DescribeTags {
    #[wire(flatten)]
    selection: Selection,
}

/// The tags found.
#[derive(Xml)]
pub struct DescribeTagsResponse {
    next_token: Option<Token>,
    tags: Vec<TagDescription>,
}

#[derive(Xml)]
struct TagDescription {
    key: String,
    resource_id: String,
    resource_type: &'static str,
    value: String,
}

/// One tag of one resource.
struct OneTag {
    resource: Tagged,
    tag: Tags,
}

impl OneTag {
    /// Its place in the list: by resource, then by key.
    fn place(&self) -> String {
        let key = self.tag.keys().next().map(String::as_str).unwrap_or_default();
        format!("{}/{key}", self.resource)
    }

    fn view(self) -> TagDescription {
        let (resource_id, resource_type) = (self.resource.to_string(), self.resource.resource_type());
        let (key, value) = self.tag.into_iter().next().unwrap_or_default();
        TagDescription { key, resource_id, resource_type, value }
    }
}

impl Operation for DescribeTags {
    type Response = DescribeTagsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let mut all = Vec::new();
        for (resource, tags) in cx.network.tagged_in(cx.scope) {
            let one = |(key, value): (&String, &String)| OneTag {
                resource,
                tag: Tags::from([(key.clone(), value.clone())]),
            };
            all.extend(tags.iter().map(one));
        }
        all.sort_by_key(OneTag::place);
        let (found, next_token) = self.selection.narrow(all.into_iter(), &FILTERS, BOUNDS, OneTag::place)?;
        Ok(DescribeTagsResponse { next_token, tags: found.into_iter().map(OneTag::view).collect() })
    }
}

const FILTERS: FilterTable<OneTag> = FilterTable {
    rows: &[
        ("key", |one| one.tag.keys().cloned().collect()),
        ("resource-id", |one| vec![one.resource.to_string()]),
        ("resource-type", |one| vec![one.resource.resource_type().to_owned()]),
        ("value", |one| one.tag.values().cloned().collect()),
    ],
    tags: Some(|one| &one.tag),
};
