#!/usr/bin/env python3
"""s3_data_test.py PROGRAM: `joulecast data` on an s3:// remote whose server, moto, checks every signature.

What is pushed boto3 reads, byte for byte and under DVC's names; what is pulled is the same again. A download that was begun is gone
on with by a signed request for a range; one of another content is not believed. A wrong secret is refused.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from dataset_files import content, write
from s3_moto_test import client_of, moto, user_with_bucket

PROGRAM = sys.argv[1]
FILES = {"b c+d.csv": b"x,y\r\n1,2\r\n", "a/empty": b"", "a/twice": b"q", "twice": b"q", "\u00e9 %20#?.bin": bytes(range(256)) * 40, "big.bin": os.urandom(3_000_001)}
BIG = hashlib.md5(FILES["big.bin"]).hexdigest()


class Side:
    """A folder with a dataset called d, and an account."""

    def __init__(self, top, url, keys):
        top.mkdir()
        self.top, self.data, self.control = top, top / "d", top / ".d.joulecast"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.environment |= {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "HOME": str(top)} | {name.upper(): value for name, value in keys.items()}

    def run(self, action, code=0):
        done = subprocess.run([PROGRAM, "data", action, "--path", "d", "--remote", "s3://models/a store"], cwd=self.top, env=self.environment,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (action, done.returncode, done.stdout, done.stderr)
        assert self.environment["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def forget(self):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.control, ignore_errors=True)

    def begin_big(self, part, etag):
        """As a run leaves it that was killed while big.bin came."""
        (self.control / "parts").mkdir(parents=True)
        (self.control / "parts" / BIG).write_bytes(part)
        (self.control / "parts" / f"{BIG}.of").write_text(etag)


def objects(s3):
    listed = s3.list_objects_v2(Bucket="models", Prefix="a store/")["Contents"]
    return {one["Key"].removeprefix("a store/"): s3.get_object(Bucket="models", Key=one["Key"])["Body"].read() for one in listed}


def check(url, top):
    keys = user_with_bucket(url)
    s3 = client_of("s3", url, keys)
    one, two = Side(top / "one", url, keys), Side(top / "two", url, keys)
    write(one.data, FILES)
    one.run("push")
    stored = objects(s3)
    for key, body in stored.items():
        assert key.removesuffix(".dir") == f"files/md5/{(md5 := hashlib.md5(body).hexdigest())[:2]}/{md5[2:]}", key
    folder = next(json.loads(body) for key, body in stored.items() if key.endswith(".dir"))
    assert {entry["relpath"]: entry["md5"] for entry in folder} == {name: hashlib.md5(body).hexdigest() for name, body in FILES.items()}
    assert len(stored) == len(set(FILES.values())) + 1, list(stored)
    shutil.copy(one.top / "d.dvc", two.top)
    two.run("pull")
    assert content(two.data) == FILES
    two.run("verify")
    assert f"{len(FILES)} same" in two.run("status")

    log = top / "moto.log"
    partial = lambda: log.read_text().count('" 206 ')
    etag = s3.head_object(Bucket="models", Key=f"a store/files/md5/{BIG[:2]}/{BIG[2:]}")["ETag"]
    beginning = FILES["big.bin"][:1_234_567]
    for part, validator in ((beginning, etag), (beginning, ""), (b"\0" * 2_000_000, '"of another content"'), (FILES["big.bin"] + b"too long", etag)):
        two.forget()
        two.begin_big(part, validator)
        before = partial()
        two.run("pull")
        assert content(two.data) == FILES, validator
        assert part is not beginning or partial() == before + 1, "the rest alone was to be asked for"

    two.forget()
    s3.put_object(Bucket="models", Key=f"a store/files/md5/{BIG[:2]}/{BIG[2:]}", Body=b"damaged")
    assert "MD5" in two.run("pull", code=5)
    assert content(two.data) == {name: body for name, body in FILES.items() if name != "big.bin"}
    thief = Side(top / "thief", url, keys | {"aws_secret_access_key": "x" * 40})
    shutil.copy(one.top / "d.dvc", thief.top)
    assert "SignatureDoesNotMatch" in thief.run("pull", code=6)
    write(thief.data, {"new": b"new"})
    assert "SignatureDoesNotMatch" in thief.run("push", code=6)
    assert set(objects(s3)) == set(stored)
    print(f"s3: a dataset of {len(FILES)} files pushed, pulled, gone on with and verified, all requests signed")


with tempfile.TemporaryDirectory() as name:
    with moto(pathlib.Path(name)) as address:
        check(address, pathlib.Path(name))
