//! Machine images: a small public catalogue, the same in every region but for the ids.
//!
//! An image's id follows from its name and region, so that it is the same in every run; it is not the id that AWS uses.
//! Images boot nothing here: an instance runs what its host driver runs.
//! Source: EC2 User Guide, "Find an AMI"; owners from there, the Ubuntu on AWS documentation and Debian's wiki; Amazon Linux 2023 User
//! Guide, "AL2023 on Amazon EC2"; Systems Manager User Guide, "Calling AMI public parameters".

use crate::volume::VolumeType;
use crate::{Ids, ImageId, RegionName, SnapshotId};

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
    /// What boots from it.
    pub platform: Platform,
    /// The root device.
    pub root_device: &'static str,
    /// The size of its root volume in GiB.
    pub root_gib: u32,
    /// The type of its root volume.
    pub root_type: VolumeType,
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

/// What boots from an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux.
    Linux,
    /// Windows Server.
    Windows,
}

impl Platform {
    /// AWS's words for it and its price (`platformDetails`).
    pub fn details(self) -> &'static str {
        match self {
            Platform::Linux => "Linux/UNIX",
            Platform::Windows => "Windows",
        }
    }

    /// The operation that running it is billed as (`usageOperation`).
    pub fn usage_operation(self) -> &'static str {
        match self {
            Platform::Linux => "RunInstances",
            Platform::Windows => "RunInstances:0002",
        }
    }

    /// The member `platform`, which only Windows has.
    pub fn word(self) -> Option<&'static str> {
        (self == Platform::Windows).then_some("Windows")
    }
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
const DEBIAN: &str = "136693071363";
const MICROSOFT_WINDOWS: &str = "801119661308";

/// What images have in common that Amazon Linux has by itself; others say what is different.
const BASE: Image = Image {
    name: "",
    description: "",
    architecture: Architecture::X86,
    owner: AMAZON,
    owner_alias: Some("amazon"),
    platform: Platform::Linux,
    root_device: "/dev/xvda",
    root_gib: 8,
    root_type: VolumeType::Gp3,
    created: "",
    parameters: &[],
};
const BASE_ARM: Image = Image { architecture: Architecture::Arm, ..BASE };
const AMAZON_2: Image = Image { root_type: VolumeType::Gp2, ..BASE };
const AMAZON_2_ARM: Image = Image { architecture: Architecture::Arm, ..AMAZON_2 };
const UBUNTU: Image = Image { owner: CANONICAL, owner_alias: None, root_device: "/dev/sda1", ..BASE };
const UBUNTU_ARM: Image = Image { architecture: Architecture::Arm, ..UBUNTU };
const UBUNTU_GP2: Image = Image { root_type: VolumeType::Gp2, ..UBUNTU };
const UBUNTU_GP2_ARM: Image = Image { architecture: Architecture::Arm, ..UBUNTU_GP2 };
const DEBIAN_X86: Image = Image { owner: DEBIAN, owner_alias: None, ..BASE };
const DEBIAN_ARM: Image = Image { architecture: Architecture::Arm, ..DEBIAN_X86 };
const WINDOWS: Image = Image {
    owner: MICROSOFT_WINDOWS,
    platform: Platform::Windows,
    root_device: "/dev/sda1",
    root_gib: 30,
    root_type: VolumeType::Gp2,
    ..BASE
};

macro_rules! images {
    ($($base:ident $name:literal $description:literal $created:literal [$($parameter:literal)*],)*) => {
        /// Every image there is: name, description, when it was made, the parameters that name it.
        pub const CATALOGUE: &[Image] = &[$(Image {
            name: $name,
            description: $description,
            created: $created,
            parameters: &[$(concat!("/aws/service/", $parameter)),*],
            ..$base
        }),*];
    };
}

