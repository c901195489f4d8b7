"""What an app on boto3 does. Usage: boto3_client.py <scenario>; an AssertionError says what was not so."""

import base64
import hashlib
import io
import os
import sys
import urllib.error
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

MIB = 1024 * 1024
BUCKET = "boto"
PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)

client = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"])
bucket = boto3.resource("s3", endpoint_url=os.environ["ENDPOINT"]).Bucket(BUCKET)


def refused(code, call):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
    else:
        raise AssertionError(f"expected {code}")


def objects():
    written = client.put_object(
        Bucket=BUCKET,
        Key="notes/é (1).txt",
        Body=b"hello",
        ContentType="text/plain",
        ContentDisposition="attachment",
        Metadata={"colour": "green"},
    )
    assert written["ETag"] == '"%s"' % hashlib.md5(b"hello").hexdigest()
    read = client.get_object(Bucket=BUCKET, Key="notes/é (1).txt")
    assert read["Body"].read() == b"hello"
    assert (read["ContentType"], read["Metadata"]) == ("text/plain", {"colour": "green"})
    part = client.get_object(Bucket=BUCKET, Key="notes/é (1).txt", Range="bytes=1-2")
    assert (part["Body"].read(), part["ContentRange"]) == (b"el", "bytes 1-2/5")
    summed = client.put_object(Bucket=BUCKET, Key="summed", Body=b"x", ChecksumAlgorithm="SHA256")
    head = client.head_object(Bucket=BUCKET, Key="summed", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == summed["ChecksumSHA256"]


def files():
    data = os.urandom(12 * MIB + 3)
    client.upload_fileobj(io.BytesIO(data), BUCKET, "large", ExtraArgs={"ContentType": "video/mp4"}, Config=PARTS)
    assert client.head_object(Bucket=BUCKET, Key="large")["ETag"].endswith('-3"')
    back = io.BytesIO()
    client.download_fileobj(BUCKET, "large", back, Config=PARTS)
    assert back.getvalue() == data
    first = client.get_object(Bucket=BUCKET, Key="large", PartNumber=1)
    assert (first["PartsCount"], first["Body"].read() == data[: 5 * MIB]) == (3, True)
    last = client.head_object(Bucket=BUCKET, Key="large", PartNumber=3)
    assert last["ContentLength"] == 2 * MIB + 3


def checksums():
    large = {"Bucket": BUCKET, "Key": "summed by parts"}
    data = os.urandom(11 * MIB)
    arguments = {"ChecksumAlgorithm": "SHA256"}
    client.upload_fileobj(io.BytesIO(data), *large.values(), ExtraArgs=arguments, Config=PARTS)
    digests = [hashlib.sha256(data[at : at + 5 * MIB]).digest() for at in range(0, len(data), 5 * MIB)]
    expected = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + "-3"
    head = client.head_object(**large, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == expected, head
    assert client.get_object(**large)["Body"].read() == data
    part = {**large, "UploadId": client.create_multipart_upload(**large, ChecksumAlgorithm="CRC32")["UploadId"]}
    refused("InvalidRequest", lambda: client.upload_part(**part, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA1"))
    only = client.upload_part(**part, PartNumber=1, Body=b"end", ChecksumAlgorithm="CRC32")
    named = {"PartNumber": 1, "ETag": only["ETag"], "ChecksumCRC32": only["ChecksumCRC32"]}
    crc = zlib.crc32(zlib.crc32(b"end").to_bytes(4, "big")).to_bytes(4, "big")
    expected = base64.b64encode(crc).decode() + "-1"
    complete = {**part, "MultipartUpload": {"Parts": [named]}}
    refused("BadDigest", lambda: client.complete_multipart_upload(**complete, ChecksumCRC32="AAAAAA=="))
    wrong = {**part, "MultipartUpload": {"Parts": [{**named, "ChecksumCRC32": "AAAAAA=="}]}}
    refused("InvalidPart", lambda: client.complete_multipart_upload(**wrong))
    done = client.complete_multipart_upload(**complete, ChecksumCRC32=expected)
    assert done["ChecksumCRC32"] == expected, done


def listings():
    for number in range(12):
        bucket.put_object(Key=f"list/{number % 3}/{number:02}", Body=b"x")
    keys = [item.key for item in bucket.objects.filter(Prefix="list/").page_size(5)]
    assert keys == sorted(f"list/{number % 3}/{number:02}" for number in range(12)), keys
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 2}
    )
    folders = [one["Prefix"] for page in pages for one in page["CommonPrefixes"]]
    assert folders == ["list/0/", "list/1/", "list/2/"], folders
    bucket.objects.filter(Prefix="list/").delete()
    assert list(bucket.objects.filter(Prefix="list/")) == []


def copies():
    data = os.urandom(11 * MIB)
    client.upload_fileobj(io.BytesIO(data), BUCKET, "source", Config=PARTS)
    client.copy({"Bucket": BUCKET, "Key": "source"}, BUCKET, "by parts", Config=PARTS)
    client.copy_object(
        Bucket=BUCKET,
        Key="at once",
        CopySource={"Bucket": BUCKET, "Key": "source"},
        MetadataDirective="REPLACE",
        Metadata={"new": "yes"},
    )
    for key in ("by parts", "at once"):
        assert client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == data, key
    assert client.head_object(Bucket=BUCKET, Key="at once")["Metadata"] == {"new": "yes"}


def presigned():
    old = client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "signed"})
    if "AWSAccessKeyId=" in old:  # boto3 still presigns with Signature V2 where nobody says otherwise
        try:
            urllib.request.urlopen(old)
        except urllib.error.HTTPError as error:
            assert error.code == 400 and b"use AWS4-HMAC-SHA256" in error.read(), error
    v4 = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], config=Config(signature_version="s3v4"))
    url = v4.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "signed"}, ExpiresIn=60)
    request = urllib.request.Request(url, data=b"page", method="PUT")
    assert urllib.request.urlopen(request).status == 200
    url = v4.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "signed"}, ExpiresIn=60)
    assert urllib.request.urlopen(url).read() == b"page"


