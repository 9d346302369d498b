//! From Rust spelling to AWS's: the mechanical part of naming, done while compiling so that it costs nothing later.

/// The AWS member name of a Rust field: `vpc_ids` is `VpcIds`, `r#type` is `Type`.
pub fn member(field: &str) -> String {
    let field = field.strip_prefix("r#").unwrap_or(field);
    field.split('_').map(capitalized).collect()
}

/// The wire word of a variant: `PendingAcceptance` is `pending-acceptance`.
pub fn word(variant: &str) -> String {
    let mut word = String::new();
    for (at, letter) in variant.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn capitalized(part: &str) -> String {
    let mut letters = part.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_member_names() {
        let rows = [
            ("vpc_ids", "VpcIds"),
            ("r#type", "Type"),
            ("ipv6_cidr_block", "Ipv6CidrBlock"),
            ("enable_dns64", "EnableDns64"),
            ("attribute_enable_resource_name_dns_a_record", "AttributeEnableResourceNameDnsARecord"),
        ];
        rows.iter().for_each(|(field, name)| assert_eq!(member(field), *name));
    }

    #[test]
    fn variants_become_words() {
        let rows = [("PendingAcceptance", "pending-acceptance"), ("Available", "available")];
        rows.iter().for_each(|(variant, name)| assert_eq!(word(variant), *name));
    }
}
