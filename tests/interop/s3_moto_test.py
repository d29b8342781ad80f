#!/usr/bin/env python3
"""s3_moto_test.py S3_COPY: our S3 client against moto's server with its check of signatures switched on.

Objects that boto3 has put are listed and read by us, and the other way round; keys are awkward, and there are more of them than
a page holds. A wrong secret and an unsigned request must be refused, so the check is known to be one.
"""
import contextlib
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time

import boto3
from botocore.config import Config

COPY = sys.argv[1]
KEYS = ["plain.json", "a b/c+d.txt", "percent%20/&=?#.bin", "umlaut-\u00e4\u00f6.txt", "dots/./..x/y", "tilde~(1)!*'.txt"]
MANY = 1203
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sts:*", "iam:*"], "Resource": "*"}]}'


def start_server(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = pathlib.Path(sys.executable).parent / "moto_server"
    # Four calls set up a user and a bucket; from then on every request must be signed rightly.
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": "4"}
    server = subprocess.Popen([program, "-p", str(port)], env=environment, stdout=subprocess.DEVNULL, stderr=open(folder / "moto.log", "w"))
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return server, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.2)
    server.kill()
    sys.exit((folder / "moto.log").read_text())


@contextlib.contextmanager
def moto(folder):
    """Its address; ended afterwards."""
    server, url = start_server(folder)
    try:
        yield url
    finally:
        server.terminate()
        server.wait()


def client_of(service, url, keys):
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", config=Config(s3={"addressing_style": "path"}), **keys)


def user_with_bucket(url):
    setup = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
    iam = client_of("iam", url, setup)
    iam.create_user(UserName="tester")
    key = iam.create_access_key(UserName="tester")["AccessKey"]
    iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=POLICY)
    client_of("s3", url, setup).create_bucket(Bucket="models")
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def temporary_keys(url, keys):
    """Those of a role, with a session's token."""
    iam = client_of("iam", url, keys)
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=POLICY)["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=POLICY)
    found = client_of("sts", url, keys).assume_role(RoleArn=role, RoleSessionName="once")["Credentials"]
    return {"aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"], "aws_session_token": found["SessionToken"]}


def ours(url, keys, *words):
    """Exit code, output and errors of our client."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"MLFLOW_S3_ENDPOINT_URL": url, "AWS_REGION": "us-east-1"}
    environment |= {name.upper(): value for name, value in keys.items()}
    done = subprocess.run([COPY, *map(str, words)], env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def ok(url, keys, *words):
    code, output, errors = ours(url, keys, *words)
    assert code == 0, (words, code, errors)
    return output


def check(url, folder):
    keys = user_with_bucket(url)
    s3 = client_of("s3", url, keys)
    content = {f"m/{key}": secrets.token_bytes(1000 + 17 * i) for i, key in enumerate(KEYS)}
    for key, body in content.items():
        s3.put_object(Bucket="models", Key=key, Body=body)
    for key, body in content.items():
        ok(url, keys, "get", "models", key, folder / "got")
        assert (folder / "got").read_bytes() == body, key
    listed = {line.split("\t")[1]: line.split("\t")[0] for line in ok(url, keys, "list", "models", "m/").splitlines()}
    wanted = {key.split("/")[0]: "folder" if "/" in key else str(len(content[f"m/{key}"])) for key in KEYS}
    assert listed == wanted, (listed, wanted)
    for i in range(MANY):
        s3.put_object(Bucket="models", Key=f"many/{i:04}", Body=b"")
    names = [line.split("\t")[1] for line in ok(url, keys, "list", "models", "many/").splitlines()]
    assert names == [f"{i:04}" for i in range(MANY)], len(names)
    for i, key in enumerate(KEYS):
        body = secrets.token_bytes(200_000 + i)
        (folder / "sent").write_bytes(body)
        ok(url, keys, "put", "models", folder / "sent", f"new/{key}")
        assert s3.get_object(Bucket="models", Key=f"new/{key}")["Body"].read() == body, key
    wrong = keys | {"aws_secret_access_key": "x" * 40}
    for words in (("get", "models", "m/plain.json", folder / "no"), ("list", "models", "m/"), ("put", "models", folder / "sent", "no")):
        code, _, errors = ours(url, wrong, *words)
        assert code == 6 and "SignatureDoesNotMatch" in errors and "Check AWS_ACCESS_KEY_ID" in errors, (code, errors)
    code, _, errors = ours(url, {}, "get", "models", "m/plain.json", folder / "no")
    assert code == 6 and "Set AWS_ACCESS_KEY_ID" in errors, (code, errors)
    assert not (folder / "no").exists()
    code, _, errors = ours(url, keys, "get", "models", "m/absent", folder / "no")
    assert code == 5 and "404" in errors, (code, errors)
    passing = temporary_keys(url, keys)
    ok(url, passing, "get", "models", "m/plain.json", folder / "got")
    assert (folder / "got").read_bytes() == content["m/plain.json"]
    code, _, errors = ours(url, passing | {"aws_session_token": "another"}, "get", "models", "m/plain.json", folder / "no")
    assert code == 6, (code, errors)
    print(f"s3: {len(KEYS)} awkward keys and {MANY} others read, {len(KEYS)} written; temporary keys taken, wrong ones refused")


def main():
    with tempfile.TemporaryDirectory() as name:
        with moto(pathlib.Path(name)) as url:
            check(url, pathlib.Path(name))


if __name__ == "__main__":
    main()
