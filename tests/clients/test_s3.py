"""S3 through boto3 and the aws CLI: bodies of every form and size, listings, multipart uploads, policies, SIGKILL."""

import base64
import hashlib
import json
import os
import pathlib
import random
import tempfile
import threading
import time
import urllib.error
import urllib.request

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from weir import Weir, act, check, equal, finish, refused, run, site

BUCKET = "amzn-s3-weir-bucket"
ONE, TWO = "111111111111", "222222222222"
# What would be a path, an entity of XML, an escape of URLs or a control character if a key were anything but a key.
KEYS = [
    "plain", "a/b/c.txt", "../../etc/passwd", "./x", "a//b", "/leading", "trailing/", "sp ace", "pl+us", "per%2Fcent",
    "quote'\"<&>", "\u00fc\u4e2d\U0001f600", "semi;colon", "new\nline", "tab\t", "*~!()", "x" * 1024, "?query=1#frag",
]


def body(size, seed=0):
    return random.Random(seed).randbytes(size)


def bare(call, **parameters):
    """The code of the refusal of a call that has no body to say it in."""
    try:
        return f"success: {call(**parameters)}"
    except ClientError as error:
        return error.response["Error"]["Code"]


def buckets(s3, weir):
    equal("no bucket is a bare 404", bare(s3.head_bucket, Bucket=BUCKET), "404")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=BUCKET)  # in us-east-1 that is no error
    equal("it is listed", [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]], [BUCKET])
    equal("its region", s3.head_bucket(Bucket=BUCKET)["BucketRegion"], "us-east-1")
    equal("us-east-1 is no location", s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"], None)
    other, there = weir.client("s3", account=TWO), weir.client("s3", "eu-west-1", TWO)
    refused("a name that another account has", "BucketAlreadyExists", other.create_bucket, Bucket=BUCKET)
    refused("no location elsewhere", "IllegalLocationConstraintException", there.create_bucket, Bucket="bucket-there")
    tags = [{"Key": "Team", "Value": "net"}]
    configuration = {"LocationConstraint": "eu-west-1", "Tags": tags}
    there.create_bucket(Bucket="bucket-there", CreateBucketConfiguration=configuration)
    equal("a location", there.get_bucket_location(Bucket="bucket-there")["LocationConstraint"], "eu-west-1")
    equal("tags from the beginning", there.get_bucket_tagging(Bucket="bucket-there")["TagSet"], tags)
    owned = {"Bucket": "bucket-there", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    refused("one's own bucket", "BucketAlreadyOwnedByYou", there.create_bucket, **owned)
    for name in ("ab", "amzn_s3_bucket", "192.168.5.4"):
        refused(name, "InvalidBucketName", s3.create_bucket, Bucket=name)
    there.delete_bucket(Bucket="bucket-there")
    refused("gone", "NoSuchBucket", there.list_objects_v2, Bucket="bucket-there")


def keys(s3):
    for number, key in enumerate(KEYS):
        s3.put_object(Bucket=BUCKET, Key=key, Body=f"{number}".encode())
    wrong = {}
    for number, key in enumerate(KEYS):
        found = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        if found != f"{number}".encode():
            wrong[key] = found
    equal(f"{len(KEYS)} keys are what they are", wrong, {})
    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    equal("listed in the order of their UTF-8", listed, sorted(KEYS, key=str.encode))
    refused("1,025 bytes", "KeyTooLongError", s3.put_object, Bucket=BUCKET, Key="x" * 1025, Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Delimiter="/", PaginationConfig={"PageSize": 3}
    )
    found = [item for page in pages for item in page.get("Contents", []) + page.get("CommonPrefixes", [])]
    expected = {key[: key.index("/") + 1] if "/" in key else key for key in KEYS}
    equal("pages with a delimiter", {item.get("Key", item.get("Prefix")) for item in found}, expected)
    equal("each once", len(found), len(expected))
    first = s3.list_objects(Bucket=BUCKET, MaxKeys=2)
    rest = s3.list_objects(Bucket=BUCKET, Marker=first["Contents"][-1]["Key"])
    equal("the first version, too", [item["Key"] for item in first["Contents"] + rest["Contents"]], listed)
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in KEYS]})
    equal("all are deleted at once", {item["Key"] for item in answer["Deleted"]}, set(KEYS))
    equal("nothing is left", s3.list_objects_v2(Bucket=BUCKET)["KeyCount"], 0)


