//! Which instance types are not built on the Nitro System: flow logs name paths through gateways differently for them,
//! and aggregate for as long as was asked.
//!
//! Source: EC2 User Guide, "Instances built on the AWS Nitro System" (the families that its list leaves out).

const XEN_FAMILIES: &[&str] = &[
    "c1", "c3", "c4", "cc2", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2", "m3", "m4",
    "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

/// Whether an instance of `instance_type` (`family.size`) runs on Nitro; so do the bare-metal sizes of every family.
pub fn is_nitro(instance_type: &str) -> bool {
    let (family, size) = instance_type.split_once('.').unwrap_or((instance_type, ""));
    size.starts_with("metal") || !XEN_FAMILIES.contains(&family)
}

#[cfg(test)]
mod tests {
    use super::is_nitro;

    #[test]
    fn families_before_nitro_are_known() {
        for (instance_type, expected) in [
            ("t2.micro", false),
            ("t3.micro", true),
            ("i3.large", false),
            ("i3.metal", true),
            ("m7g.large", true),
        ] {
            assert_eq!(is_nitro(instance_type), expected, "{instance_type}");
        }
    }
}
