//! `weir env`: the environment that points AWS clients, and weir's other commands, at a running weir.
//!
//! The address is the IP form: SDKs use path style for IP hosts, where `localhost` would need wildcard names.

use crate::Outcome;
use crate::arguments::{Caller, Env, Port};

/// Runs the command.
pub fn run(env: &Env) -> Outcome {
    for (name, value) in variables(&env.at, &env.caller) {
        println!("export {name}={value}");
    }
    Ok(0)
}

/// What AWS clients read, and weir itself.
pub fn variables(at: &Port, caller: &Caller) -> Vec<(&'static str, String)> {
    let key = if caller.account == "000000000000" { "test" } else { &caller.account };
    vec![
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", at.port)),
        ("AWS_REGION", caller.region.clone()),
        ("AWS_DEFAULT_REGION", caller.region.clone()),
        ("AWS_ACCESS_KEY_ID", key.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true".to_owned()),
        ("WEIR_PORT", at.port.to_string()),
    ]
}