def objects(s3):
    data = body(100_000)
    put = s3.put_object(
        Bucket=BUCKET, Key="o", Body=data, ContentType="text/plain", CacheControl="no-cache",
        Metadata={"colour": "blue"}, Tagging="a=1&b=2",
    )
    equal("the ETag is the MD5", put["ETag"], f'"{hashlib.md5(data).hexdigest()}"')
    got = s3.get_object(Bucket=BUCKET, Key="o", ChecksumMode="ENABLED")
    equal("its bytes", got["Body"].read() == data, True)
    described = got["ContentType"], got["CacheControl"], got["Metadata"], got["ContentLength"], got["TagCount"]
    equal("what was said of it", described, ("text/plain", "no-cache", {"colour": "blue"}, 100_000, 2))
    equal("its checksum", got["ChecksumCRC32"], put["ChecksumCRC32"])
    part = s3.get_object(Bucket=BUCKET, Key="o", Range="bytes=10-19")
    equal("a range", (part["Body"].read(), part["ContentRange"]), (data[10:20], "bytes 10-19/100000"))
    equal("the last bytes", s3.get_object(Bucket=BUCKET, Key="o", Range="bytes=-5")["Body"].read(), data[-5:])
    refused("beyond", "InvalidRange", s3.get_object, Bucket=BUCKET, Key="o", Range="bytes=100000-")
    equal("unchanged", bare(s3.get_object, Bucket=BUCKET, Key="o", IfNoneMatch=put["ETag"]), "304")
    equal("another", bare(s3.head_object, Bucket=BUCKET, Key="o", IfMatch='"x"'), "412")
    refused("the lock is held", "PreconditionFailed", s3.put_object, Bucket=BUCKET, Key="o", IfNoneMatch="*")
    s3.put_object(Bucket=BUCKET, Key="o", IfMatch=put["ETag"], Body=b"next")
    refused("it has moved on", "PreconditionFailed", s3.put_object, Bucket=BUCKET, Key="o", IfMatch=put["ETag"])
    refused("not there", "NoSuchKey", s3.get_object, Bucket=BUCKET, Key="none")
    equal("not there, bare", bare(s3.head_object, Bucket=BUCKET, Key="none"), "404")
    s3.delete_object(Bucket=BUCKET, Key="none")
    wrong = base64.b64encode(bytes(16)).decode()
    refused("another MD5", "BadDigest", s3.put_object, Bucket=BUCKET, Key="bad", Body=b"x", ContentMD5=wrong)
    refused("another CRC", "BadDigest", s3.put_object, Bucket=BUCKET, Key="bad", Body=b"x", ChecksumCRC32="AAAAAA==")
    equal("refused bodies leave nothing", bare(s3.head_object, Bucket=BUCKET, Key="bad"), "404")
    for algorithm in ("SHA1", "SHA256", "CRC32"):
        s3.put_object(Bucket=BUCKET, Key="sum", Body=b"abc", ChecksumAlgorithm=algorithm)
        head = s3.head_object(Bucket=BUCKET, Key="sum", ChecksumMode="ENABLED")
        check(f"{algorithm} is kept", head.get(f"Checksum{algorithm}"), head)
    s3.copy_object(Bucket=BUCKET, Key="copy \u00fc", CopySource={"Bucket": BUCKET, "Key": "o"})
    equal("a copy", s3.get_object(Bucket=BUCKET, Key="copy \u00fc")["Body"].read(), b"next")
    itself = {"Bucket": BUCKET, "Key": "o", "CopySource": {"Bucket": BUCKET, "Key": "o"}}
    refused("onto itself", "InvalidRequest", s3.copy_object, **itself)
    s3.copy_object(**itself, MetadataDirective="REPLACE", Metadata={"n": "1"})
    equal("with other metadata", s3.head_object(Bucket=BUCKET, Key="o")["Metadata"], {"n": "1"})
    tags = [{"Key": "k", "Value": "v"}]
    s3.put_object_tagging(Bucket=BUCKET, Key="o", Tagging={"TagSet": tags})
    equal("tags", s3.get_object_tagging(Bucket=BUCKET, Key="o")["TagSet"], tags)
    s3.delete_object_tagging(Bucket=BUCKET, Key="o")
    equal("no tags", s3.get_object_tagging(Bucket=BUCKET, Key="o")["TagSet"], [])
    refused("it has objects", "BucketNotEmpty", s3.delete_bucket, Bucket=BUCKET)


