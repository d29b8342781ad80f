#!/usr/bin/env python3
"""dagshub_test.py PROGRAM STANDIN: DagsHub's own client and joulecast on the same repository, both ways, with DagsHub's stand-in.

What either side uploads the other downloads byte for byte; a file that the client leaves stale joulecast renews.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from dataset_files import content, write

PROGRAM, STANDIN = sys.argv[1:3]
CLIENT = pathlib.Path(sys.executable).parent / "dagshub"
FILES = {"resnet/layers.csv": b"x,y\r\n1,2\r\n", "vgg 16/empty": b"", "vgg 16/\u00e9 #+&.csv": b"u", "deep/er/z.bin": bytes(range(256)) * 1200}


def run(environment, *words, code=0):
    done = subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def check(top, url):
    environment = os.environ | {"DAGSHUB_CLIENT_HOST": url, "DAGSHUB_USER_TOKEN": "standin-token", "DAGSHUB_DISABLE_ANALYTICS": "1", "HOME": str(top)}
    ours = lambda action, folder, remote: run(environment, PROGRAM, "data", action, "--remote", f"dagshub://tester/demo/{remote}", "--path", folder)
    write(top / "a", FILES)
    ours("push", top / "a", "from_ours")
    run(environment, CLIENT, "download", "tester/demo", "from_ours", top / "b")
    assert content(top / "b") == FILES
    run(environment, CLIENT, "upload", "tester/demo", top / "a", "from_theirs", "--versioning", "dvc", "-m", "rows")
    ours("pull", top / "c", "from_theirs")
    assert content(top / "c") == FILES
    assert f"{len(FILES)} same" in ours("status", top / "c", "from_theirs")
    # A new version of one file: theirs keeps the stale one, ours does not.
    write(top / "a", {"resnet/layers.csv": b"new"})
    ours("push", top / "a", "from_ours")
    run(environment, CLIENT, "download", "tester/demo", "from_ours", top / "b")
    assert (top / "b/resnet/layers.csv").read_bytes() == FILES["resnet/layers.csv"]
    shutil.move(top / "b", top / "d")
    assert "conflict" in ours("status", top / "d", "from_ours")
    run(environment, PROGRAM, "data", "pull", "--force", "--remote", "dagshub://tester/demo/from_ours", "--path", top / "d")
    assert content(top / "d") == FILES | {"resnet/layers.csv": b"new"}


def main():
    if not pathlib.Path(STANDIN).is_file():
        print("skipped: the stand-in of DagsHub is not beside the checkout", file=sys.stderr)
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name)
        server = subprocess.Popen([sys.executable, STANDIN, "--data", top / "standin", "--port", "0"], stdout=subprocess.PIPE, text=True)
        try:
            check(top, server.stdout.readline().split()[1])
        finally:
            server.kill()
            server.wait()
    print(f"{len(FILES)} files both ways between joulecast and DagsHub's client")


main()
