#!/usr/bin/env python3
"""dvc_test.py PROGRAM: DVC itself and joulecast on the same datasets, both ways, over a folder and over HTTP.

What either side adds and pushes the other pulls byte for byte; `dvc status` and `joulecast data status` agree; after each step the
.dvc file, the .dir object and .gitignore are those that `dvc add` makes. What random .dvcignore files keep out is the same for both.
"""
import hashlib
import http.server
import os
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading

import dataset_files

PROGRAM = sys.argv[1]
DVC = pathlib.Path(sys.executable).parent / "dvc"
FILES = {"b.csv": b"x,y\r\n1,2\r\n", "a/z.csv": b"hello\n", "a-b.csv": b"q", "a.csv": b"", "\u00e9.csv": b"u", "sub dir/x#%?.csv": b"odd",
         'quo"te\\.txt': b"z", "\U0001F600.txt": b"smile", "e\u0301.csv": b"u", "big.bin": bytes(range(256)) * 20000}


class Store(http.server.BaseHTTPRequestHandler):
    """A DVC remote: objects in a folder; `user` and `password` are me and sesame."""
    protocol_version = "HTTP/1.1"
    folder = None

    def log_message(self, *words):
        pass

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        out = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            out += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return out

    def reply(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer(self):
        body = self.body()
        path = self.folder / self.path.lstrip("/")
        if self.headers.get("Authorization") != "Basic bWU6c2VzYW1l":
            return self.reply(401)
        if self.command in ("POST", "PUT"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            return self.reply(200)
        return self.reply(200, path.read_bytes()) if path.is_file() else self.reply(404)

    do_GET = do_HEAD = do_POST = do_PUT = answer


def run(folder, *words, code=0):
    environment = os.environ | {"DVC_NO_ANALYTICS": "1", "HOME": str(folder.parent), "XDG_CONFIG_HOME": str(folder.parent / "config"),
                                "XDG_CACHE_HOME": str(folder.parent / "cache"), "DVC_SITE_CACHE_DIR": str(folder.parent / "site")}
    done = subprocess.run(list(map(str, words)), cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def dvc(folder, *words, code=0):
    return run(folder, DVC, *words, code=code)


def ours(folder, *words, code=0):
    return run(folder, PROGRAM, "data", *words, "--path", "training_data", code=code)


def repository(folder, remote):
    folder.mkdir(parents=True)
    dvc(folder, "init", "--no-scm", "-q")
    (folder / ".dvc/config").write_text(f"[core]\n    no_scm = true\n    analytics = false\n    remote = store\n['remote \"store\"']\n    url = {remote}\n")
    if remote.startswith("http"):
        (folder / ".dvc/config.local").write_text("['remote \"store\"']\n    auth = basic\n    user = me\n    password = sesame\n")


def write(folder, files):
    dataset_files.write(folder / "training_data", files)


def content(folder):
    return dataset_files.content(folder / "training_data")


def objects(folder):
    root = folder / ".dvc/cache/files"
    return {str(path.relative_to(root)): hashlib.md5(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def up_to_date(folder):
    assert "up to date" in dvc(folder, "status"), folder
    assert "in sync" in dvc(folder, "status", "-c"), folder
    assert f"{len(content(folder))} same" in ours(folder, "status"), folder


def both_ways(top, remote):
    one, two, three = (top / name for name in ("one", "two", "three"))
    for folder in (one, two, three):
        repository(folder, remote)
    # Ours adds and pushes, DVC pulls.
    write(one, FILES)
    ours(one, "push")
    up_to_date(one)
    shutil.copy(one / "training_data.dvc", two)
    dvc(two, "pull")
    assert content(two) == FILES
    up_to_date(two)
    # DVC makes the same of the same files.
    write(three, FILES)
    dvc(three, "add", "training_data")
    assert (three / "training_data.dvc").read_bytes() == (one / "training_data.dvc").read_bytes()
    assert objects(three) == objects(one)
    # DVC changes and pushes, ours pulls.
    changed = FILES | {"a.csv": b"filled\n", "new/c.csv": b"c"}
    del changed["a-b.csv"]
    write(two, changed)
    (two / "training_data/a-b.csv").unlink()
    dvc(two, "add", "training_data")
    dvc(two, "push")
    shutil.copy(two / "training_data.dvc", one)
    assert "changed there" in ours(one, "status")
    ours(one, "pull", "--force")
    assert content(one) == changed
    up_to_date(one)
    # What ours has changed DVC sees as changed; after our push it is not.
    write(one, {"b.csv": b"mine"})
    assert "modified" in dvc(one, "status")
    assert "changed here" in ours(one, "status")
    ours(one, "push")
    up_to_date(one)
    shutil.copy(one / "training_data.dvc", two)
    dvc(two, "pull")
    assert content(two) == changed | {"b.csv": b"mine"}
    # An empty cache is filled from the remote by either.
    shutil.rmtree(one / ".dvc/cache")
    shutil.rmtree(one / "training_data")
    ours(one, "pull")
    assert content(one) == changed | {"b.csv": b"mine"}
    up_to_date(one)
    ours(one, "verify")


def random_pattern(choose):
    parts = [choose.choice(["a", "b", "ab", "c.csv", "*", "**", "*.csv", "?", "a*", "[ab]", "[!a]", "[^b-z]", "[]a]", "\\a", "*b*", "\u00e9?"])
             for _ in range(choose.choice([1, 1, 1, 2, 2, 3]))]
    return choose.choice(["", "", "!"]) + choose.choice(["", "", "/"]) + "/".join(parts) + choose.choice(["", "", "/"])


def ignored_alike(top, store):
    """The dataset lies in a folder of its repository, with .dvcignore files in both, and one that is ignored itself now and then."""
    from dvc.repo import Repo
    choose = random.Random(17)
    repository(top, store)
    folder = top / "a"
    for name in ("a", "b", "ab", "c.csv", "a/a/c.csv", "a/b/ab", "b/c.csv", "ab/a", "ab/ab/b", "b/b/b", "\u00e9x/a", "\u00e9x/c.csv", "x/y/z", "]a"):
        path = folder / "training_data" / ("f" + name if "/" not in name else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    for name in ("b", "\u00e9y", "]"):
        (folder / "training_data/a" / name / "deep").mkdir(parents=True, exist_ok=True)
        (folder / "training_data/a" / name / "deep/c.csv").write_bytes(b"")
    count = len(content(folder))
    some = 0
    for case in range(150):
        texts = {place: "\n".join(random_pattern(choose) for _ in range(choose.randint(0, 4))) + "\n" for place in (top, folder)}
        for place, text in texts.items():
            (place / ".dvcignore").write_text(text)
        with Repo(str(top)) as repo:
            data = folder / "training_data"
            if repo.dvcignore.is_ignored_dir(str(data)):
                assert "ignored by a .dvcignore" in ours(folder, "status", code=4), texts
                continue
            theirs = sorted(str(pathlib.Path(path).relative_to(data)) for path in repo.dvcignore.find(repo.fs, str(data)))
        report = subprocess.run([PROGRAM, "data", "status", "--path", "training_data", "--json", "-"], cwd=folder, capture_output=True, text=True)
        assert report.returncode == 0, (texts, report.stderr)
        mine = sorted(file["path"] for file in json.loads(report.stdout)["files"])
        assert mine == theirs, (texts, set(mine) ^ set(theirs))
        some += 0 < len(mine) < count
    assert some > 30, some
    # A dataset that both make of what is left.
    (top / ".dvcignore").write_text("*.csv\n!/a/training_data/b/c.csv\n")
    (folder / ".dvcignore").write_text("/training_data/x\nab/\n")
    ours(folder, "push")
    made = (folder / "training_data.dvc").read_bytes()
    dvc(folder, "add", "training_data")
    assert (folder / "training_data.dvc").read_bytes() == made
    assert "up to date" in dvc(folder, "status")
    return some


def main():
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name)
        both_ways(top / "by_folder", str(top / "store"))
        Store.folder = top / "http_store"
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        both_ways(top / "by_http", f"http://127.0.0.1:{server.server_address[1]}")
        wrong = top / "by_http/one/.dvc/config.local"
        wrong.write_text(wrong.read_text().replace("sesame", "wrong"))
        shutil.rmtree(wrong.parent / "cache")
        shutil.rmtree(wrong.parent.parent / "training_data")
        assert "refused" in ours(wrong.parent.parent, "pull", code=6)
        server.shutdown()
        some = ignored_alike(top / "ignoring", str(top / "ignored_store"))
    print(f"{some} datasets of which random .dvcignore files leave some out, alike for both")
    print(f"{len(FILES)} files both ways between joulecast and DVC, over a folder and over HTTP")


main()
