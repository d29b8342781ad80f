#!/usr/bin/env python3
"""How work grows: bench_growth.py BUILD [CYCLES]

Each size beside one ten times as large (degrees beside each other): CPU seconds, peak memory and their ratios, one thread.
Inputs come from `joulecast simulate`; the lasso's from the reference's golden files, left out where they are absent.
"""
import pathlib
import shutil
import sys

import bench
import bench_inputs
import bench_rows


class Growth:
    def __init__(self, places):
        self.places = places
        self.work = places.data / "growth"
        self.work.mkdir(exist_ok=True)

    def run(self, *command, makes=None):
        side = bench_rows.Side([self.places.program, *command, "--quiet", "--jobs", "1"], makes=makes)
        runs = [bench.measure(side, self.places.work) for _ in range(3)]
        return min(run["cpu_s"] for run in runs), max(run["peak_mb"] for run in runs)

    def raw(self, layers, cycles, networks=1):
        folder = self.work / f"raw_{layers}_{cycles}_{networks}"
        if not folder.exists():
            part = folder.with_suffix(".part")
            bench_inputs.quietly(self.places.program, "simulate", "--plain-layers", layers, "--cycles", cycles, "--out", part,
                                 "--truth", self.work / "truth")
            first = next(path for path in part.iterdir() if path.is_dir())
            for i in range(1, networks):
                shutil.copytree(first, part / f"{first.name}_{i}")
                for log in (part / f"{first.name}_{i}").glob("*_power_log.log"):
                    log.rename(log.with_name(f"{first.name}_{i}_power_log.log"))
            part.rename(folder)
        return folder

    def pipeline(self, layers, cycles, networks=1):
        """attribute by window and convert, of one size."""
        raw = self.raw(layers, cycles, networks)
        pre, rows = self.work / "pre", self.work / "rows"
        attribute = self.run("attribute", "--method", "window", raw, "--out", pre, makes=pre)
        return attribute, self.run("convert", pre, "--out", rows, makes=rows)

    def train(self, models, data=None):
        config = self.work / "config.yaml"
        config.write_text(f"models:\n  convolutional:\n    power: {models}\n")
        return self.run("train", data or self.places.training, "--estimator", "lasso", "--config", config, "--out", self.work / "models")


def line(what, small, large):
    print(f"{what:<44} {small[0]:>8.3f} {large[0]:>8.3f} {large[0] / small[0]:>6.1f} {small[1]:>6.0f} {large[1]:>6.0f}", flush=True)


def main():
    places = bench_rows.Places(pathlib.Path(sys.argv[1]).resolve())
    cycles = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    growth = Growth(places)
    print(f"{'work':<44} {'CPU (s)':>8} {'of more':>8} {'ratio':>6} {'MB':>6} {'MB':>6}")
    print("-" * 83)
    one = growth.pipeline(60, cycles)
    for label, more in (("cycles", (60, 10 * cycles)), ("layers", (600, cycles)), ("networks", (60, cycles, 10))):
        ten = growth.pipeline(*more)
        line(f"attribute, {label} x 10", one[0], ten[0])
        line(f"convert, {label} x 10", one[1], ten[1])
    if places.training.exists():
        by_degree = [growth.train(f"{{degree: {degree}}}") for degree in (1, 2, 3, 4)]
        for degree in (2, 3, 4):
            line(f"six lassos, one of degree {degree - 1}, then {degree}", by_degree[degree - 2], by_degree[degree - 1])
        few, many = (growth.train(f"{{lasso: {{n_alphas: {alphas}}}}}") for alphas in (50, 500))
        line("six lassos, one of 50 alphas, then 500", few, many)
    return 0


if __name__ == "__main__":
    sys.exit(main())
