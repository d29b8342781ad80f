"""The rows of tools/bench.py: what is run, beside which peer, and the goal."""
import dataclasses
import pathlib
import statistics
import typing

# CPU seconds of the reference on another machine (2 virtual cores, Xeon 2.80 GHz, busy): the peers stand in for it.
REFERENCE_CPU_S = {"attribute_1": 39.55, "convert": 4.54, "train_converged": 28.99, "predict": 2.93}


class Places:
    def __init__(self, build):
        import os

        self.build = pathlib.Path(build)
        self.source = pathlib.Path(__file__).resolve().parent.parent
        self.program = self.build / "joulecast"
        self.work = self.build / "bench" / "bench_work"
        self.peers = self.source / "bench" / "peers"
        self.data = self.build / "bench_data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.golden = pathlib.Path(os.environ.get("BENCH_GOLDEN", self.source.parent / "shared" / "golden")).resolve()
        self.training = self.golden / "training_data_large"
        self.network = self.data / "network"
        self.engine = self.source / "examples" / "orin_resnet18" / "trt_engine_info.json"

    def python(self, venv):
        return self.build / "peers" / venv / "bin" / "python"

    def problem(self, target):
        return self.data / f"conv_{target}.problem"

    def latency_log(self, name):
        return next(iter((self.data / name).glob("*/trt_profiling/trt_layer_latency.json")), self.data / name / "missing")


@dataclasses.dataclass
class Side:
    command: list
    reports_itself: bool = False  # prints its own CPU seconds as JSON
    repeat: int = 1  # short processes: the mean of so many
    makes: typing.Optional[pathlib.Path] = None  # folder that it writes, removed before each run


@dataclasses.dataclass
class Row:
    name: str
    work: str
    ours: Side
    peer_name: str = "-"
    peer: typing.Optional[Side] = None
    goal_text: str = ""
    figure: typing.Callable = lambda r: f"{r['cpu_s']:.3g} s"
    reached: typing.Callable = lambda r: True
    needs: list = dataclasses.field(default_factory=list)

    def missing(self):
        gone = [str(path) for path in self.needs if not path.exists()]
        return f"{gone[0]} is not there" if gone else ""


def rate(r):
    return statistics.median(o["bytes"] / o["cpu_s"] for o in r["ours"])


def median_ratio(r, key="cpu_s"):
    return r["ratio_" + key][1]


def gigabytes(r):
    return f"{rate(r) / 1e9:.2f} GB/s"


def megabytes(r):
    return f"{rate(r) / 1e6:.0f} MB/s"


def times(least, memory=None, key="cpu_s"):
    return lambda r: median_ratio(r, key) >= least and (memory is None or r["peak_mb"] <= memory)


def layer_rate(r):
    return statistics.median(o["items"] / o["cpu_s"] for o in r["ours"])


def reading_rows(p):
    work, python = p.work, p.python("scikit_learn_newest")
    log = p.latency_log("log_300mb")
    yield Row("latency_300mb", "latency log, 300 MB", Side([work, "latency", log], True), "json, strptime",
              Side([python, p.peers / "read_log.py", "latency", log]), ">=1.5 GB/s", gigabytes,
              lambda r: rate(r) >= 1.5e9 and r["peak_mb"] <= 64, [log])
    yield Row("latency_limit", "latency log, share of the limit", Side([work, "latency", log], True), "quote scan",
              Side([work, "scan", log], True), ">=0.7", gigabytes, times(0.7, 64), [log])
    log = p.latency_log("log_3gb")
    yield Row("latency_3gb", "latency log, 3 GB", Side([work, "latency", log], True), "quote scan",
              Side([work, "scan", log], True), ">=1.5 GB/s", gigabytes, lambda r: rate(r) >= 1.5e9 and r["peak_mb"] <= 64, [log])
    log = next(iter(p.network.glob("*/*_power_log.log")), p.network / "missing")
    yield Row("power", "power log, 16 MB", Side([work, "power", log], True), "strptime",
              Side([python, p.peers / "read_log.py", "power", log]), ">=600 MB/s", megabytes, lambda r: rate(r) >= 6e8, [log])


def pipeline_rows(p):
    python = p.python("scikit_learn_1_5")
    out = p.data / "out"
    peer = Side([python, p.peers / "map_power.py", p.network, out / "peer_preprocessed"], makes=out / "peer_preprocessed")
    made = out / "preprocessed"
    attribute = [p.program, "attribute", "--method", "window", p.network, "--out", made, "--quiet"]
    yield Row("attribute_1", "attribute, 30,000 x 60, one core", Side([*attribute, "--jobs", "1"], makes=made), "reference steps", peer,
              ">=100x <=64MB", reached=times(100, 64), needs=[p.network])
    yield Row("attribute_2", "attribute, two cores: wall", Side([*attribute, "--jobs", "2"], makes=made), "reference steps", peer,
              ">=180x wall", figure=lambda r: f"{r['wall_s']:.3g} s", reached=times(180, 64, "wall_s"), needs=[p.network])
    pre = p.data / "preprocessed"
    yield Row("convert", "convert of that", Side([p.program, "convert", pre, "--out", out / "training", "--quiet", "--jobs", "1"]),
              "reference steps", Side([python, p.peers / "convert_measurements.py", pre, out / "peer_training"]),
              ">=50x <=64MB", reached=times(50, 64), needs=[pre])


