# Peerings within an account and with another, and a transit gateway.

resource "aws_vpc" "near" {
  cidr_block           = "10.200.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "near" {
  count             = 2
  vpc_id            = aws_vpc.near.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(aws_vpc.near.cidr_block, 8, count.index)
}

resource "aws_vpc" "far" {
  provider             = aws.far
  cidr_block           = "10.201.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_vpc_peering_connection" "near" {
  vpc_id      = aws_vpc.main.id
  peer_vpc_id = aws_vpc.near.id
  auto_accept = true
  tags        = { Name = "step-${var.step}" }
  lifecycle {
    # It is not told by AWS, so an import cannot know it.
    ignore_changes = [auto_accept]
  }
}

resource "aws_vpc_peering_connection" "far" {
  vpc_id        = aws_vpc.near.id
  peer_vpc_id   = aws_vpc.far.id
  peer_owner_id = data.aws_caller_identity.far.account_id
  peer_region   = "eu-west-1"
  tags          = { Side = "requester" }
}

resource "aws_vpc_peering_connection_accepter" "far" {
  provider                  = aws.far
  vpc_peering_connection_id = aws_vpc_peering_connection.far.id
  auto_accept               = true
  tags                      = { Side = "accepter" }
}

resource "aws_vpc_peering_connection_options" "far" {
  vpc_peering_connection_id = aws_vpc_peering_connection_accepter.far.id

  requester {
    allow_remote_vpc_dns_resolution = var.step == 2
  }
}

resource "aws_ec2_transit_gateway" "hub" {
  description                     = "step ${var.step}"
  default_route_table_association = "disable"
  default_route_table_propagation = "disable"
}

resource "aws_ec2_transit_gateway_vpc_attachment" "main" {
  transit_gateway_id                              = aws_ec2_transit_gateway.hub.id
  vpc_id                                          = aws_vpc.main.id
  subnet_ids                                      = var.step == 2 ? aws_subnet.private[*].id : [aws_subnet.private[0].id]
  transit_gateway_default_route_table_association = false
  transit_gateway_default_route_table_propagation = false
}

resource "aws_ec2_transit_gateway_route_table" "hub" {
  transit_gateway_id = aws_ec2_transit_gateway.hub.id
}

resource "aws_ec2_transit_gateway_route_table_association" "main" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.main.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}

resource "aws_ec2_transit_gateway_route_table_propagation" "main" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.main.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}

resource "aws_ec2_transit_gateway_route" "out" {
  destination_cidr_block         = "0.0.0.0/0"
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.main.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}

resource "aws_ec2_transit_gateway_route" "nowhere" {
  destination_cidr_block         = "192.168.0.0/16"
  blackhole                      = true
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.hub.id
}