def forms():
    def post(form, content):
        boundary = "between-the-parts"
        parts = [*form["fields"].items(), ('file"; filename="photo é.png', content)]
        body = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + (value if isinstance(value, bytes) else value.encode())
            + b"\r\n"
            for name, value in parts
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        request = urllib.request.Request(form["url"], data=body + f"--{boundary}--\r\n".encode(), headers=headers)
        try:
            return urllib.request.urlopen(request).status, ""
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    v4 = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], config=Config(signature_version="s3v4"))
    fields = {"Content-Type": "image/png", "success_action_status": "201", "x-amz-meta-colour": "green"}
    conditions = [{name: value} for name, value in fields.items()] + [["content-length-range", 1, 8 * MIB]]
    form = v4.generate_presigned_post(BUCKET, "form/${filename}", Fields=fields, Conditions=conditions, ExpiresIn=60)
    data = os.urandom(7 * MIB)
    assert post(form, data)[0] == 201
    read = client.get_object(Bucket=BUCKET, Key="form/photo é.png")
    assert (read["Body"].read() == data, read["ContentType"], read["Metadata"]) == (True, "image/png", {"colour": "green"})
    status, text = post(form, os.urandom(8 * MIB + 1))
    assert (status, "<Code>EntityTooLarge</Code>" in text) == (400, True), text
    form["fields"]["x-amz-meta-colour"] = "red"
    status, text = post(form, b"x")
    assert (status, "Policy Condition failed" in text) == (403, True), text


def encryption():
    key, other = os.urandom(32), os.urandom(32)
    customer = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    data = os.urandom(12 * MIB + 3)
    client.upload_fileobj(io.BytesIO(data), BUCKET, "guarded", ExtraArgs=customer, Config=PARTS)
    back = io.BytesIO()
    client.download_fileobj(BUCKET, "guarded", back, ExtraArgs=customer, Config=PARTS)
    assert back.getvalue() == data
    refused("InvalidRequest", lambda: client.get_object(Bucket=BUCKET, Key="guarded"))
    wrong = {**customer, "SSECustomerKey": other}
    refused("AccessDenied", lambda: client.get_object(Bucket=BUCKET, Key="guarded", **wrong))
    source = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": key}
    extra = {**source, **wrong}
    client.copy({"Bucket": BUCKET, "Key": "guarded"}, BUCKET, "rotated", ExtraArgs=extra, SourceClient=client, Config=PARTS)
    assert client.get_object(Bucket=BUCKET, Key="rotated", **wrong)["Body"].read() == data
    freed = client.copy_object(Bucket=BUCKET, Key="freed", CopySource={"Bucket": BUCKET, "Key": "guarded"}, **source)
    assert freed["ServerSideEncryption"] == "AES256"
    assert client.get_object(Bucket=BUCKET, Key="freed")["Body"].read() == data
    rules = client.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, rules


def errors():
    refused("NoSuchKey", lambda: client.get_object(Bucket=BUCKET, Key="absent"))
    refused("404", lambda: client.head_object(Bucket=BUCKET, Key="absent"))
    refused("NoSuchBucket", lambda: client.list_objects_v2(Bucket="no-such-bucket"))
    refused("BucketAlreadyOwnedByYou", lambda: client.create_bucket(Bucket=BUCKET))
    client.put_object(Bucket=BUCKET, Key="here", Body=b"x")
    refused("BucketNotEmpty", lambda: client.delete_bucket(Bucket=BUCKET))
    refused("NoSuchUpload", lambda: client.list_parts(Bucket=BUCKET, Key="here", UploadId="none"))


ALL = (objects, files, checksums, listings, copies, presigned, forms, encryption, errors)
SCENARIOS = {scenario.__name__: scenario for scenario in ALL}
SCENARIOS[sys.argv[1]]()
print(f"{sys.argv[1]}: as expected")
