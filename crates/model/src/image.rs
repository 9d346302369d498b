//! Machine images: a small public catalogue, the same in every region but for the ids.
//!
//! An image's id follows from its name and region, so that it is the same in every run; it is not the id that AWS uses.
//! Images boot nothing here: an instance runs what its host driver runs.
//! Source: EC2 User Guide, "Find an AMI"; Amazon Linux 2023 User Guide, "AL2023 on Amazon EC2"; Systems Manager User Guide,
//! "Calling AMI public parameters".

use crate::{Ids, ImageId, RegionName};

/// One image of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub description: &'static str,
    /// What it runs on.
    pub architecture: Architecture,
    /// The account that owns it.
    pub owner: &'static str,
    /// The alias of that account: `amazon`, or none.
    pub owner_alias: Option<&'static str>,
    /// The root device.
    pub root_device: &'static str,
    /// When it was made, RFC 3339.
    pub created: &'static str,
    /// The public parameters of Systems Manager that name it.
    pub parameters: &'static [&'static str],
}

/// A processor architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit x86.
    X86,
    /// 64-bit Arm.
    Arm,
}

impl Architecture {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Architecture::X86 => "x86_64",
            Architecture::Arm => "arm64",
        }
    }
}

const AMAZON: &str = "137112412989";
const CANONICAL: &str = "099720109477";

macro_rules! parameters {
    ($base:literal: $($name:literal)*) => { &[$(concat!($base, $name)),*] };
}

/// Every image there is.
pub const CATALOGUE: &[Image] = &[
    Image {
        name: "al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64",
        description: "Amazon Linux 2023 AMI 2023.9.20251117.1 x86_64 HVM kernel-6.1",
        architecture: Architecture::X86,
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        created: "2025-11-17T19:32:54.000Z",
        parameters: parameters!("/aws/service/ami-amazon-linux-latest/":
            "al2023-ami-kernel-default-x86_64" "al2023-ami-kernel-6.1-x86_64"),
    },
    Image {
        name: "al2023-ami-2023.9.20251117.1-kernel-6.1-arm64",
        description: "Amazon Linux 2023 AMI 2023.9.20251117.1 arm64 HVM kernel-6.1",
        architecture: Architecture::Arm,
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        created: "2025-11-17T19:33:07.000Z",
        parameters: parameters!("/aws/service/ami-amazon-linux-latest/":
            "al2023-ami-kernel-default-arm64" "al2023-ami-kernel-6.1-arm64"),
    },
    Image {
        name: "al2023-ami-minimal-2023.9.20251117.1-kernel-6.1-x86_64",
        description: "Amazon Linux 2023 AMI 2023.9.20251117.1 x86_64 Minimal HVM kernel-6.1",
        architecture: Architecture::X86,
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        created: "2025-11-17T19:33:19.000Z",
        parameters: parameters!("/aws/service/ami-amazon-linux-latest/":
            "al2023-ami-minimal-kernel-default-x86_64" "al2023-ami-minimal-kernel-6.1-x86_64"),
    },
    Image {
        name: "al2023-ami-minimal-2023.9.20251117.1-kernel-6.1-arm64",
        description: "Amazon Linux 2023 AMI 2023.9.20251117.1 arm64 Minimal HVM kernel-6.1",
        architecture: Architecture::Arm,
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        created: "2025-11-17T19:33:31.000Z",
        parameters: parameters!("/aws/service/ami-amazon-linux-latest/":
            "al2023-ami-minimal-kernel-default-arm64" "al2023-ami-minimal-kernel-6.1-arm64"),
    },
    Image {
        name: "amzn2-ami-kernel-5.10-hvm-2.0.20251110.1-x86_64-gp2",
        description: "Amazon Linux 2 LTS Kernel 5.10 AMI 2.0.20251110.1 x86_64 HVM gp2",
        architecture: Architecture::X86,
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        created: "2025-11-10T18:05:22.000Z",
        parameters: parameters!("/aws/service/ami-amazon-linux-latest/":
            "amzn2-ami-kernel-5.10-hvm-x86_64-gp2" "amzn2-ami-hvm-x86_64-gp2"),
    },
    Image {
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022",
        description: "Canonical, Ubuntu, 24.04, amd64 noble image",
        architecture: Architecture::X86,
        owner: CANONICAL,
        owner_alias: None,
        root_device: "/dev/sda1",
        created: "2025-10-22T06:49:11.000Z",
        parameters: parameters!("/aws/service/canonical/ubuntu/server/24.04/stable/current/":
            "amd64/hvm/ebs-gp3/ami-id"),
    },
    Image {
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20251022",
        description: "Canonical, Ubuntu, 24.04, arm64 noble image",
        architecture: Architecture::Arm,
        owner: CANONICAL,
        owner_alias: None,
        root_device: "/dev/sda1",
        created: "2025-10-22T06:51:40.000Z",
        parameters: parameters!("/aws/service/canonical/ubuntu/server/24.04/stable/current/":
            "arm64/hvm/ebs-gp3/ami-id"),
    },
];

impl Image {
    /// Its id in `region`.
    pub fn id(&self, region: RegionName) -> ImageId {
        let bytes = region.as_str().bytes().chain([b'/']).chain(self.name.bytes());
        // FNV-1a, 64 bits: any fixed function of the name will do.
        let seed = bytes
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Ids::new(seed).fresh()
    }

    /// The image with this id in `region`.
    pub fn find(region: RegionName, id: ImageId) -> Option<&'static Image> {
        CATALOGUE.iter().find(|image| image.id(region) == id)
    }

    /// The image that a public parameter of Systems Manager names.
    pub fn by_parameter(name: &str) -> Option<&'static Image> {
        CATALOGUE.iter().find(|image| image.parameters.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_differ_by_image_and_region_and_stay_the_same() {
        let regions: Vec<RegionName> =
            ["us-east-1", "eu-west-1"].iter().flat_map(|name| name.parse()).collect();
        let ids: BTreeSet<ImageId> =
            regions.iter().flat_map(|region| CATALOGUE.iter().map(|image| image.id(*region))).collect();
        assert_eq!(ids.len(), 2 * CATALOGUE.len());
        let id = CATALOGUE[0].id(regions[0]);
        assert_eq!(Image::find(regions[0], id), Some(&CATALOGUE[0]));
        assert_eq!(Image::find(regions[1], id), None);
    }

    // Amazon Linux 2023 User Guide, "Launching AL2023 using the SSM parameter and AWS CLI".
    #[test]
    fn the_default_parameter_names_amazon_linux_2023() {
        let name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
        assert_eq!(Image::by_parameter(name), Some(&CATALOGUE[0]));
        assert_eq!(Image::by_parameter("/aws/service/none"), None);
    }
}
