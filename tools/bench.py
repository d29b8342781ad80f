#!/usr/bin/env python3
"""joulecast beside its peers, in one table: bench.py BUILD [--json FILE] [--check]

Makes its inputs with `joulecast simulate` (kept in BUILD/bench_data), installs the peers of bench/peers in BUILD/peers,
and runs program and peer in turn, A B A B. Environment:
  BENCH_ONLY=a,b     these rows alone (names in the first column of --list)
  BENCH_PAIRS=N      pairs of runs, 5 by default
  BENCH_PEER_S=N     CPU seconds that all runs of one peer may take, 60 by default: a slow peer runs fewer times
  BENCH_GOLDEN=DIR   the reference's golden files, ../shared/golden by default; rows that need them are left out without
CPU is user + system of the whole process; memory is its largest resident set.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import bench_inputs
import bench_rows


def run_once(side, runner, env):
    """CPU seconds, wall seconds and peak MB of a process, and what it says of itself."""
    if side.makes:
        shutil.rmtree(side.makes, ignore_errors=True)  # writing over a file costs more than writing a new one
    command = side.command if side.reports_itself else [runner, "run", *side.command]
    done = subprocess.run([str(word) for word in command], capture_output=True, env=env, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{side.command[0]} {side.command[1]}: exit {done.returncode}: {done.stderr.decode()[-500:]}")
    said = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return {"wall_s": said["cpu_s"], "peak_mb": 0.0, **said}


def measure(side, runner):
    """One run: the mean of so many processes as the side wants."""
    env = {**os.environ, **{name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}}
    repeats = [run_once(side, runner, env) for _ in range(side.repeat)]
    run = dict(repeats[-1])
    for key in ("cpu_s", "wall_s"):
        run[key] = statistics.fmean(r[key] for r in repeats)
    run["peak_mb"] = max(r["peak_mb"] for r in repeats)
    return run


def run_row(row, pairs, peer_budget, runner):
    ours, theirs = [], []
    measure(row.ours, runner)  # files into the cache
    spent = 0.0
    for _ in range(pairs):
        ours.append(measure(row.ours, runner))
        if row.peer and (not theirs or spent + theirs[0]["cpu_s"] <= peer_budget):
            theirs.append(measure(row.peer, runner))
            spent += theirs[-1]["cpu_s"]
    return ours, theirs


def ratios(ours, theirs, key):
    """Of each pair; where the peer ran less often, of its median to each run of ours."""
    if len(theirs) == len(ours):
        return sorted(t[key] / o[key] for o, t in zip(ours, theirs))
    typical = statistics.median(t[key] for t in theirs)
    return sorted(typical / o[key] for o in ours)


def summarize(row, ours, theirs):
    result = {"row": row.name, "work": row.work, "ours": ours, "peer_name": row.peer_name, "peer": theirs, "goal": row.goal_text}
    middle = {key: statistics.median(o[key] for o in ours) for key in ("cpu_s", "wall_s")}
    result["cpu_s"], result["wall_s"] = middle["cpu_s"], middle["wall_s"]
    result["peak_mb"] = max(o["peak_mb"] for o in ours)
    if theirs:
        for key in ("cpu_s", "wall_s"):
            values = ratios(ours, theirs, key)
            result["ratio_" + key] = [values[0], statistics.median(values), values[-1]]
    result["figure"] = row.figure(result)
    result["reached"] = bool(row.reached(result))
    return result


def text_of(result):
    by = "ratio_wall_s" if result["goal"].endswith("wall") else "ratio_cpu_s"
    ratio = "{:.3g}/{:.3g}/{:.3g}".format(*result[by]) if by in result else "-"
    peer = "-"
    if result["peer"]:
        peer = f"{statistics.median(t['cpu_s'] for t in result['peer']):.3g} s x{len(result['peer'])}"
    goal = result["goal"] or "-"
    yes = "-" if not result["goal"] else "yes" if result["reached"] else "NO"
    return (f"{result['work']:<31.31} {result['figure']:>10} {result['peer_name']:<15.15} {peer:>10} {ratio:>15} "
            f"{result['peak_mb']:>4.0f} {goal:<12.12} {yes}")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    if "--list" in sys.argv:
        for row in bench_rows.rows(bench_rows.Places(build)):
            print(f"{row.name:<20} {row.work}")
        return 0
    wanted = [name for name in os.environ.get("BENCH_ONLY", "").split(",") if name]
    places = bench_rows.Places(build)
    bench_inputs.prepare(places, wanted)
    if "--check" in sys.argv:
        return bench_inputs.check_peers(places)
    pairs, budget = int(os.environ.get("BENCH_PAIRS", "5")), float(os.environ.get("BENCH_PEER_S", "60"))
    print(f"{'work':<31} {'joulecast':>10} {'peer':<15} {'its CPU':>10} {'ratio':>15} {'MB':>4} {'goal':<12} reached")
    print(f"{'':<31} {'':>10} {'':<15} {'':>10} {'min/median/max':>15}")
    print("-" * 112)
    results = []
    for row in bench_rows.rows(places):
        if wanted and row.name not in wanted:
            continue
        if row.missing():
            print(f"{row.work:<31.31} left out: {row.missing()}")
            continue
        try:
            results.append(summarize(row, *run_row(row, pairs, budget, places.work)))
            print(text_of(results[-1]), flush=True)
        except (RuntimeError, OSError, ValueError) as fault:
            print(f"{row.work:<31.31} FAILED: {str(fault)[:300]}", flush=True)
    print("-" * 112)
    for line in bench_rows.notes(results):
        print(line)
    out = pathlib.Path(sys.argv[sys.argv.index("--json") + 1]) if "--json" in sys.argv else build / "bench.json"
    out.write_text(json.dumps({"machine": bench_inputs.machine(), "pairs": pairs, "rows": results}, indent=1))
    print(f"The same as JSON, with every run: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
