# Flow logs, what receives them, and a bucket.

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/vpc/flow"
  retention_in_days = var.step == 2 ? 30 : 7
}

resource "aws_cloudwatch_log_metric_filter" "rejects" {
  name           = "rejects"
  pattern        = "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, start, end, action=\"REJECT\", status]"
  log_group_name = aws_cloudwatch_log_group.flow.name

  metric_transformation {
    name      = "Rejects"
    namespace = "VPC"
    value     = var.step == 2 ? "$bytes" : "1"
  }
}

resource "aws_cloudwatch_query_definition" "top" {
  name            = "flow/top"
  log_group_names = [aws_cloudwatch_log_group.flow.name]
  query_string    = "stats sum(bytes) as total by srcAddr\n| sort total desc\n| limit ${var.step * 10}\n"
}

data "aws_iam_policy_document" "delivery" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:ec2:${local.region}:${local.account}:vpc-flow-log/*"]
    }
  }
}

resource "aws_iam_role" "delivery" {
  name_prefix        = "flow-logs-"
  assume_role_policy = data.aws_iam_policy_document.delivery.json
}

resource "aws_iam_policy" "delivery" {
  name_prefix = "flow-logs-"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
      Resource = "${aws_cloudwatch_log_group.flow.arn}:*"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "delivery" {
  role       = aws_iam_role.delivery.name
  policy_arn = aws_iam_policy.delivery.arn
}

resource "aws_flow_log" "main" {
  vpc_id                   = aws_vpc.main.id
  iam_role_arn             = aws_iam_role.delivery.arn
  log_destination          = aws_cloudwatch_log_group.flow.arn
  traffic_type             = "ALL"
  log_format               = "$${version} $${interface-id} $${srcaddr} $${dstaddr} $${action} $${flow-direction}"
  max_aggregation_interval = 60
  tags                     = { Name = "step-${var.step}" }
}

resource "aws_s3_bucket" "exports" {
  bucket = "exports"
  tags   = { Name = "step-${var.step}" }
}

resource "aws_s3_bucket_public_access_block" "exports" {
  bucket                  = aws_s3_bucket.exports.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = var.step == 2
}

resource "aws_s3_bucket_server_side_encryption_configuration" "exports" {
  bucket = aws_s3_bucket.exports.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "exports" {
  bucket = aws_s3_bucket.exports.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "logs.${local.region}.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${aws_s3_bucket.exports.arn}/*"
    }]
  })
}

resource "aws_s3_object" "readme" {
  bucket  = aws_s3_bucket.exports.id
  key     = "about/readme.txt"
  content = "step ${var.step}"
}
