# What people write with the AWS provider, applied in two steps: what depends on var.step is changed in place by the second.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# As for AWS: where Weir listens and any key are in the environment, as `weir env` prints it.
provider "aws" {
  default_tags {
    tags = { Project = "weir" }
  }
}

# Another account in another region, for the other end of a peering.
provider "aws" {
  alias      = "far"
  region     = "eu-west-1"
  access_key = "222222222222"
  secret_key = "test"
}

variable "step" {
  type    = number
  default = 1
}

data "aws_availability_zones" "available" {
  state = "available"
}

data "aws_caller_identity" "here" {}

data "aws_caller_identity" "far" {
  provider = aws.far
}

data "aws_region" "here" {}

locals {
  account = data.aws_caller_identity.here.account_id
  region  = data.aws_region.here.name
  zones   = slice(data.aws_availability_zones.available.names, 0, 3)
}
