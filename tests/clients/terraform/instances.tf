# Instances with all that hangs on them.

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

data "aws_ssm_parameter" "linux" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

data "aws_ec2_instance_type" "micro" {
  instance_type = "t3.micro"
}

# The rest of this file is made while the network is: instances need ten seconds in any case.
resource "aws_vpc" "hosts" {
  cidr_block = "10.40.0.0/16"
}

resource "aws_internet_gateway" "hosts" {
  vpc_id = aws_vpc.hosts.id
}

resource "aws_subnet" "hosts" {
  vpc_id            = aws_vpc.hosts.id
  cidr_block        = "10.40.1.0/24"
  availability_zone = local.zones[0]
}

resource "aws_vpc_ipv4_cidr_block_association" "second" {
  vpc_id     = aws_vpc.hosts.id
  cidr_block = "100.64.0.0/16"
}

resource "aws_subnet" "second" {
  vpc_id                  = aws_vpc_ipv4_cidr_block_association.second.vpc_id
  cidr_block              = "100.64.1.0/24"
  map_public_ip_on_launch = var.step == 2
}

resource "aws_security_group" "hosts" {
  name   = "hosts"
  vpc_id = aws_vpc.hosts.id
}

resource "aws_key_pair" "deployer" {
  key_name   = "deployer"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNnI8wNe0QZkbUjbXb3gz0JM3fn2Y4ZjW8u0Xu0p9hJ user@example.com"
}

data "aws_iam_policy_document" "ec2" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "host" {
  name               = "host"
  path               = "/system/"
  description        = "step ${var.step}"
  assume_role_policy = data.aws_iam_policy_document.ec2.json
}

resource "aws_iam_role_policy" "describe" {
  name   = "describe"
  role   = aws_iam_role.host.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Action = ["ec2:Describe*"], Effect = "Allow", Resource = "*" }] })
}

resource "aws_iam_role_policy_attachment" "managed" {
  role       = aws_iam_role.host.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "host" {
  name = "host"
  role = aws_iam_role.host.name
}

resource "aws_instance" "web" {
  ami                         = data.aws_ami.linux.id
  instance_type               = data.aws_ec2_instance_type.micro.instance_type
  subnet_id                   = aws_subnet.hosts.id
  vpc_security_group_ids      = [aws_security_group.hosts.id]
  key_name                    = aws_key_pair.deployer.key_name
  iam_instance_profile        = aws_iam_instance_profile.host.name
  associate_public_ip_address = true
  user_data                   = "#!/bin/bash\necho hello\n"
  monitoring                  = var.step == 2
  source_dest_check           = var.step == 1

  metadata_options {
    http_tokens = "required"
  }
  credit_specification {
    cpu_credits = "unlimited"
  }
  root_block_device {
    volume_type = "gp3"
    volume_size = 10
    encrypted   = true
  }
  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 5
  }
  tags = { Name = "web-${var.step}" }
}

resource "aws_network_interface" "primary" {
  subnet_id       = aws_subnet.hosts.id
  private_ips     = ["10.40.1.100", "10.40.1.101"]
  security_groups = [aws_security_group.hosts.id]
}

resource "aws_instance" "db" {
  ami           = data.aws_ssm_parameter.linux.insecure_value
  instance_type = "t3.nano"

  network_interface {
    network_interface_id = aws_network_interface.primary.id
    device_index         = 0
  }
}

resource "aws_eip" "db" {
  domain                    = "vpc"
  network_interface         = aws_network_interface.primary.id
  associate_with_private_ip = "10.40.1.101"
  depends_on                = [aws_internet_gateway.hosts]
}

resource "aws_network_interface" "further" {
  subnet_id = aws_subnet.hosts.id
}

resource "aws_network_interface_attachment" "further" {
  instance_id          = aws_instance.db.id
  network_interface_id = aws_network_interface.further.id
  device_index         = 1
}

resource "aws_ebs_volume" "further" {
  availability_zone = local.zones[0]
  size              = 8
  type              = "gp3"
  tags              = { Name = "step-${var.step}" }
}

data "aws_instances" "web" {
  instance_tags = { Name = aws_instance.web.tags.Name }
  depends_on    = [aws_instance.web]
}
