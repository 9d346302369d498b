//! IAM, as far as delivery roles need it: roles, their policies, managed policies.
//!
//! Source: IAM API Reference.

pub mod boundary;
pub mod paging;
pub mod policy;
pub mod profile;
pub mod role;
pub mod role_policy;

crate::table::operations! { Iam form:
    role { CreateRole Write GetRole Read ListRoles List UpdateRole Write UpdateRoleDescription Write DeleteRole Write
           UpdateAssumeRolePolicy Permissions TagRole Tagging UntagRole Tagging ListRoleTags List }
    profile { CreateInstanceProfile Write GetInstanceProfile Read ListInstanceProfiles List
              ListInstanceProfilesForRole List DeleteInstanceProfile Write
              AddRoleToInstanceProfile Write RemoveRoleFromInstanceProfile Write
              TagInstanceProfile Tagging UntagInstanceProfile Tagging ListInstanceProfileTags List }
    role_policy { PutRolePolicy Permissions GetRolePolicy Read ListRolePolicies List DeleteRolePolicy Permissions
                  AttachRolePolicy Permissions DetachRolePolicy Permissions ListAttachedRolePolicies List }
    boundary { PutRolePermissionsBoundary Permissions DeleteRolePermissionsBoundary Permissions }
    policy { CreatePolicy Permissions GetPolicy Read ListPolicies List DeletePolicy Permissions
             CreatePolicyVersion Permissions GetPolicyVersion Read ListPolicyVersions List
             SetDefaultPolicyVersion Permissions DeletePolicyVersion Permissions
             TagPolicy Tagging UntagPolicy Tagging ListPolicyTags List }
}
