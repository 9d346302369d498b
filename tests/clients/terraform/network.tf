# A VPC with every kind of route, its gateways and its defaults; another with endpoints.
#
# The provider waits ten seconds after each change of a VPC's or subnet's attribute, so each has one at most.

resource "aws_vpc" "main" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
  tags                             = { Name = "main", Step = var.step }
}

resource "aws_vpc_dhcp_options" "main" {
  domain_name         = "service.consul"
  domain_name_servers = ["127.0.0.1", "10.0.0.2"]
  ntp_servers         = ["127.0.0.1"]
}

resource "aws_vpc_dhcp_options_association" "main" {
  vpc_id          = aws_vpc.main.id
  dhcp_options_id = aws_vpc_dhcp_options.main.id
}

resource "aws_subnet" "public" {
  count             = 3
  vpc_id            = aws_vpc.main.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  ipv6_cidr_block   = cidrsubnet(aws_vpc.main.ipv6_cidr_block, 8, count.index)
  tags              = { Name = "public-${count.index}", Tier = "public" }
}

resource "aws_subnet" "private" {
  count             = 3
  vpc_id            = aws_vpc.main.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, 10 + count.index)
  tags              = { Name = "private-${count.index}", Tier = "private" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "step-${var.step}" }
}

resource "aws_egress_only_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_eip" "nat" {
  count      = 2
  domain     = "vpc"
  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "main" {
  allocation_id            = aws_eip.nat[0].id
  subnet_id                = aws_subnet.public[0].id
  secondary_allocation_ids = var.step == 2 ? [aws_eip.nat[1].id] : null
}

resource "aws_network_interface" "appliance" {
  subnet_id         = aws_subnet.private[0].id
  source_dest_check = false
  description       = "step ${var.step}"
  private_ips_count = var.step
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 3

  dynamic "entry" {
    for_each = var.step == 2 ? ["10.9.0.0/16", "10.10.0.0/16"] : ["10.9.0.0/16"]
    content {
      cidr        = entry.value
      description = "an office"
    }
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route" "internet6" {
  route_table_id              = aws_route_table.public.id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  count          = 3
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.main.id
  }
  route {
    ipv6_cidr_block        = "::/0"
    egress_only_gateway_id = aws_egress_only_internet_gateway.main.id
  }
  route {
    cidr_block                = "10.200.0.0/16"
    vpc_peering_connection_id = aws_vpc_peering_connection.near.id
  }
  route {
    cidr_block           = var.step == 2 ? "172.17.0.0/16" : "172.16.0.0/16"
    network_interface_id = aws_network_interface.appliance.id
  }
  route {
    destination_prefix_list_id = aws_ec2_managed_prefix_list.offices.id
    transit_gateway_id         = aws_ec2_transit_gateway_vpc_attachment.main.transit_gateway_id
  }
}

resource "aws_route_table_association" "private" {
  count          = 3
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = count.index == 2 && var.step == 2 ? aws_route_table.public.id : aws_route_table.private.id
}

resource "aws_route_table" "edge" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route_table_association" "edge" {
  gateway_id     = aws_internet_gateway.main.id
  route_table_id = aws_route_table.edge.id
}

resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  tags                   = { Name = "default" }
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_default_network_acl" "main" {
  default_network_acl_id = aws_vpc.main.default_network_acl_id

  dynamic "ingress" {
    for_each = { 100 = "0.0.0.0/0" }
    content {
      protocol   = -1
      rule_no    = ingress.key
      action     = "allow"
      cidr_block = ingress.value
      from_port  = 0
      to_port    = 0
    }
  }
  lifecycle {
    ignore_changes = [subnet_ids]
  }
}

resource "aws_network_acl" "inline" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = aws_subnet.public[*].id

  egress {
    protocol   = "tcp"
    rule_no    = 200
    action     = "allow"
    cidr_block = "10.3.0.0/18"
    from_port  = 443
    to_port    = var.step == 2 ? 444 : 443
  }
  ingress {
    protocol   = "icmp"
    rule_no    = 100
    action     = "deny"
    cidr_block = "10.3.0.0/18"
    icmp_type  = 8
    icmp_code  = -1
    from_port  = 0
    to_port    = 0
  }
}

resource "aws_network_acl" "rules" {
  vpc_id = aws_vpc.hosts.id
}

resource "aws_network_acl_rule" "ssh" {
  network_acl_id = aws_network_acl.rules.id
  rule_number    = 100
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
  from_port      = 22
  to_port        = 22
}

resource "aws_network_acl_rule" "out6" {
  network_acl_id  = aws_network_acl.rules.id
  rule_number     = 100
  egress          = true
  protocol        = "-1"
  rule_action     = "allow"
  ipv6_cidr_block = "::/0"
}

resource "aws_network_acl_association" "rules" {
  network_acl_id = aws_network_acl.rules.id
  subnet_id      = aws_subnet.second.id
}

data "aws_iam_policy_document" "endpoints" {
  statement {
    effect    = "Deny"
    actions   = ["*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "StringNotEquals"
      variable = "aws:SourceVpc"
      values   = [aws_vpc.near.id]
    }
  }
}

data "aws_vpc_endpoint_service" "s3" {
  service      = "s3"
  service_type = "Gateway"
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main.id
  service_name    = data.aws_vpc_endpoint_service.s3.service_name
  route_table_ids = [aws_route_table.private.id]
  policy          = var.step == 2 ? data.aws_iam_policy_document.endpoints.json : null
}

resource "aws_vpc_endpoint" "services" {
  for_each            = toset(["ecr.api", "logs", "ssm"])
  vpc_id              = aws_vpc.near.id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  security_group_ids  = [aws_security_group.endpoints.id]
  subnet_ids          = var.step == 2 ? [aws_subnet.near[0].id] : aws_subnet.near[*].id
  policy              = data.aws_iam_policy_document.endpoints.json
}

resource "aws_security_group" "endpoints" {
  name   = "endpoints"
  vpc_id = aws_vpc.near.id
}

data "aws_vpc" "by_name" {
  tags       = { Name = "main" }
  depends_on = [aws_vpc.main]
}

data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [aws_vpc.main.id]
  }
  tags       = { Tier = "private" }
  depends_on = [aws_subnet.private]
}

data "aws_route_tables" "all" {
  vpc_id     = aws_vpc.main.id
  depends_on = [aws_route_table.private, aws_route_table.public, aws_route_table.edge]
}

output "found" {
  value = [data.aws_vpc.by_name.id == aws_vpc.main.id, length(data.aws_subnets.private.ids), length(data.aws_route_tables.all.ids)]
}
