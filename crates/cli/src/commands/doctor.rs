//! `weir doctor`: which hosts this machine allows, what is missing for the others, and what ended weirs have left behind.

use crate::Outcome;
use crate::arguments::Doctor;

/// Runs the command.
pub fn run(doctor: &Doctor) -> Outcome {
    println!("simulated hosts                  possible, here as everywhere");
    netns(doctor)
}

#[cfg(not(target_os = "linux"))]
fn netns(_: &Doctor) -> Outcome {
    println!("network namespaces               not possible: they need Linux; take simulated hosts");
    Ok(0)
}

#[cfg(target_os = "linux")]
fn netns(doctor: &Doctor) -> Outcome {
    use weir_netns::{Missing, become_root, leftovers, possible};
    let tell = |what: &str, found: &Result<(), Missing>| match found {
        Ok(()) => println!("{what:32} possible"),
        Err(missing) => println!("{what:32} not possible: {missing}"),
    };
    match become_root() {
        Ok(()) => {
            let possible = possible();
            tell("network namespaces with TAP", &possible.tap);
            tell("network namespaces with sockets", &possible.packet);
            match possible.driver {
                Ok(driver) => println!("weir up --hosts netns            takes {driver}"),
                Err(_) => println!("weir up --hosts netns            not possible; take simulated hosts"),
            }
        }
        Err(missing) => {
            tell("network namespaces", &Err(missing));
            println!("weir up --hosts netns            not possible; take simulated hosts");
        }
    }
    let left = leftovers();
    for leftover in &left {
        println!("{:32} {leftover}", "left behind");
        if doctor.clean {
            leftover.remove().map_err(|error| format!("{leftover}: {error}"))?;
            println!("{:32} removed", "");
        }
    }
    if left.is_empty() {
        println!("{:32} nothing", "left behind");
    }
    Ok(0)
}
