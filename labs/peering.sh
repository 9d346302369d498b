#!/usr/bin/env bash
# VPC peering, with the aws CLI and real packets.
#
# Two VPCs cannot talk, get peered, get routes, and answer ping. Flow logs record every packet on the way, and Logs
# Insights tells what they saw. Takes about three minutes, most of it waiting for a flow-log window to close.
#
#   weir up                 in one terminal
#   labs/peering.sh         in another, with the aws CLI installed
#
# Every command is shown as it is given: type them yourself to play with what they make. The first expectation that does
# not hold ends the lab with exit code 1. What was made is removed, however the lab ends. Needs bash 4 or later.

set -euo pipefail

exec 3>&1 # what the reader sees, also from within $(…)
"${WEIR:-weir}" status >/dev/null # or it says how to start one
eval "$("${WEIR:-weir}" env)"
unset AWS_PROFILE
export AWS_DEFAULT_OUTPUT=text
readonly log_group=/lab/flow-logs role=lab-flow-logs
declare -A vpc subnet table group instance interface private public
flow_logs=() peerings=() undo=() step=0
log=$(mktemp)

# --- How the story is told -------------------------------------------------------------------------------------------

act() { echo; echo "$((++step)). $*"; }
say() { echo "   $*"; }
aws() { show aws "$@"; command aws "$@"; }
weir() { show weir "$@"; command "${WEIR:-weir}" "$@"; }

# show WORD…: prints a command as one would type it.
show() {
  local word line=
  for word; do
    case $word in
      *\'*) line+=" \"$word\"" ;;
      *[!A-Za-z0-9_./:=,@%+-]*) line+=" '$word'" ;;
      *) line+=" $word" ;;
    esac
  done
  echo "   \$$line" >&3
}

# try COMMAND…: runs it whatever comes of it, shows what it prints, keeps it in $output and its exit code in $code.
try() {
  code=0
  "$@" 2>&1 | tee "$log" || code=$?
  output=$(<"$log")
}

# expect FACT COMMAND…: goes on if the command succeeds, else ends the lab.
expect() {
  local fact=$1
  shift
  if "$@"; then echo "   ✓ $fact"; else echo "   ✗ expected that $fact"; exit 1; fi
}

says() { [[ $output == *"$1"* ]]; }
is() { [[ $1 == "$2" ]]; }
between() { awk -v value="$1" -v low="$2" -v high="$3" 'BEGIN { exit !(low <= value && value <= high) }'; }

# refused CODE COMMAND…: AWS must refuse the command with this code.
refused() {
  local refusal=$1
  shift
  try "$@"
  expect "it is refused: $refusal" says "($refusal)"
}

# ping FROM COUNT ADDRESS: from an instance, or from the internet.
ping() { try weir exec "$1" -- ping -c "$2" -W 1 "$3"; }
answered() { expect "all $1 answer" says "$1 packets transmitted, $1 received, 0% packet loss"; }
lost() { expect "none answers" is "$code $(grep -o '100% packet loss' "$log")" "1 100% packet loss"; }
average_ms() { sed -n 's|^rtt [^=]*= [^/]*/\([^/]*\)/.*|\1|p' "$log"; }

# query TEXT: runs a Logs Insights query over the last hour and prints its rows.
query() {
  local now id
  now=$(date +%s)
  id=$(aws logs start-query --log-group-name "$log_group" --start-time $((now - 3600)) --end-time "$now" \
    --query-string "$1" --query queryId)
  until is "$(command aws logs get-query-results --query-id "$id" --query status)" Complete; do sleep 0.2; done
  aws logs get-query-results --query-id "$id" --query 'results[*][*].value'
}

