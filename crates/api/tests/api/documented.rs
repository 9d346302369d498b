//! `docs/operations.md` lists what the table of operations has: `UPDATE_EXPECT=1 cargo test -p weir-api documented` writes it.

use expect_test::expect_file;
use std::fmt::Write as _;
use weir_api::table::{self, Access, Row};
use weir_wire::{Dialect, Kind, Member, Service};

const HEAD: &str = "# Operations

What Weir answers, written from its own table of operations. Anything else is refused with HTTP 400 and the words \"not implemented
by weir\". A parameter that is not implemented is refused too (`UnknownParameter`), never ignored; those in the last column are read
and checked but change nothing.
";

#[test]
fn operations_are_documented() {
    let mut text = HEAD.to_owned();
    for service in Service::all() {
        let mut rows: Vec<&Row> = table::all().filter(|row| row.service == service).collect();
        rows.sort_by_key(|row| row.name);
        if !rows.is_empty() {
            write_service(&mut text, service, &rows).expect("a string takes anything");
        }
    }
    write_s3(&mut text).expect("a string takes anything");
    expect_file!["../../../../docs/operations.md"].assert_eq(&text);
}

fn write_service(text: &mut String, service: Service, rows: &[&Row]) -> std::fmt::Result {
    write!(text, "\n## {} ({})\n\n", service.scope(), rows.len())?;
    writeln!(text, "| operation | access | accepted without effect |")?;
    writeln!(text, "|---|---|---|")?;
    for row in rows {
        let mut accepted = Vec::new();
        without_effect(row.members, "", service.dialect(), &mut accepted);
        let accepted: Vec<String> =
            accepted.into_iter().chain(row.without_effect.iter().map(|name| (*name).to_owned())).collect();
        writeln!(text, "| {} | {} | {} |", row.name, access(row.access), accepted.join(", "))?;
    }
    Ok(())
}

/// The members without effect, those of structures with the names of these before them: `Placement.GroupName`.
fn without_effect(members: &[Member], at: &str, dialect: Dialect, accepted: &mut Vec<String>) {
    for member in members {
        let name = if member.flatten { String::new() } else { member.request_name(dialect) };
        let below = if member.flatten { at.to_owned() } else { format!("{at}{name}.") };
        match element(member.kind) {
            _ if member.accepted => accepted.push(format!("{at}{name}")),
            Kind::Structure(members) => without_effect(members, &below, dialect, accepted),
            _ => {}
        }
    }
}

/// What a list is of, at any depth.
fn element(kind: Kind) -> Kind {
    match kind {
        Kind::List(of) => element(*of),
        other => other,
    }
}

/// S3 has tables of its own, and refuses in its own way.
fn write_s3(text: &mut String) -> std::fmt::Result {
    let rows = weir_s3::OPERATIONS;
    write!(text, "\n## s3 ({})\n\nAnything else is refused as above. ", rows.len())?;
    writeln!(text, "Headers accepted without effect: {}.", weir_s3::WITHOUT_EFFECT.join(", "))?;
    writeln!(
        text,
        "The encryption that a bucket is set up with is kept and told, without effect: there are no keys.\n"
    )?;
    write_s3_rows(text, rows)?;
    let rows = weir_s3::CONTROL_OPERATIONS;
    write!(
        text,
        "\n## s3control ({})\n\nOf buckets, by ARN. Clients put the account before the host, which an IP address does not take: \
         name a host that leads here, or make Weir their HTTP proxy (`HTTP_PROXY=http://127.0.0.1:4566`).\n\n",
        rows.len()
    )?;
    write_s3_rows(text, rows)
}

fn write_s3_rows(text: &mut String, rows: &[weir_s3::Row]) -> std::fmt::Result {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.name);
    writeln!(text, "| operation | what a policy has to allow |")?;
    writeln!(text, "|---|---|")?;
    rows.iter().try_for_each(|row| writeln!(text, "| {} | {} |", row.name, row.action))
}

fn access(access: Access) -> &'static str {
    match access {
        Access::List => "list",
        Access::Read => "read",
        Access::Write => "write",
        Access::Tagging => "tagging",
        Access::Permissions => "permissions",
    }
}
