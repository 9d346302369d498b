//! `weir explain FROM TO`: whether and why a packet arrives, stage by stage, from the function that moves packets.

use crate::arguments::Explain;
use crate::remote::Remote;
use crate::{Failure, Outcome};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Exit code when the packet does not arrive, for scripts.
const BLOCKED: u8 = 10;

/// Runs the command.
pub fn run(explain: &Explain) -> Outcome {
    let (to, port) = destination(&explain.to)?;
    let asked = json!({ "from": explain.from, "to": to, "protocol": explain.protocol, "port": port });
    let told = Remote::at(&explain.at)?.post("/_weir/explain", &asked)?;
    for step in told.get("trace").and_then(Value::as_array).into_iter().flatten() {
        println!("  {}", step.as_str().unwrap_or_default());
    }
    println!("{}", told.get("verdict").and_then(Value::as_str).unwrap_or_default());
    let arrives = told.get("delivered").and_then(Value::as_bool).unwrap_or(false);
    Ok(if arrives { 0 } else { BLOCKED })
}

/// Takes `web:80`, `10.0.1.5:80` or `[2001:db8::5]:80` apart; without a port the text is all host.
///
/// # Errors
/// What follows the last colon of what is no address is no port.
fn destination(text: &str) -> Result<(&str, Option<u16>), Failure> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok((text, None));
    }
    let Some((host, port)) = text.rsplit_once(':') else { return Ok((text, None)) };
    match port.parse() {
        Ok(port) => Ok((host.trim_matches(['[', ']']), Some(port))),
        Err(_) => Err(Failure::new(2, format!("{port} is no port: a number from 0 to 65535"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_what_follows_the_last_colon_of_what_is_no_address() {
        let of = |text| destination(text).map_err(|failure| failure.code);
        assert_eq!(of("web"), Ok(("web", None)));
        assert_eq!(of("web:80"), Ok(("web", Some(80))));
        assert_eq!(of("10.0.1.5:80"), Ok(("10.0.1.5", Some(80))));
        assert_eq!(of("2001:db8::80"), Ok(("2001:db8::80", None)));
        assert_eq!(of("[2001:db8::5]:80"), Ok(("2001:db8::5", Some(80))));
        assert_eq!([of("web:http"), of("10.0.1.5:70000"), of("web:")], [Err(2); 3]);
    }
}
