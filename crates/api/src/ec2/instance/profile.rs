//! Instance profiles of instances.
//!
//! Source: EC2 API Reference, IamInstanceProfileSpecification, AssociateIamInstanceProfile and its kin.

use crate::operation::{Context, Error, Operation};
use crate::select::{BOUNDS, Selection};
use weir_model::instance::{Instance, ProfileAssociation, ProfileLink};
use weir_model::{InstanceId, ProfileAssociationId, Refused, Timestamp};
use weir_wire::{FilterTable, Param, Token, Xml};

/// A profile by ARN or name.
#[derive(Clone, Debug, Param)]
pub struct ProfileRequest {
    arn: Option<String>,
    name: Option<String>,
}

impl ProfileRequest {
    /// The profile that is meant.
    ///
    /// # Errors
    /// There is none of the caller's; both or neither are said.
    pub fn found(&self, cx: &Context<'_>) -> Result<ProfileLink, Error> {
        let (account, identities) = (cx.scope.account, &cx.identities);
        let invalid = |member: &str, given: &str, what: &str| {
            let given: String = given.chars().take(200).collect();
            let message = format!(
                "Value ({given}) for parameter iamInstanceProfile.{member} is invalid. Invalid IAM Instance Profile {what}"
            );
            Error::new("InvalidParameterValue", message)
        };
        match (&self.arn, &self.name) {
            (Some(arn), None) => {
                let found = identities.profile_by_arn(account, arn);
                Ok(found.ok_or_else(|| invalid("arn", arn, "ARN"))?.link())
            }
            (None, Some(name)) => {
                Ok(identities.profile(account, name).map_err(|_| invalid("name", name, "name"))?.link())
            }
            (Some(_), Some(_)) => Err(Error::new(
                "InvalidParameterCombination",
                "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
            )),
            (None, None) => Err(Error::new(
                "MissingParameter",
                "The request must contain the parameter iamInstanceProfile.name or iamInstanceProfile.arn",
            )),
        }
    }
}

/// The profile of an instance, as answers show it.
#[derive(Clone, Xml)]
pub struct ProfileView {
    /// Its ARN.
    pub arn: String,
    /// Its unique id; none of instances that an earlier version launched.
    pub id: Option<String>,
}

impl ProfileView {
    /// The profile of an instance, if it has one.
    pub fn of(instance: &Instance) -> Option<ProfileView> {
        let kept = instance.instance_profile.as_ref()?;
        let id = instance.settings.profile.as_ref().map(|association| association.profile_id.clone());
        let arn = match kept.starts_with("arn:") {
            true => kept.clone(),
            false => format!("arn:aws:iam::{}:instance-profile/{kept}", instance.scope.account),
        };
        Some(ProfileView { arn, id })
    }
}

#[derive(Xml)]
struct AssociationView {
    association_id: ProfileAssociationId,
    instance_id: InstanceId,
    iam_instance_profile: ProfileView,
    state: &'static str,
    timestamp: Timestamp,
}

impl AssociationView {
    fn of(instance_id: InstanceId, association: &ProfileAssociation, state: &'static str) -> AssociationView {
        let (arn, id) = (association.arn.clone(), Some(association.profile_id.clone()));
        AssociationView {
            association_id: association.id,
            instance_id,
            iam_instance_profile: ProfileView { arn, id },
            state,
            timestamp: association.since,
        }
    }
}

/// An association.
#[derive(Xml)]
pub struct AssociationResponse {
    iam_instance_profile_association: AssociationView,
}

impl AssociationResponse {
    fn of(id: InstanceId, association: &ProfileAssociation, state: &'static str) -> AssociationResponse {
        AssociationResponse { iam_instance_profile_association: AssociationView::of(id, association, state) }
    }
}

/// Gives an instance a profile.
#[derive(Param)]
pub struct AssociateIamInstanceProfile {
    iam_instance_profile: ProfileRequest,
    instance_id: InstanceId,
}

impl Operation for AssociateIamInstanceProfile {
    type Response = AssociationResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<AssociationResponse, Error> {
        let (id, link) = (self.instance_id, self.iam_instance_profile.found(cx)?);
        let association = cx.command(|network, cx| network.associate_profile(cx, id, link))?;
        Ok(AssociationResponse::of(id, &association, "associating"))
    }
}

/// Takes a profile from its instance.
#[derive(Param)]
pub struct DisassociateIamInstanceProfile {
    association_id: ProfileAssociationId,
}

impl Operation for DisassociateIamInstanceProfile {
    type Response = AssociationResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<AssociationResponse, Error> {
        let id = self.association_id;
        let (instance, association) = cx.command(|network, cx| network.disassociate_profile(cx, id))?;
        Ok(AssociationResponse::of(instance, &association, "disassociating"))
    }
}

/// Gives an instance another profile.
#[derive(Param)]
pub struct ReplaceIamInstanceProfileAssociation {
    iam_instance_profile: ProfileRequest,
    association_id: ProfileAssociationId,
}

impl Operation for ReplaceIamInstanceProfileAssociation {
    type Response = AssociationResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<AssociationResponse, Error> {
        let (id, link) = (self.association_id, self.iam_instance_profile.found(cx)?);
        let (instance, association) = cx.command(|network, cx| network.replace_profile(cx, id, link))?;
        Ok(AssociationResponse::of(instance, &association, "associating"))
    }
}

/// Lists associations of profiles with instances, all or by id.
#[derive(Param)]
pub struct DescribeIamInstanceProfileAssociations {
    association_ids: Vec<ProfileAssociationId>,
    #[wire(flatten)]
    selection: Selection,
}

/// The associations found.
#[derive(Xml)]
pub struct DescribeIamInstanceProfileAssociationsResponse {
    #[wire(response = "iamInstanceProfileAssociationSet")]
    iam_instance_profile_associations: Vec<AssociationView>,
    next_token: Option<Token>,
}

impl Operation for DescribeIamInstanceProfileAssociations {
    type Response = DescribeIamInstanceProfileAssociationsResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let mut views: Vec<AssociationView> = Vec::new();
        for instance in cx.network.instances.of(cx.scope) {
            let association = instance.settings.profile.as_ref();
            views.extend(association.map(|own| AssociationView::of(instance.id, own, "associated")));
        }
        let is_there = |id: &&ProfileAssociationId| views.iter().any(|view| view.association_id == **id);
        if let Some(unknown) = self.association_ids.iter().find(|id| !is_there(id)) {
            let refusal = weir_model::instance::InstanceRefusal::NoSuchAssociation(*unknown);
            return Err(Refused::from(refusal).into());
        }
        if !self.association_ids.is_empty() {
            views.retain(|view| self.association_ids.contains(&view.association_id));
        }
        views.sort_by_key(|view| view.association_id);
        let (iam_instance_profile_associations, next_token) =
            self.selection.narrow(views.into_iter(), &FILTERS, BOUNDS, |view| view.association_id)?;
        Ok(DescribeIamInstanceProfileAssociationsResponse { iam_instance_profile_associations, next_token })
    }
}

const FILTERS: FilterTable<AssociationView> = FilterTable {
    rows: &[
        ("instance-id", |view| vec![view.instance_id.to_string()]),
        ("state", |view| vec![view.state.to_owned()]),
    ],
    tags: None,
};
