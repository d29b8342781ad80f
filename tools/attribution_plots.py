#!/usr/bin/env python3
"""The figures of docs/attribution.md, from what bench/attribution_trace writes: attribution_plots.py FOLDER FIGURES

FOLDER/trace.csv (ms, measured_w, fitted_w), delay.csv (delay_us, log_likelihood, chosen),
powers.csv (layer, run_time_ms, true_w, power_w, low_w, high_w, status).
"""
import csv
import math
import pathlib
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 380, 64, 16, 34, 48
INK, GRID, BLUE, ORANGE, GREY = "#222", "#ddd", "#1f5fa8", "#d9730d", "#999"


def ticks(low, high, wanted=6):
    """Round numbers that cover [low, high]."""
    raw = (high - low) / wanted
    decade = 10.0 ** math.floor(math.log10(raw))
    step = decade * next(s for s in (1, 2, 5, 10) if s * decade >= raw)
    first = math.floor(low / step) * step
    values = [first + step * i for i in range(int((high - first) / step) + 2)]
    return [v for v in values if low - step / 1e6 <= v <= high + step / 1e6]


class Plot:
    def __init__(self, title, x_label, y_label, x_range, y_range):
        self.x_range, self.y_range, self.parts = x_range, y_range, []
        self.text(WIDTH / 2, 20, title, size=15)
        for x in ticks(*x_range):
            self.line([(x, y_range[0]), (x, y_range[1])], GRID)
            self.text(self.x(x), HEIGHT - BOTTOM + 16, f"{x:g}")
        for y in ticks(*y_range):
            self.line([(x_range[0], y), (x_range[1], y)], GRID)
            self.text(LEFT - 6, self.y(y) + 4, f"{y:g}", anchor="end")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label)
        self.parts.append(f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" font-size="13" '
                          f'text-anchor="middle" fill="{INK}">{y_label}</text>')

    def x(self, value):
        low, high = self.x_range
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        low, high = self.y_range
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def text(self, x, y, words, size=13, anchor="middle", fill=INK):
        words = words.replace("&", "&amp;").replace("<", "&lt;")
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">{words}</text>')

    def line(self, points, colour, width=1.0, dash=""):
        path = " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>')

    def dot(self, a, b, colour, radius=3.0, hollow=False):
        fill = "white" if hollow else colour
        self.parts.append(f'<circle cx="{self.x(a):.1f}" cy="{self.y(b):.1f}" r="{radius}" fill="{fill}" stroke="{colour}"/>')

    def key(self, entries):
        x = LEFT + 10
        for colour, words in entries:
            self.parts.append(f'<rect x="{x}" y="{TOP + 6}" width="12" height="8" fill="{colour}"/>')
            self.text(x + 17, TOP + 14, words, size=12, anchor="start")
            x += 30 + 7 * len(words)

    def write(self, path):
        body = "\n".join(self.parts)
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
                        f'font-family="sans-serif">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n')


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def padded(values, share=0.06):
    low, high = min(values), max(values)
    return low - share * (high - low), high + share * (high - low)


def plot_trace(data, path):
    points = [(float(r["ms"]), float(r["measured_w"]), float(r["fitted_w"])) for r in data]
    low, high = padded([v for p in points for v in p[1:]])
    plot = Plot("Conversions of the sensor, and what the fit says they should be", "time (ms)", "board power (W)",
                (points[0][0], points[-1][0]), (low, high + 0.1 * (high - low)))
    plot.line([(t, fitted) for t, _, fitted in points], ORANGE, 1.4)
    for t, measured, _ in points:
        plot.dot(t, measured, BLUE, 2.6)
    plot.key([(BLUE, "measured"), (ORANGE, "fitted")])
    plot.write(path)


def plot_delay(data, path):
    points = [(float(r["delay_us"]) / 1e3, float(r["log_likelihood"])) for r in data]
    best = max(value for _, value in points)
    points = [(delay, value - best) for delay, value in points]
    low = min(value for _, value in points)
    plot = Plot("How well each delay of the sensor explains held-out samples", "delay (ms)", "log likelihood, less the best",
                (points[0][0], points[-1][0]), (1.04 * low, -0.04 * low))
    plot.line(points, BLUE, 1.6)
    chosen = float(data[0]["chosen"]) / 1e3
    plot.line([(chosen, 1.04 * low), (chosen, -0.04 * low)], ORANGE, 1.4, "5 4")
    plot.key([(BLUE, "profile"), (ORANGE, f"chosen: {chosen:.2f} ms")])
    plot.write(path)


def plot_powers(data, path):
    known = [r for r in data if r["power_w"] and float(r["run_time_ms"]) > 0]
    largest = 1.08 * max(max(float(r["true_w"]), float(r["high_w"])) for r in known)
    plot = Plot("Power of each layer above idle", "true (W)", "estimated (W), with 90 % interval", (0, largest), (0, largest))
    plot.line([(0, 0), (largest, largest)], GREY, 1.0, "4 4")
    colours = {"resolved": BLUE, "merged": ORANGE}
    for r in known:
        true, colour = float(r["true_w"]), colours.get(r["status"], GREY)
        plot.line([(true, float(r["low_w"])), (true, float(r["high_w"]))], colour, 1.0)
        plot.dot(true, float(r["power_w"]), colour, 3.0, hollow=r["status"] == "merged")
    plot.key([(BLUE, "layer of its own"), (ORANGE, "layer in a block")])
    plot.write(path)


def main():
    folder, figures = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    figures.mkdir(parents=True, exist_ok=True)
    plot_trace(rows(folder / "trace.csv"), figures / "attribution_trace.svg")
    plot_delay(rows(folder / "delay.csv"), figures / "attribution_delay.svg")
    plot_powers(rows(folder / "powers.csv"), figures / "attribution_powers.svg")


if __name__ == "__main__":
    main()
