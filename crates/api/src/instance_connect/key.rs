//! Public keys that stand for a minute.

use crate::operation::{Context, Error, Operation};
use serde::{Deserialize, Serialize};
use weir_model::InstanceId;
use weir_model::instance::InstanceState;

/// Characters of a key.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 80..=4096;
/// Characters of a user's name.
const USER_CHARS: std::ops::RangeInclusive<usize> = 1..=32;
/// What keys may be (EC2 User Guide, "Connect using EC2 Instance Connect").
const KEY_TYPES: [&str; 5] =
    ["ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];

/// Pushes a public key to an instance for a user, for 60 seconds.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SendSSHPublicKey {
    instance_id: String,
    #[serde(rename = "InstanceOSUser")]
    user: String,
    #[serde(rename = "SSHPublicKey")]
    key: String,
    availability_zone: Option<String>,
}

/// That it was pushed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendSSHPublicKeyResponse {
    request_id: String,
    success: bool,
}

impl Operation for SendSSHPublicKey {
    type Response = SendSSHPublicKeyResponse;

    fn run(self, cx: &mut Context<'_>) -> Result<Self::Response, Error> {
        let id: InstanceId = self.instance_id.parse().map_err(|_| invalid("instanceId"))?;
        self.check_user_and_key()?;
        let instance = cx.network.instances.find(cx.scope, &id);
        let instance =
            instance.map_err(|_| Error::new("EC2InstanceNotFoundException", "Instance not found"))?;
        if instance.state != InstanceState::Running {
            let message = "The instance is not in a valid state. Connect to instances that are running.";
            return Err(Error::new("EC2InstanceStateInvalidException", message));
        }
        let interface = instance.interfaces.first().and_then(|id| cx.network.interfaces.get(id));
        let subnet = interface.and_then(|interface| cx.network.subnets.get(&interface.subnet));
        let is_elsewhere = |zone: &String| subnet.is_none_or(|subnet| subnet.zone.to_string() != *zone);
        if self.availability_zone.as_ref().is_some_and(is_elsewhere) {
            return Err(Error::new("EC2InstanceNotFoundException", "Instance not found"));
        }
        Ok(SendSSHPublicKeyResponse { request_id: cx.request_id.to_owned(), success: true })
    }
}

impl SendSSHPublicKey {
    fn check_user_and_key(&self) -> Result<(), Error> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "@._-$".contains(letter);
        let starts_well = self.user.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
        if !USER_CHARS.contains(&self.user.len()) || !starts_well || !self.user.chars().all(is_plain) {
            return Err(invalid("instanceOSUser"));
        }
        let key_type = self.key.split_whitespace().next().unwrap_or_default();
        match KEY_CHARS.contains(&self.key.chars().count()) && KEY_TYPES.contains(&key_type) {
            true => Ok(()),
            false => Err(invalid("sSHPublicKey")),
        }
    }
}

fn invalid(member: &str) -> Error {
    Error::new("InvalidArgsException", format!("The value of {member} is not valid."))
}