images! {
    BASE "al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64"
        "Amazon Linux 2023 AMI 2023.9.20251117.1 x86_64 HVM kernel-6.1" "2025-11-17T19:32:54.000Z"
        ["ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" "ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64"],
    BASE_ARM "al2023-ami-2023.9.20251117.1-kernel-6.1-arm64"
        "Amazon Linux 2023 AMI 2023.9.20251117.1 arm64 HVM kernel-6.1" "2025-11-17T19:33:07.000Z"
        ["ami-amazon-linux-latest/al2023-ami-kernel-default-arm64" "ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64"],
    BASE "al2023-ami-minimal-2023.9.20251117.1-kernel-6.1-x86_64"
        "Amazon Linux 2023 AMI 2023.9.20251117.1 x86_64 Minimal HVM kernel-6.1" "2025-11-17T19:33:19.000Z"
        ["ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64"
         "ami-amazon-linux-latest/al2023-ami-minimal-kernel-6.1-x86_64"],
    BASE_ARM "al2023-ami-minimal-2023.9.20251117.1-kernel-6.1-arm64"
        "Amazon Linux 2023 AMI 2023.9.20251117.1 arm64 Minimal HVM kernel-6.1" "2025-11-17T19:33:31.000Z"
        ["ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64"
         "ami-amazon-linux-latest/al2023-ami-minimal-kernel-6.1-arm64"],
    AMAZON_2 "amzn2-ami-kernel-5.10-hvm-2.0.20251110.1-x86_64-gp2"
        "Amazon Linux 2 LTS Kernel 5.10 AMI 2.0.20251110.1 x86_64 HVM gp2" "2025-11-10T18:05:22.000Z"
        ["ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2"],
    AMAZON_2_ARM "amzn2-ami-kernel-5.10-hvm-2.0.20251110.1-arm64-gp2"
        "Amazon Linux 2 LTS Kernel 5.10 AMI 2.0.20251110.1 arm64 HVM gp2" "2025-11-10T18:05:41.000Z"
        ["ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-arm64-gp2"],
    AMAZON_2 "amzn2-ami-hvm-2.0.20251110.1-x86_64-gp2"
        "Amazon Linux 2 AMI 2.0.20251110.1 x86_64 HVM gp2" "2025-11-10T18:06:02.000Z"
        ["ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"],
    AMAZON_2_ARM "amzn2-ami-hvm-2.0.20251110.1-arm64-gp2"
        "Amazon Linux 2 LTS Arm64 AMI 2.0.20251110.1 arm64 HVM gp2" "2025-11-10T18:06:17.000Z"
        ["ami-amazon-linux-latest/amzn2-ami-hvm-arm64-gp2"],
    UBUNTU "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022"
        "Canonical, Ubuntu, 24.04, amd64 noble image" "2025-10-22T06:49:11.000Z"
        ["canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"],
    UBUNTU_ARM "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20251022"
        "Canonical, Ubuntu, 24.04, arm64 noble image" "2025-10-22T06:51:40.000Z"
        ["canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id"],
    UBUNTU_GP2 "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20251015"
        "Canonical, Ubuntu, 22.04 LTS, amd64 jammy image" "2025-10-15T04:58:23.000Z"
        ["canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
         "canonical/ubuntu/server/jammy/stable/current/amd64/hvm/ebs-gp2/ami-id"],
    UBUNTU_GP2_ARM "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20251015"
        "Canonical, Ubuntu, 22.04 LTS, arm64 jammy image" "2025-10-15T05:00:09.000Z"
        ["canonical/ubuntu/server/22.04/stable/current/arm64/hvm/ebs-gp2/ami-id"
         "canonical/ubuntu/server/jammy/stable/current/arm64/hvm/ebs-gp2/ami-id"],
    UBUNTU_GP2 "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-20250603"
        "Canonical, Ubuntu, 20.04 LTS, amd64 focal image" "2025-06-03T05:18:36.000Z"
        ["canonical/ubuntu/server/20.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
         "canonical/ubuntu/server/focal/stable/current/amd64/hvm/ebs-gp2/ami-id"],
    UBUNTU_GP2_ARM "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-arm64-server-20250603"
        "Canonical, Ubuntu, 20.04 LTS, arm64 focal image" "2025-06-03T05:20:12.000Z"
        ["canonical/ubuntu/server/20.04/stable/current/arm64/hvm/ebs-gp2/ami-id"
         "canonical/ubuntu/server/focal/stable/current/arm64/hvm/ebs-gp2/ami-id"],
    DEBIAN_X86 "debian-12-amd64-20251112-2294"
        "Debian 12 (20251112-2294)" "2025-11-12T21:11:42.000Z" ["debian/release/12/latest/amd64"],
    DEBIAN_ARM "debian-12-arm64-20251112-2294"
        "Debian 12 (20251112-2294)" "2025-11-12T21:12:30.000Z" ["debian/release/12/latest/arm64"],
    WINDOWS "Windows_Server-2022-English-Full-Base-2025.11.12"
        "Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon" "2025-11-12T09:21:48.000Z"
        ["ami-windows-latest/Windows_Server-2022-English-Full-Base"],
}

impl Image {
    /// Its id in `region`.
    pub fn id(&self, region: RegionName) -> ImageId {
        self.ids(region).fresh()
    }

    /// The snapshot of its root volume in `region`.
    pub fn snapshot(&self, region: RegionName) -> SnapshotId {
        let mut ids = self.ids(region);
        ids.bits();
        ids.fresh()
    }

    fn ids(&self, region: RegionName) -> Ids {
        let bytes = region.as_str().bytes().chain([b'/']).chain(self.name.bytes());
        // FNV-1a, 64 bits: any fixed function of the name will do.
        Ids::new(
            bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            }),
        )
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
