//! Instances, as far as the network sees them.
//!
//! Source: EC2 User Guide, "Instance lifecycle".

use crate::table::Resource;
use crate::time::Timestamp;
use crate::{ImageId, InstanceId, InterfaceId, KeyPairId, ReservationId, Scope, Tags};
use serde::{Deserialize, Serialize};

/// An instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Owner and region.
    pub scope: Scope,
    /// The RunInstances call that made it.
    pub reservation: ReservationId,
    /// Its place in that call, from 0.
    pub launch_index: u32,
    /// The image it was launched from.
    pub image: ImageId,
    /// The type, such as `t2.micro`.
    pub instance_type: String,
    /// The name of its key pair, if any.
    pub key_name: Option<String>,
    /// User data as given, decoded from base64.
    pub user_data: Option<Vec<u8>>,
    /// Its interfaces by device index, the primary first; empty once terminated.
    pub interfaces: Vec<InterfaceId>,
    /// What it is doing.
    pub state: InstanceState,
    /// Since when it is in that state.
    pub state_since: Timestamp,
    /// When it was last started.
    pub launched: Timestamp,
    /// Whether TerminateInstances is refused (disableApiTermination).
    pub termination_protected: bool,
    /// The name or ARN of the instance profile, if any.
    pub instance_profile: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// The state of an instance. Transitions take no time here: pending and stopping exist only in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InstanceState {
    /// It sends and receives.
    Running,
    /// It keeps its interfaces, without a public address from Amazon's pool.
    Stopped,
    /// It is gone; still described for about an hour.
    Terminated,
}

/// A key pair's public half.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyPair {
    /// Its id.
    pub id: KeyPairId,
    /// Owner and region.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// The fingerprint.
    pub fingerprint: String,
    /// The key's type: `rsa` or `ed25519`.
    pub key_type: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

impl Resource for Instance {
    type Key = InstanceId;
    const KIND: &'static str = "instance";
    fn key(&self) -> InstanceId {
        self.id
    }
}

impl Resource for KeyPair {
    type Key = KeyPairId;
    const KIND: &'static str = "key-pair";
    fn key(&self) -> KeyPairId {
        self.id
    }
}
