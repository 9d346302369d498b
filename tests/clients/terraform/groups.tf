# Security groups in the three ways that the provider has for their rules.

data "aws_prefix_list" "s3" {
  name = "com.amazonaws.${local.region}.s3"
}

resource "aws_security_group" "inline" {
  name        = "inline"
  description = "Rules within"
  vpc_id      = aws_vpc.main.id

  ingress {
    description      = "TLS"
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    cidr_blocks      = ["10.0.0.0/8", "192.168.0.0/16"]
    ipv6_cidr_blocks = ["::/0"]
  }
  ingress {
    from_port       = var.step == 2 ? 81 : 80
    to_port         = 88
    protocol        = "6"
    security_groups = [aws_security_group.rules.id]
    self            = true
  }
  egress {
    from_port       = 0
    to_port         = 0
    protocol        = "-1"
    cidr_blocks     = ["0.0.0.0/0"]
    prefix_list_ids = [data.aws_prefix_list.s3.id]
  }
}

resource "aws_security_group" "rules" {
  name   = "rules"
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  description       = "step ${var.step}"
  cidr_blocks       = ["10.0.0.0/8", "172.16.0.0/12"]
  security_group_id = aws_security_group.rules.id
}

resource "aws_security_group_rule" "offices" {
  type              = "egress"
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  prefix_list_ids   = [aws_ec2_managed_prefix_list.offices.id]
  security_group_id = aws_security_group.rules.id
}

resource "aws_security_group" "newer" {
  name_prefix = "newer-"
  vpc_id      = aws_vpc.main.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  security_group_id = aws_security_group.newer.id
  cidr_ipv4         = "10.0.0.0/8"
  from_port         = 80
  to_port           = var.step == 2 ? 89 : 80
  ip_protocol       = "tcp"
  tags              = { Name = "step-${var.step}" }
}

resource "aws_vpc_security_group_ingress_rule" "own" {
  security_group_id            = aws_security_group.newer.id
  referenced_security_group_id = aws_security_group.newer.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.newer.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
