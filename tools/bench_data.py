#!/usr/bin/env python3
"""bench_data.py PROGRAM DVC_VENV [DAGSHUB_VENV STANDIN]: `joulecast data` beside DVC, DagsHub's client and `openssl md5`.

The environments are those of tests/interop/make_venv.sh. A DVC remote is served by nginx (Debian: nginx-light), DagsHub by its
stand-in, both on this machine, where they share the cores with the client. Each row: BENCH_PAIRS (3) runs of either, in turns; CPU
time of the client (user and system), wall time and memory; of the pairs' ratios the least, the median and the greatest. What either
has fetched is compared with what was sent. BENCH_ROWS picks of pull, status, dagshub, hash; BENCH_LARGE is the size of each of the
four large files.
"""
import collections
import contextlib
import hashlib
import os
import pathlib
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

PAIRS = int(os.environ.get("BENCH_PAIRS", "3"))
ROWS = os.environ.get("BENCH_ROWS", "pull,status,dagshub,hash").split(",")
LARGE_BYTES = int(os.environ.get("BENCH_LARGE", "500000000"))
PIECE = 1 << 20
CONFIG = "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n    remote = store\n['remote \"store\"']\n    url = {url}\n"
Cost = collections.namedtuple("Cost", "cpu wall memory")


def measured(folder, words, **variables):
    """CPU and wall time in seconds, and MB, of a command that must succeed."""
    quiet = {"DVC_NO_ANALYTICS": "1", "DAGSHUB_DISABLE_ANALYTICS": "1", "HOME": str(folder.parent), "DVC_SITE_CACHE_DIR": str(folder.parent / "site")}
    with tempfile.TemporaryFile("w+") as told:
        began = time.monotonic()
        process = subprocess.Popen(list(map(str, words)), cwd=folder, env=os.environ | quiet | variables, stdout=told, stderr=told, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{words}: exit code {process.returncode}\n{told.read()}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def spread(values):
    return "{:.3g} / {:.3g} / {:.3g}".format(min(values), statistics.median(values), max(values))


def tell(what, ours, theirs):
    """One row of the table."""
    middle = lambda costs, field: statistics.median(getattr(cost, field) for cost in costs)
    ratios = lambda field: spread([getattr(b, field) / getattr(a, field) for a, b in zip(ours, theirs)])
    print(f"| {what} | {middle(ours, 'cpu'):.3g} s, {middle(theirs, 'cpu'):.3g} s | {ratios('cpu')} | {middle(ours, 'wall'):.3g} s, {middle(theirs, 'wall'):.3g} s "
          f"| {ratios('wall')} | {max(cost.memory for cost in ours):.0f} MB, {max(cost.memory for cost in theirs):.0f} MB |", flush=True)


def write_random(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        for begin in range(0, size, PIECE):
            file.write(secrets.token_bytes(min(PIECE, size - begin)))


def hashes(folder):
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with open(path, "rb") as file:
                found[str(path.relative_to(folder))] = hashlib.file_digest(file, "md5").hexdigest()
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def nginx(top, root):
    """Serves a folder; its address."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        sys.exit("nginx is missing: apt-get install --no-remove nginx-light")
    port = free_port()
    owner = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(f"{kind}_temp_path {top}/nginx_{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (top / "nginx.conf").write_text(f"{owner} daemon off; pid {top}/nginx.pid; worker_processes 1; error_log {top}/nginx.log;\n"
                                    f"events {{ worker_connections 512; }}\n"
                                    f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; {temporary}\n"
                                    f"server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n")
    server = subprocess.Popen([program, "-c", top / "nginx.conf", "-e", top / "nginx.log"])
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def wait_for(port):
    for _ in range(100):
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), 0.2).close()
        time.sleep(0.1)
    raise RuntimeError("the server does not start")


def repository(folder, dvc, url):
    folder.mkdir()
    measured(folder, [dvc, "init", "--no-scm", "-q"])
    (folder / ".dvc/config").write_text(CONFIG.format(url=url))
    return folder


def fetch_rows(program, dvc, top, store):
    """Pulls from nginx into new repositories, and once more with nothing changed."""
    source = repository(top / "source", dvc, store)
    for i in range(2000):
        write_random(source / f"data/{i // 100}/{i}.bin", 200_000)
    for i in range(4):
        write_random(source / f"data/large{i}.bin", LARGE_BYTES)
    wanted = hashes(source / "data")
    measured(source, [program, "data", "push", "--path", "data"])
    entry = (source / "data.dvc").read_bytes()
    shutil.rmtree(source)
    with nginx(top, store) as url:
        # By itself DVC believes what it is sent; with `verify` it hashes it, as we always do.
        sides = (([program, "data", "pull", "--path", "data"], ""), ([dvc, "pull", "-q"], ""), ([dvc, "pull", "-q"], "    verify = true\n"))
        once, again = ([], [], []), ([], [], [])
        for _ in range(PAIRS):
            for side, (words, option) in enumerate(sides):
                folder = repository(top / "copy", dvc, url)
                (folder / ".dvc/config").write_text(CONFIG.format(url=url) + option)
                (folder / "data.dvc").write_bytes(entry)
                once[side].append(measured(folder, words))
                again[side].append(measured(folder, words))
                assert hashes(folder / "data") == wanted, words
                shutil.rmtree(folder)
                os.sync()
    shutil.rmtree(store)
    tell(f"pull of 2,000 files of 200 KB and 4 of {LARGE_BYTES / 1e6:.0f} MB, beside DVC", once[0], once[1])
    tell("the same, beside DVC with `verify = true`", once[0], once[2])
    tell("the same again, nothing changed, beside DVC", again[0], again[1])


def status_row(program, dvc, top, store):
    folder = repository(top / "many", dvc, store)
    for i in range(20_000):
        write_random(folder / f"data/{i // 200}/{i}.bin", 1000)
    measured(folder, [dvc, "add", "-q", "data"])
    tools = ([program, "data", "status", "--path", "data"], [dvc, "status", "-q"])
    measured(folder, [program, "data", "push", "--path", "data"])
    for words in tools:
        measured(folder, words)
    costs = [[measured(folder, words) for words in tools] for _ in range(PAIRS)]
    shutil.rmtree(folder)
    shutil.rmtree(store)
    tell("status of 20,000 files, beside DVC", *zip(*costs))


@contextlib.contextmanager
def dagshub(top, python, standin):
    server = subprocess.Popen([python, standin, "--data", top / "standin", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield {"DAGSHUB_CLIENT_HOST": server.stdout.readline().split()[1], "DAGSHUB_USER_TOKEN": "standin-token"}
    finally:
        server.kill()
        server.wait()


def dagshub_rows(program, venv, standin, top):
    source = top / "small"
    for i in range(500):
        write_random(source / f"{i // 50}/{i}.csv", 4000)
    with dagshub(top, venv / "bin/python", standin) as account:
        remote = ["--remote", "dagshub://tester/demo/small"]
        measured(top, [program, "data", "push", *remote, "--path", source], **account)
        once, again = ([], []), ([], [])
        for _ in range(PAIRS):
            for side in (0, 1):
                copy = top / f"small{side}"
                words = ([program, "data", "pull", *remote, "--path", copy], [venv / "bin/dagshub", "download", "tester/demo", "small", copy])[side]
                once[side].append(measured(top, words, **account))
                again[side].append(measured(top, words, **account))
                assert hashes(copy) == hashes(source), words
                shutil.rmtree(copy)
                shutil.rmtree(top / f".{copy.name}.joulecast", ignore_errors=True)
    tell("pull of 500 files of 4 KB from the stand-in, beside DagsHub's client", *once)
    tell("the same again, nothing changed, beside DagsHub's client", *again)


def openssl_rate(files, cores):
    """Bytes a second of `openssl md5` over these files, in as many processes."""
    began = time.monotonic()
    running = [subprocess.Popen(["openssl", "md5", *files[i::cores]], stdout=subprocess.DEVNULL) for i in range(cores)]
    assert not any([process.wait() for process in running])
    return sum(path.stat().st_size for path in files) / (time.monotonic() - began)


def hash_rows(program, top, store):
    """The first status of a folder reads and hashes all of it."""
    folder = top / "hashed"
    for i in range(8):
        write_random(folder / f"{i}.bin", 250_000_000)
    files = sorted(folder.iterdir())
    measured(top, [program, "data", "push", "--remote", store, "--path", folder])
    for cores in (1, 2):
        ratios, rates = [], []
        for _ in range(PAIRS):
            shutil.rmtree(top / ".hashed.joulecast", ignore_errors=True)
            limit = openssl_rate(files, cores)
            cost = measured(top, [program, "data", "status", "--remote", store, "--path", folder, "--jobs", cores])
            rates.append(2e9 / cost.wall)
            ratios.append(rates[-1] / limit)
        print(f"| MD5 of 2 GB on {cores} core{'s' if cores > 1 else ''}, of the rate of `openssl md5` | {statistics.median(rates) / 1e6:.0f} MB/s | {spread(ratios)} | | | |", flush=True)
    shutil.rmtree(folder)
    shutil.rmtree(store)


def main():
    program, dvc = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).absolute() / "bin/dvc"
    print(f"{PAIRS} pairs, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    print("| what | CPU: joulecast, other | ratio | wall: joulecast, other | ratio | memory |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="joulecast_data_") as name:
        top = pathlib.Path(name)
        if "pull" in ROWS:
            fetch_rows(program, dvc, top, top / "store")
        if "status" in ROWS:
            status_row(program, dvc, top, top / "store")
        if "dagshub" in ROWS:
            if len(sys.argv) < 5:
                print("DagsHub's client is left out: its environment or the stand-in is not given")
            else:
                dagshub_rows(program, pathlib.Path(sys.argv[3]).absolute(), pathlib.Path(sys.argv[4]).resolve(), top)
        if "hash" in ROWS:
            hash_rows(program, top, top / "store")


main()