def multipart(s3):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "big")
        path.write_bytes(body(20 << 20, 1))
        s3.upload_file(str(path), BUCKET, "big", Config=TransferConfig(multipart_threshold=8 << 20))
        head = s3.head_object(Bucket=BUCKET, Key="big")
        check("in parts", head["ETag"].endswith('-3"') and head["ContentLength"] == 20 << 20, head)
        s3.download_file(BUCKET, "big", f"{path}.2")
        equal("and whole again", pathlib.Path(f"{path}.2").read_bytes() == path.read_bytes(), True)
    id = s3.create_multipart_upload(Bucket=BUCKET, Key="m")["UploadId"]
    upload = {"Bucket": BUCKET, "Key": "m", "UploadId": id}
    data = body(5 << 20, 2)
    one = s3.upload_part(**upload, PartNumber=1, Body=data)["ETag"]
    equal("its ETag", one, f'"{hashlib.md5(data).hexdigest()}"')
    source = {"CopySource": {"Bucket": BUCKET, "Key": "big"}, "CopySourceRange": "bytes=0-99"}
    two = s3.upload_part_copy(**upload, PartNumber=2, **source)["CopyPartResult"]["ETag"]
    equal("two parts", [part["PartNumber"] for part in s3.list_parts(**upload)["Parts"]], [1, 2])
    equal("an upload", [item["UploadId"] for item in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]], [id])
    parts = [{"PartNumber": 1, "ETag": one}, {"PartNumber": 2, "ETag": two}]
    complete = s3.complete_multipart_upload
    refused("out of order", "InvalidPartOrder", complete, **upload, MultipartUpload={"Parts": parts[::-1]})
    wrong = [{"PartNumber": 1, "ETag": two}]
    refused("another part", "InvalidPart", complete, **upload, MultipartUpload={"Parts": wrong})
    complete(**upload, MultipartUpload={"Parts": parts})
    equal("its size", s3.head_object(Bucket=BUCKET, Key="m")["ContentLength"], (5 << 20) + 100)
    equal("its second part", s3.get_object(Bucket=BUCKET, Key="m", PartNumber=2)["ContentLength"], 100)
    names = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    told = s3.get_object_attributes(Bucket=BUCKET, Key="m", ObjectAttributes=names)
    equal("its attributes", (told["ObjectSize"], told["StorageClass"]), ((5 << 20) + 100, "STANDARD"))
    equal("its ETag, bare", f'"{told["ETag"]}"', s3.head_object(Bucket=BUCKET, Key="m")["ETag"])
    equal("its parts", told["ObjectParts"]["TotalPartsCount"], 2)
    paged = {"Bucket": BUCKET, "Key": "big", "ObjectAttributes": ["ObjectParts", "Checksum"], "MaxParts": 1}
    sizes, marker, more = [], 0, True
    while more:
        page = s3.get_object_attributes(**paged, PartNumberMarker=marker)["ObjectParts"]
        sizes += [part["Size"] for part in page["Parts"]]
        marker, more = page["NextPartNumberMarker"], page["IsTruncated"]
    equal("the sizes of its parts, page after page", (sum(sizes), len(sizes)), (20 << 20, page["TotalPartsCount"]))
    refused("no such upload", "NoSuchUpload", s3.upload_part, **upload, PartNumber=1, Body=b"")
    id = s3.create_multipart_upload(Bucket=BUCKET, Key="m")["UploadId"]
    s3.abort_multipart_upload(Bucket=BUCKET, Key="m", UploadId=id)
    equal("no upload", s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []), [])