# remove: takes everything down, the last first: what was made later may depend on what was made earlier.
remove() {
  local command
  while ((${#undo[@]})); do
    command=${undo[-1]}
    unset 'undo[-1]'
    $command >/dev/null || is "${1:-}" anyway
  done
}

finish() {
  local code=$?
  trap - EXIT
  rm -f "$log"
  if ((${#undo[@]})); then
    echo; echo "Removing what was made:"
    for peering in "${peerings[@]}"; do
      aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id "$peering" >/dev/null || true
    done
    remove anyway
  fi
  exit "$code"
}
trap finish EXIT

# --- The pieces ------------------------------------------------------------------------------------------------------

# site NAME CIDR: a VPC that is open to the internet, with one instance in it.
site() {
  local name=$1 cidr=$2 block=${2/.0.0\/16/.1.0\/24} gateway association
  tag() { echo "ResourceType=$1,Tags=[{Key=Name,Value=$name}]"; }
  vpc[$name]=$(aws ec2 create-vpc --cidr-block "$cidr" --tag-specifications "$(tag vpc)" --query Vpc.VpcId)
  undo+=("aws ec2 delete-vpc --vpc-id ${vpc[$name]}")

  # A subnet is public by its route to an internet gateway; instances in it get public addresses if it says so.
  gateway=$(aws ec2 create-internet-gateway --query InternetGateway.InternetGatewayId)
  undo+=("aws ec2 delete-internet-gateway --internet-gateway-id $gateway")
  aws ec2 attach-internet-gateway --internet-gateway-id "$gateway" --vpc-id "${vpc[$name]}"
  undo+=("aws ec2 detach-internet-gateway --internet-gateway-id $gateway --vpc-id ${vpc[$name]}")
  subnet[$name]=$(aws ec2 create-subnet --vpc-id "${vpc[$name]}" --cidr-block "$block" --query Subnet.SubnetId)
  undo+=("aws ec2 delete-subnet --subnet-id ${subnet[$name]}")
  aws ec2 modify-subnet-attribute --subnet-id "${subnet[$name]}" --map-public-ip-on-launch
  table[$name]=$(aws ec2 create-route-table --vpc-id "${vpc[$name]}" --query RouteTable.RouteTableId)
  undo+=("aws ec2 delete-route-table --route-table-id ${table[$name]}")
  aws ec2 create-route --route-table-id "${table[$name]}" --destination-cidr-block 0.0.0.0/0 \
    --gateway-id "$gateway" >/dev/null
  association=$(aws ec2 associate-route-table --route-table-id "${table[$name]}" --subnet-id "${subnet[$name]}" \
    --query AssociationId)
  undo+=("aws ec2 disassociate-route-table --association-id $association")

  # A security group admits what its rules name, and the answers to it. Nothing else gets in.
  group[$name]=$(aws ec2 create-security-group --group-name "$name" --description "ssh and ping" \
    --vpc-id "${vpc[$name]}" --query GroupId)
  undo+=("aws ec2 delete-security-group --group-id ${group[$name]}")
  ssh "$name" authorize
  aws ec2 authorize-security-group-ingress --group-id "${group[$name]}" --protocol icmp --port -1 \
    --cidr 0.0.0.0/0 >/dev/null

  instance[$name]=$(aws ec2 run-instances --image-id "$image" --instance-type t2.micro --subnet-id "${subnet[$name]}" \
    --security-group-ids "${group[$name]}" --tag-specifications "$(tag instance)" --query 'Instances[0].InstanceId')
  undo+=("aws ec2 wait instance-terminated --instance-ids ${instance[$name]}")
  undo+=("aws ec2 terminate-instances --instance-ids ${instance[$name]}")
  aws ec2 wait instance-running --instance-ids "${instance[$name]}"
  read -r "interface[$name]" "private[$name]" "public[$name]" < <(
    aws ec2 describe-instances --instance-ids "${instance[$name]}" --query \
      'Reservations[0].Instances[0].[NetworkInterfaces[0].NetworkInterfaceId,PrivateIpAddress,PublicIpAddress]'
  )
  expect "$name has ${private[$name]}, and on the internet ${public[$name]}" is "${public[$name]//[0-9]/}" ...
}

# ssh NAME authorize|revoke: opens or closes port 22.
ssh() {
  aws ec2 "$2-security-group-ingress" --group-id "${group[$1]}" --protocol tcp --port 22 --cidr 0.0.0.0/0 >/dev/null
}

# flow_log KIND RESOURCE TRAFFIC: records what passes an interface, or all interfaces of a subnet or VPC.
flow_log() {
  aws ec2 create-flow-logs --resource-type "$1" --resource-ids "$2" --traffic-type "$3" --log-group-name "$log_group" \
    --deliver-logs-permission-arn "$role_arn" --max-aggregation-interval 60 --query 'FlowLogIds[0]'
}

# peer FROM TO: asks for a peering connection; its id is then in $pcx.
peer() {
  pcx=$(aws ec2 create-vpc-peering-connection --vpc-id "$1" --peer-vpc-id "$2" \
    --query VpcPeeringConnection.VpcPeeringConnectionId)
}
accept() {
  aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id "$pcx" >/dev/null
  peerings+=("$pcx")
}
peering_is() {
  expect "the peering is $1" is "$1" "$(aws ec2 describe-vpc-peering-connections \
    --vpc-peering-connection-ids "$pcx" --query 'VpcPeeringConnections[0].Status.Code')"
}
route() {
  aws ec2 create-route --route-table-id "${table[$1]}" --destination-cidr-block "$2" \
    --vpc-peering-connection-id "$pcx" >/dev/null
}

# --- The story -------------------------------------------------------------------------------------------------------

act "Two VPCs with an instance each, open to the internet"
image=$(aws ec2 describe-images --owners amazon --filters 'Name=name,Values=al2023-ami-2023*-x86_64' \
  --query 'sort_by(Images,&CreationDate)[-1].ImageId')
site one 10.1.0.0/16
site two 10.2.0.0/16

act "Flow logs to CloudWatch Logs, under a role that may write them"
aws logs create-log-group --log-group-name "$log_group"
undo+=("aws logs delete-log-group --log-group-name $log_group")
# The role says who may use it (its trust policy), the policy what it may do.
policy_arn=$(aws iam create-policy --policy-name "$role" --query Policy.Arn --policy-document '{
  "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": ["logs:CreateLogGroup",
    "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]}]}')
undo+=("aws iam delete-policy --policy-arn $policy_arn")
role_arn=$(aws iam create-role --role-name "$role" --query Role.Arn --assume-role-policy-document '{
  "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}]}')
undo+=("aws iam delete-role --role-name $role")
aws iam attach-role-policy --role-name "$role" --policy-arn "$policy_arn"
undo+=("aws iam detach-role-policy --role-name $role --policy-arn $policy_arn")
flow_logs+=("$(flow_log VPC "${vpc[one]}" ALL)")
flow_logs+=("$(flow_log Subnet "${subnet[two]}" REJECT)")
flow_logs+=("$(flow_log NetworkInterface "${interface[two]}" ACCEPT)")
undo+=("aws ec2 delete-flow-logs --flow-log-ids ${flow_logs[*]}")

act "A shell on one; from it, two is reached by its public address only"
# EC2 Instance Connect reaches port 22 from addresses of its own, so it lives and dies with the group's rule for SSH.
try weir connect one -- hostname
expect "EC2 Instance Connect opens a session" is "$code" 0
ping one 3 "${private[two]}"
lost
# The route table knows 10.2.0.0/16 only as part of 0.0.0.0/0, and an internet gateway drops private destinations.
try weir explain one "${private[two]}"
expect "the trace names the reason" says private
ping one 3 "${public[two]}"
answered 3
ssh one revoke
try weir connect one -- hostname
expect "with port 22 closed, a new session fails by time-out" says "timed out"
ssh one authorize

act "From the internet: public addresses answer, private ones never, scanners are refused"
ping internet 3 "${public[one]}"
answered 3
expect "the round trip takes about 150 ms" between "$(average_ms)" 120 180
ping internet 2 "${private[one]}"
lost
for port in 23 80 3389 8080; do
  try weir exec internet -- nc -z -w 1 "${public[one]}" $port
  expect "port $port gives no answer" is "$code" 1
done

act "Peering: request, accept, and a route on each side"
peer "${vpc[one]}" "${vpc[two]}"
peering_is pending-acceptance
accept
peering_is active
ping one 3 "${private[two]}"
lost
say "Active, but no route leads there. With one, requests arrive, but their answers are lost:"
route one 10.2.0.0/16
ping one 3 "${private[two]}"
lost
say "With a route on each side:"
route two 10.1.0.0/16
ping one 5 "${private[two]}"
answered 5
expect "the round trip takes about 0.5 ms" between "$(average_ms)" 0.2 1

act "A third VPC: peering is not transitive, and blocks must not overlap"
site three 10.3.0.0/16
peer "${vpc[three]}" "${vpc[one]}"
accept
route one 10.3.0.0/16
route three 10.1.0.0/16
ping three 2 "${private[one]}"
answered 2
say "A route by way of one does not lead to two:"
route three 10.2.0.0/16
ping three 2 "${private[two]}"
lost
try weir explain three "${private[two]}"
expect "the trace names the reason" says peer
say "A VPC whose block overlaps:"
overlapping=$(aws ec2 create-vpc --cidr-block 10.1.0.0/16 --query Vpc.VpcId)
undo+=("aws ec2 delete-vpc --vpc-id $overlapping")
peer "${vpc[one]}" "$overlapping"
peering_is failed

act "The records say what the wires carried"
# 14 packets went from one to two's private address: 3 before the peering, 3 without a route, 3 with one, 5 with both.
# Records come when their window of 60 s has closed: wait for the last of them.
echoes="filter srcAddr = '${private[one]}' and dstAddr = '${private[two]}'"
say "Waiting for the window to close …"
for ((wait = 0; wait < 40; wait++)); do
  sent=$(query "$echoes and interfaceId = '${interface[one]}' | stats sum(packets), sum(bytes)" 3>/dev/null)
  if is "${sent%%[[:space:]]*}" 14; then break; fi
  sleep 3
done
expect "one's records count 14 echo requests of 84 bytes" is "$sent" $'14\t1176'
try query "$echoes and interfaceId = '${interface[two]}' | stats sum(packets)"
expect "two's count the 8 that reached it" is "$output" 8
try query "$echoes | stats sum(packets) by action"
expect "none was REJECTed: no group or ACL refused the lost ones, they had no way to go" is "$output" $'ACCEPT\t22'
statuses=$(aws ec2 describe-flow-logs --flow-log-ids "${flow_logs[@]}" --query 'FlowLogs[].DeliverLogsStatus')
expect "all three flow logs deliver" is "$statuses" $'SUCCESS\tSUCCESS\tSUCCESS'
try query "filter dstPort = 22 and srcAddr like '18.206.107.' | stats count(*) by action | sort action"
expect "EC2 Instance Connect came from its own addresses, and was refused while port 22 was closed" \
  is "$(cut -f1 "$log" | paste -sd' ')" "ACCEPT REJECT"
try aws logs filter-log-events --log-group-name "$log_group" --limit 3 --query 'events[].[message]'
expect "records have the 14 fields of the default format" is "$(awk 'NF != 14' "$log")" ""

act "Logs Insights ranks the talkers"
try query 'fields @timestamp, srcAddr, dstAddr, bytes | stats sum(bytes) as totalBytes by srcAddr, dstAddr
  | sort totalBytes desc | limit 10'
expect "ten talkers, the greatest first" is "$(sort -k3,3nr -s "$log" | head -10)" "$output"
try query "filter action = 'REJECT' and interfaceId = '${interface[one]}' | stats count(*) as rejects by dstPort"
for port in 22 23 80 3389 8080; do
  expect "port $port was refused" grep -qE "^$port[[:space:]]" "$log"
done
say "Records per minute:"
while read -r minute clock count; do
  printf '   %s %s %s %s\n' "$minute" "${clock:0:5}" "$(printf '%*s' "$count" '' | tr ' ' '#')" "$count"
done < <(query 'stats count(*) as records by bin(1m) as minute | sort minute' 3>/dev/null)

act "Cleaning up: the wrong order is refused, the right one leaves nothing"
refused DependencyViolation aws ec2 delete-vpc --vpc-id "${vpc[one]}"
refused DependencyViolation aws ec2 delete-subnet --subnet-id "${subnet[one]}"
for peering in "${peerings[@]}"; do
  aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id "$peering" >/dev/null
done
peerings=()
expect "the routes to peers that are gone have become blackholes" is $'blackhole\tblackhole' "$(
  aws ec2 describe-route-tables --route-table-ids "${table[one]}" \
    --query 'RouteTables[0].Routes[?State==`blackhole`].State'
)"
remove
expect "no VPC is left" is "" "$(aws ec2 describe-vpcs --filters Name=tag:Name,Values=one,two,three \
  --query 'Vpcs[].VpcId')"
expect "no flow log is left" is "" "$(aws ec2 describe-flow-logs --filter "Name=log-group-name,Values=$log_group" \
  --query 'FlowLogs[].FlowLogId')"
expect "no log group is left" is "" "$(aws logs describe-log-groups --log-group-name-prefix /lab/ \
  --query 'logGroups[].logGroupName')"
expect "no role is left" is "" "$(aws iam list-roles --query "Roles[?RoleName=='$role'].RoleName")"
echo
echo "Done: every expectation held."