def lasso_rows(p):
    solve = p.peers / "lasso_paths.py"
    # Tolerances at which each library comes to a duality gap of about 1e-6 or, where it cannot, as near as it comes.
    peers = (("scikit-learn", "scikit_learn_newest", "sklearn", "1e-4", 50), ("adelie", "lasso_libraries", "adelie", "1e-12", 3),
             ("celer", "lasso_libraries", "celer", "1e-9", 3), ("skglm", "lasso_libraries", "skglm", "1e-6", 3))
    for target, word in (("power", "conv power"), ("runtime", "conv run time")):
        for label, venv, solver, tol, goal in peers:
            problem = p.problem(target)
            yield Row(f"lasso_{target}_{solver}", f"LassoCV {word}", Side([p.work, "lasso", problem], True), f"{label} {tol}",
                      Side([p.python(venv), solve, solver, problem, tol, "-"], True), f">={goal}x",
                      figure=lambda r: f"{1e3 * r['cpu_s']:.3g} ms", reached=times(goal), needs=[problem])


def model_rows(p):
    old, new = p.python("scikit_learn_1_5"), p.python("scikit_learn_newest")
    out = p.data / "out"
    train = [p.program, "train", p.training, "--out", out / "models", "--quiet", "--jobs", "1"]
    yield Row("train_converged", "six models, converged", Side([*train, "--mode", "converged"]), "run.py 1.5.2",
              Side([old, p.peers / "train.py", p.training, out / "peer_models"]), "<0.3s >=100x",
              reached=lambda r: r["wall_s"] < 0.3 and median_ratio(r) >= 100, needs=[p.training])
    yield Row("train_compat", "six models, compat", Side([*train, "--mode", "compat"]), needs=[p.training])
    yield Row("train_newest", "six models, converged", Side([*train, "--mode", "converged"]), "run.py newest",
              Side([new, p.peers / "train.py", p.training, out / "peer_models_newest"]), ">=100x", reached=times(100), needs=[p.training])
    models = p.data / "models"
    yield Row("predict", "one prediction, whole process",
              Side([p.program, "predict", p.engine, "--models", models, "--out", out / "p.csv", "--quiet"], repeat=10), "inference.py",
              Side([old, p.peers / "predict.py", p.engine, p.data / "peer_models", out / "peer.csv"]), "<10 ms",
              figure=lambda r: f"{1e3 * r['wall_s']:.2f} ms", reached=lambda r: r["wall_s"] < 0.010, needs=[models])
    yield Row("start", "start-up (--version)", Side([p.program, "--version"], repeat=20), goal_text="<3 ms",
              figure=lambda r: f"{1e3 * r['wall_s']:.2f} ms", reached=lambda r: r["wall_s"] < 0.003)
    yield Row("resident", "resident, a 60-layer network", Side([p.work, "bulk", models, p.network, "2000"], True), goal_text="<50 us",
              figure=lambda r: f"{1e6 * r['cpu_s'] / 2000:.1f} us", reached=lambda r: r["cpu_s"] / 2000 < 50e-6, needs=[models, p.network])
    engines = p.data / "engines"
    yield Row("bulk", "10,000 networks, lasso", Side([p.work, "bulk", models, engines, "10000"], True), goal_text=">=5 M layers/s",
              figure=lambda r: f"{layer_rate(r) / 1e6:.2f} M/s", reached=lambda r: layer_rate(r) >= 5e6, needs=[models, engines])
    physical = p.data / "physical"
    yield Row("bulk_physical", "10,000 networks, physical", Side([p.work, "bulk", physical, engines, "10000"], True), goal_text=">=5 M layers/s",
              figure=lambda r: f"{layer_rate(r) / 1e6:.2f} M/s", reached=lambda r: layer_rate(r) >= 5e6, needs=[physical, engines])
    yield Row("engines", "10,000 engine files read", Side([p.work, "engines", engines, "500"], True), goal_text=">=500 MB/s", figure=megabytes,
              reached=lambda r: rate(r) >= 5e8, needs=[engines])


def rows(p):
    yield from reading_rows(p)
    yield from pipeline_rows(p)
    yield from lasso_rows(p)
    yield from model_rows(p)


def notes(results):
    yield "CPU = user + system of the whole process on this machine, or of the work alone where a library is compared; x N = runs of the peer."
    for result in results:
        told = REFERENCE_CPU_S.get(result["row"])
        if told and result["peer"]:
            here = statistics.median(t["cpu_s"] for t in result["peer"])
            yield f"{result['peer_name']} ({result['row']}): {here:.1f} s here, {told:.1f} s recorded for the reference on another machine ({here / told:.2f} of it)."
    for result in results:
        gaps = [o["gap"] for o in result["ours"] if "gap" in o]
        if gaps and result["row"].endswith("sklearn"):
            yield f"{result['work']}: our largest relative duality gap of 5,000 fits is {max(gaps):.0e}."