def settings(s3, weir):
    """What a refresh of Terraform's aws_s3_bucket asks."""
    for call, code in (
        ("policy", "NoSuchBucketPolicy"), ("cors", "NoSuchCORSConfiguration"),
        ("website", "NoSuchWebsiteConfiguration"), ("tagging", "NoSuchTagSet"),
        ("lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("replication", "ReplicationConfigurationNotFoundError"),
    ):
        refused(call, code, getattr(s3, f"get_bucket_{call}"), Bucket=BUCKET)
    lock = "ObjectLockConfigurationNotFoundError"
    refused("object lock", lock, s3.get_object_lock_configuration, Bucket=BUCKET)
    equal("never versioned", s3.get_bucket_versioning(Bucket=BUCKET).get("Status"), None)
    equal("the owner pays", s3.get_bucket_request_payment(Bucket=BUCKET)["Payer"], "BucketOwner")
    for call in ("logging", "accelerate_configuration", "notification_configuration"):
        getattr(s3, f"get_bucket_{call}")(Bucket=BUCKET)
    encryption = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]
    equal("encrypted", encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:us-east-1:{ONE}:key/1234"}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    kept = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    equal("encryption as it was put", kept, [rule])
    keyed = {"ApplyServerSideEncryptionByDefault": {**default, "SSEAlgorithm": "AES256"}}
    put = s3.put_bucket_encryption
    refused("a key of S3's", "InvalidArgument", put, Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [keyed]})
    s3.delete_bucket_encryption(Bucket=BUCKET)
    again = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    equal("encrypted as at first", again, [encryption])
    rules = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    equal("ACLs are off", rules, [{"ObjectOwnership": "BucketOwnerEnforced"}])
    equal("one grant", [grant["Permission"] for grant in s3.get_bucket_acl(Bucket=BUCKET)["Grants"]], ["FULL_CONTROL"])
    enabled = {"Status": "Enabled"}
    refused("versions", "NotImplemented", s3.put_bucket_versioning, Bucket=BUCKET, VersioningConfiguration=enabled)
    missing = json.loads(fetch(f"{weir.url}/_weir/status")[1])["not_implemented"]
    equal("counted", missing, {"s3:PutBucketVersioning": 1})
    kms = {"Bucket": BUCKET, "Key": "k", "ServerSideEncryption": "aws:kms"}
    refused("keys of KMS", "NotImplemented", s3.put_object, **kms)
    refused("an ACL", "AccessControlListNotSupported", s3.put_object, Bucket=BUCKET, Key="k", ACL="public-read")
    tags = [{"Key": "k", "Value": "v"}]
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tags})
    equal("tags", s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"], tags)
    # Its host begins with the account, which no resolver needs to know if Weir is the proxy.
    control = weir.client("s3control", account=ONE, proxies={"http": weir.url})
    bucket = {"AccountId": ONE, "ResourceArn": f"arn:aws:s3:::{BUCKET}"}
    control.tag_resource(**bucket, Tags=[{"Key": "by", "Value": "ARN"}])
    both = sorted(control.list_tags_for_resource(**bucket)["Tags"], key=lambda tag: tag["Key"])
    equal("tags by ARN", both, [{"Key": "by", "Value": "ARN"}, *tags])
    control.untag_resource(**bucket, TagKeys=["by"])
    equal("the same tags", s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"], tags)
    none = {"AccountId": ONE, "ResourceArn": "arn:aws:s3:::none"}
    refused("tags of no bucket", "NoSuchBucket", control.list_tags_for_resource, **none)


def fetch(url, method="GET", data=None):
    """The status and body of a request that nobody signs."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def access(s3, weir):
    s3.put_object(Bucket=BUCKET, Key="public/x", Body=b"hello")
    url = f"{weir.url}/{BUCKET}/public/x"
    status, text = fetch(url)
    check("nobody signs: refused", status == 403 and b"<Code>AccessDenied</Code>" in text, text)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement["Resource"] = f"arn:aws:s3:::{BUCKET}/public/*"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    refused("the public is blocked", "AccessDenied", s3.put_bucket_policy, Bucket=BUCKET, Policy=policy)
    s3.delete_public_access_block(Bucket=BUCKET)
    refused("no block", "NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    equal("as it was put", s3.get_bucket_policy(Bucket=BUCKET)["Policy"], policy)
    equal("it is public", s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"], True)
    equal("the policy lets everyone read", fetch(url), (200, b"hello"))
    equal("and not write", fetch(url, "PUT", b"x")[0], 403)
    other = weir.client("s3", account=TWO)
    refused("another account", "AccessDenied", other.put_object, Bucket=BUCKET, Key="public/x", Body=b"")
    refused("another owner", "AccessDenied", s3.list_objects_v2, Bucket=BUCKET, ExpectedBucketOwner=TWO)
    s3.delete_bucket_policy(Bucket=BUCKET)
    refused("malformed", "MalformedPolicy", s3.put_bucket_policy, Bucket=BUCKET, Policy="[]")
    for version in ("s3", "s3v4"):
        signer = weir.client("s3", account=ONE, signature_version=version)
        parameters = {"Bucket": BUCKET, "Key": "public/x"}
        equal(f"presigned ({version})", fetch(signer.generate_presigned_url("get_object", parameters)), (200, b"hello"))
        late = signer.generate_presigned_url("get_object", parameters, ExpiresIn=-10)
        check(f"expired ({version})", fetch(late)[0] in (400, 403), fetch(late))
        put = signer.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": f"by-{version}"})
        equal(f"put presigned ({version})", fetch(put, "PUT", b"posted")[0], 200)
    request = urllib.request.Request(f"{weir.url}/public/x", headers={"Host": f"{BUCKET}.s3.us-east-1.amazonaws.com"})
    try:
        urllib.request.urlopen(request)
        check("a host that is a bucket", False)
    except urllib.error.HTTPError as error:
        check("a host that is a bucket", b"AccessDenied" in error.read())


def connection(weir):
    """What botocore expects of a connection on which an empty object has been put."""
    s3 = weir.client("s3", account=ONE, max_pool_connections=1)
    for key, size in (("empty", 0), ("full", 100_000)) * 3:
        answer = s3.put_object(Bucket=BUCKET, Key=f"expected/{key}", Body=body(size))
        equal(f"{key}, over one connection", answer.get("ETag"), f'"{hashlib.md5(body(size)).hexdigest()}"')


def bodies(weir):
    """Forms of bodies that boto3 does not send by itself over plain HTTP."""
    scope = f"AWS4-HMAC-SHA256 Credential={ONE}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"

    def put(key, data, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{weir.url}/{BUCKET}/{key}", data, method="PUT")
        for name, value in {"Authorization": scope, **headers}.items():
            request.add_header(name, value)
        try:
            return urllib.request.urlopen(request, timeout=10).status
        except urllib.error.HTTPError as error:
            return error.read().decode()

    trailer = b"b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    chunked = {"content_encoding": "aws-chunked,gzip", "x_amz_decoded_content_length": "11"}
    unsigned = {"x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x_amz_trailer": "x-amz-checksum-crc32"}
    equal("chunks with a trailer", put("t", trailer, **chunked, **unsigned), 200)
    head = weir.client("s3", account=ONE).head_object(Bucket=BUCKET, Key="t", ChecksumMode="ENABLED")
    found = head["ContentLength"], head["ContentEncoding"], head["ChecksumCRC32"]
    equal("what it is", found, (11, "gzip", "DUoRhQ=="))
    check("another checksum", "BadDigest" in str(put("t", trailer.replace(b"DU", b"AA"), **chunked, **unsigned)))
    short = {**chunked, "x_amz_decoded_content_length": "12"}
    check("another length", "IncompleteBody" in str(put("t", trailer, **short, **unsigned)))
    signed = b"5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n"
    plain = {"x_amz_content_sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x_amz_decoded_content_length": "5"}
    equal("signed chunks", put("s", signed, **plain), 200)
    equal("unsigned", put("u", b"x", x_amz_content_sha256="UNSIGNED-PAYLOAD"), 200)
    mismatch = put("u", b"x", x_amz_content_sha256="0" * 64)
    check("another SHA-256", "XAmzContentSHA256Mismatch" in str(mismatch), mismatch)


def cli(weir):
    environment = {
        **os.environ, "AWS_ENDPOINT_URL": weir.url, "AWS_ACCESS_KEY_ID": ONE, "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    def aws(*words):
        done = run(["aws", *words], env=environment)
        check(f"aws {' '.join(map(str, words[:3]))}", done.returncode == 0, done.stderr)
        return done.stdout

    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        for number in range(5):
            path = tree / f"d {number % 2}" / f"f{number}\u00fc.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body(number * 50_000, number))
        (tree / "big").write_bytes(body(9 << 20, 9))
        # S3 tells whole seconds: what is written and uploaded within one is newer than its object, and uploaded again.
        for path in tree.rglob("*"):
            os.utime(path, (time.time() - 60,) * 2)
        aws("s3", "mb", "s3://cli-bucket")
        aws("s3", "sync", tree, "s3://cli-bucket/t")
        equal("nothing is left to do", aws("s3", "sync", tree, "s3://cli-bucket/t"), "")
        aws("s3", "cp", "--recursive", "s3://cli-bucket/t", f"{folder}/back")
        for path in tree.rglob("*"):
            back = pathlib.Path(folder, "back", path.relative_to(tree))
            check(f"{path.name} is back", path.is_dir() or back.read_bytes() == path.read_bytes())
        check("listed", "PRE t/" in aws("s3", "ls", "s3://cli-bucket"))
        equal("six files", len(aws("s3", "ls", "--recursive", "s3://cli-bucket").splitlines()), 6)
        aws("s3", "mv", "s3://cli-bucket/t/big", "s3://cli-bucket/moved")
        url = aws("s3", "presign", "s3://cli-bucket/moved").strip()
        equal("presigned", len(fetch(url)[1]), 9 << 20)
        aws("s3", "rm", "--recursive", "s3://cli-bucket")
        aws("s3", "rb", "s3://cli-bucket")


def endpoint(s3, weir):
    """An instance without a way out reads through a gateway endpoint what the bucket's and the endpoint's policy let it."""
    _, web, _ = site(weir)
    ec2 = weir.client("ec2")
    s3.put_object(Bucket=BUCKET, Key="inside/x", Body=b"from inside")
    by_vpc = [{"Name": "vpc-id", "Values": [web["VpcId"]]}]
    table = ec2.describe_route_tables(Filters=by_vpc)["RouteTables"][0]["RouteTableId"]
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    made = {"VpcId": web["VpcId"], "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table]}
    id = ec2.create_vpc_endpoint(**made)["VpcEndpoint"]["VpcEndpointId"]

    def curl(*words):
        return weir.run("exec", "web", "--", "curl", "-s", *words).stdout

    url = f"http://{BUCKET}.s3.us-east-1.amazonaws.com/inside/x"
    check("not without a policy of the bucket", "AccessDenied" in curl(url), curl(url))
    only = {"StringEquals": {"aws:SourceVpce": id}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Condition": only}
    statement["Resource"] = f"arn:aws:s3:::{BUCKET}/inside/*"
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    check("through the endpoint", "from inside" in curl(url), curl(url))
    check("a path", "from inside" in curl(f"http://s3.us-east-1.amazonaws.com/{BUCKET}/inside/x"))
    check("its head", "ETag" in curl("-I", url).replace("etag", "ETag"), curl("-I", url))
    equal("not from elsewhere", fetch(f"{weir.url}/{BUCKET}/inside/x")[0], 403)
    nothing = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [nothing]})
    ec2.modify_vpc_endpoint(VpcEndpointId=id, PolicyDocument=policy)
    check("the endpoint's policy lets nothing pass", "AccessDenied" in curl(url), curl(url))


def survive(weir, data):
    """SIGKILL while clients write: what was acknowledged is there."""
    s3 = weir.client("s3", account=ONE)
    s3.create_bucket(Bucket=BUCKET)
    acknowledged, stop = {}, threading.Event()

    def write(number):
        mine, choice = weir.client("s3", account=ONE), random.Random(number)
        while not stop.is_set():
            key, seed = f"{number}/{choice.randrange(20)}", choice.randrange(1 << 30)
            size = choice.choice([10, 40_000, 1 << 20])
            acknowledged.pop(key, None)
            try:
                mine.put_object(Bucket=BUCKET, Key=key, Body=body(size, seed))
            except (BotoCoreError, ClientError, ConnectionError):
                return
            acknowledged[key] = (size, seed)

    for round in range(3):
        stop.clear()
        clients = [threading.Thread(target=write, args=(10 * round + number,)) for number in range(4)]
        for client in clients:
            client.start()
        time.sleep(1.5)
        weir.kill()
        stop.set()
        for client in clients:
            client.join()
        weir.start()
        wrong = []
        for key, (size, seed) in acknowledged.items():
            if s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() != body(size, seed):
                wrong.append(key)
        equal(f"round {round}: {len(acknowledged)} objects, again after SIGKILL", wrong, [])
    files = len(list(pathlib.Path(data, "buckets", "bodies").iterdir()))
    there = [item for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for item in page["Contents"]]
    equal("no file of nobody", files, sum(item["Size"] > 32 << 10 for item in there))


with Weir() as weir:
    s3 = weir.client("s3", account=ONE)
    act(buckets, s3, weir)
    act(keys, s3)
    act(objects, s3)
    act(multipart, s3)
    act(settings, s3, weir)
    act(access, s3, weir)
    act(connection, weir)
    act(bodies, weir)
    act(endpoint, s3, weir)
    act(cli, weir)
with tempfile.TemporaryDirectory() as data, Weir(data=data) as weir:
    act(survive, weir, data)

finish()
