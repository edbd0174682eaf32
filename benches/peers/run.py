#!/usr/bin/env python3
"""Runs our training and the same training in PyTorch, JAX and burn, in turn, on this machine.

Every program trains 784-128-64-10 with ReLU on MNIST by plain SGD (rate 0.1), data on the device,
weights uniform within the square root of 6 / inputs, biases zero. A round runs each of them once;
rounds repeat, so that noise hits all alike. The first epoch of each run is left out of the times.
Exit codes: 0 fine, 1 a program failed or accuracies do not agree, 2 nothing could be run.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BURN = HERE / "burn"
INSTALL = {
    "torch": "pip install torch numpy",
    "jax": 'pip install jax numpy (with CUDA: pip install "jax[cuda12]" numpy)',
    "burn": f"cargo build --release --manifest-path {BURN.relative_to(ROOT)}/Cargo.toml (a quarter of an hour; sooner with --no-default-features, without wgpu)",
}
# Accuracies are compared after this epoch: early enough for another rate or initialisation to show.
CHECKED_EPOCH = 2


@dataclass
class Contender:
    """A program in one mode on one device."""

    program: str
    kind: str  # cpu or gpu; a software adapter counts as a gpu
    learners: int
    command: list[str]
    arguments: list[str]
    mode: str = ""
    device: str = ""
    epochs: list[dict] = field(default_factory=list)  # every line, of every round
    starts: list[float] = field(default_factory=list)  # process start to first step, by round
    failure: str = ""

    def __str__(self) -> str:
        return f"{self.program} {' '.join(self.arguments)} --learners {self.learners}"

    def measured(self) -> dict:
        """Medians over the epochs after the first, and the mean accuracy after the checked one."""
        seconds = [e["seconds"] for e in self.epochs if e["epoch"] > 1]
        steps = self.epochs[0]["steps"]
        reached = [e["accuracy"] for e in self.epochs if e["epoch"] == CHECKED_EPOCH]
        median = statistics.median(seconds)
        return {
            "program": self.program,
            "mode": self.mode,
            "device": self.device,
            "kind": self.kind,
            "learners": self.learners,
            "us_per_step": 1e6 * median / steps,
            "us_per_step_range": [1e6 * min(seconds) / steps, 1e6 * max(seconds) / steps],
            "seconds_per_learner_epoch": median / self.learners,
            "start_seconds": statistics.median(self.starts),
            "accuracy": statistics.mean(reached),
        }


def settings_of_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda text: text.split(",")
    numbers = lambda text: [int(word) for word in text.split(",")]
    parser.add_argument("--data", default=os.environ.get("UNLEARN_DATA"), help="folder with MNIST's four idx .gz files [default: $UNLEARN_DATA]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="of each run, the first left out of the times [default: 3]")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--learners", type=numbers, default=[1, 8], help="sizes of populations [default: 1,8]")
    parser.add_argument("--only", type=words, default=["ours", "torch", "jax", "burn"], help="programs [default: ours,torch,jax,burn]")
    parser.add_argument("--on", type=words, default=["cpu", "gpu"], help="cpu, gpu (software adapters too), or both [default: cpu,gpu]")
    parser.add_argument("--device", type=words, default=["auto", "cpu"], help="devices of ours, as for `unlearn run` [default: auto,cpu]")
    parser.add_argument("--mode", type=words, help="modes of PyTorch: eager, compile, graph [default: all]")
    parser.add_argument("--python", default=sys.executable, help="the Python that has torch and jax [default: this one]")
    parser.add_argument("--ours", help="the built peer_ours, for a machine without cargo [default: built first]")
    parser.add_argument("--burn", help="the built peer_burn [default: where cargo puts it]")
    parser.add_argument("--tolerance", type=float, default=0.5, help="points of test accuracy that a program may lie from the median of all [default: 0.5]")
    parser.add_argument("--limit", type=float, default=900, help="seconds that one run may take [default: 900]")
    parser.add_argument("--json", help="write everything to this file")
    settings = parser.parse_args()
    if not settings.data or not list(Path(settings.data).glob("*.gz")):
        parser.error("no data: name a folder with MNIST's four idx .gz files with --data or $UNLEARN_DATA")
    if settings.epochs < 2 or settings.rounds < 1:
        parser.error("there must be a round at least, and two epochs: the first is left out")
    return settings


def output(command: list[str]) -> str:
    """What a command prints; nothing where it cannot be run."""
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return output(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.processor()


def load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def machine() -> dict:
    query = ["nvidia-smi", "--query-gpu=name,driver_version,power.limit", "--format=csv,noheader"]
    return {
        "system": platform.platform(),
        "processor": processor(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "gpus": output(query).splitlines(),
        "load_before": load(),
        "rustc": output(["rustc", "--version"]),
        "commit": output(["git", "describe", "--always", "--dirty"]),
    }


def build_ours() -> str:
    """Builds our example, and returns its path."""
    command = ["cargo", "build", "--release", "--example", "peer_ours", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    paths = [m["executable"] for m in messages if m.get("target", {}).get("name") == "peer_ours" and m.get("executable")]
    if built.returncode or not paths:
        sys.exit(2)
    return paths[-1]


def built_burn(given: str | None) -> str:
    target = Path(os.environ.get("CARGO_TARGET_DIR", BURN / "target"))
    return str(Path(given).resolve()) if given else str(target / "release" / ("peer_burn.exe" if os.name == "nt" else "peer_burn"))


def probe(command: list[str]) -> tuple[dict | None, str]:
    """A program's versions and devices, or why there are none."""
    try:
        done = subprocess.run([*command, "--probe"], cwd=ROOT, capture_output=True, text=True)
    except OSError as error:
        return None, error.strerror or str(error)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return None, (done.stderr.strip().splitlines() or ["it prints nothing"])[-1]
    return json.loads(lines[-1]), ""


def variants(program: str, found: dict, settings: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """Every kind of device and the arguments that a program is run with."""
    devices = {d["device"]: d for d in found["devices"]}
    kind = lambda name: "cpu" if name in ("cpu", "flex") else "gpu"
    if program == "ours":
        automatic = next(d["device"] for d in found["devices"] if d["auto"])
        names = [automatic if name == "auto" else name for name in settings.device]
        return [(kind(name), ["--device", name]) for name in dict.fromkeys(names)]
    if program == "torch":
        modes = {"cpu": ["eager", "compile"], "cuda": ["eager", "compile", "graph"]}
        wanted = lambda mode: not settings.mode or mode in settings.mode
        return [(kind(name), ["--device", name, "--mode", mode]) for name in devices for mode in modes[name] if wanted(mode)]
    return [(kind(name), ["--device", name]) for name in devices]


def absent_device(program: str, found: dict, gpus: list[str]) -> str:
    """The device that a program could have on this machine, and has not."""
    wanted = {"burn": "wgpu", "torch": "cuda" if gpus else None, "jax": "cuda" if gpus else None}.get(program)
    return wanted if wanted and wanted not in [d["device"] for d in found["devices"]] else ""


def contenders(settings: argparse.Namespace, gpus: list[str]) -> tuple[list[Contender], dict, list[dict]]:
    """Who takes part, everyone's versions, and who is missing."""
    commands = {
        "ours": lambda: [str(Path(settings.ours).resolve()) if settings.ours else build_ours()],
        "torch": lambda: [settings.python, str(HERE / "torch_peer.py")],
        "jax": lambda: [settings.python, str(HERE / "jax_peer.py")],
        "burn": lambda: [built_burn(settings.burn)],
    }
    entered, versions, missing = [], {}, []
    for program in settings.only:
        command = commands[program]()
        found, reason = probe(command)
        if found is None:
            missing.append({"program": program, "reason": reason, "install": INSTALL.get(program, "")})
            continue
        if absent := absent_device(program, found, gpus):
            missing.append({"program": program, "reason": f"built without {absent}", "install": INSTALL[program]})
        versions[program] = {k: found[k] for k in ("versions", "devices")}
        for kind, arguments in variants(program, found, settings):
            sizes = [1] if program == "burn" else settings.learners
            if kind in settings.on:
                entered += [Contender(program, kind, size, command, arguments) for size in sizes]
    entered.sort(key=lambda c: (c.learners, c.kind))
    return entered, versions, missing


def run(contender: Contender, number: int, settings: argparse.Namespace) -> None:
    """One run of one contender; seeds differ by round."""
    values = {"batch": settings.batch, "epochs": settings.epochs, "seed": number, "data": Path(settings.data).resolve()}
    if contender.program != "burn":
        values["learners"] = contender.learners
    command = contender.command + contender.arguments + [word for key, value in values.items() for word in (f"--{key}", str(value))]
    with tempfile.TemporaryFile("w+") as complaints:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=complaints, text=True)
        alarm = threading.Timer(settings.limit, process.kill)
        alarm.start()
        try:
            for line in process.stdout:
                line = json.loads(line) if line.startswith("{") else {}
                if "ready" in line:
                    contender.starts.append(time.perf_counter() - start)
                if "epoch" in line:
                    contender.mode, contender.device = line["mode"], line["device"]
                    contender.epochs.append({**line, "round": number})
            code = process.wait()
        finally:
            process.kill()
            alarm.cancel()
        if code:
            complaints.seek(0)
            last = (complaints.read().strip().splitlines() or ["it said nothing"])[-1]
            contender.failure = f"exit code {code} after {time.perf_counter() - start:.0f} s: {last}"


def with_ratios(rows: list[dict]) -> list[dict]:
    """Adds each time over ours: ours on the same kind of device, else our fastest; the same learners."""
    for row in rows:
        ours = [r for r in rows if r["program"] == "ours" and r["learners"] == row["learners"]]
        alike = [r for r in ours if r["kind"] == row["kind"]] or ours
        best = min((r["us_per_step"] for r in alike), default=None)
        row["time_over_ours"] = row["us_per_step"] / best if best else None
    return rows


def table(rows: list[dict]) -> str:
    head = ["program", "mode", "device", "learners", "µs per step", "(range)", "s per learner-epoch", "start, s", "accuracy", "time / ours"]
    cells = [head, ["---"] * 3 + ["---:"] * 7]
    for r in rows:
        low, high = r["us_per_step_range"]
        ratio = r["time_over_ours"]
        cells.append([
            r["program"], r["mode"], r["device"], str(r["learners"]), f"{r['us_per_step']:.0f}", f"{low:.0f}–{high:.0f}",
            f"{r['seconds_per_learner_epoch']:.3f}", f"{r['start_seconds']:.1f}", f"{100 * r['accuracy']:.2f} %",
            "" if ratio is None else f"{ratio:.2f}",
        ])  # fmt: skip
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |" for row in cells)


def disagreements(rows: list[dict], tolerance: float) -> list[str]:
    middle = statistics.median(row["accuracy"] for row in rows)
    return [
        f"{r['program']} ({r['mode']}, {r['learners']} learners) reaches {100 * r['accuracy']:.2f} %, and the median is {100 * middle:.2f} %"
        for r in rows
        if not abs(r["accuracy"] - middle) * 100 <= tolerance
    ]


def main() -> int:
    settings = settings_of_command_line()
    # What was measured is shown and kept, whoever ends it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    about = machine()
    entered, versions, missing = contenders(settings, about["gpus"])
    print("\n".join(f"{key:12} {value}" for key, value in about.items()))
    for program, found in versions.items():
        devices = [" ".join(str(d[k]) for k in ("device", "name", "driver") if d.get(k)) for d in found["devices"]]
        print(f"{program:12} {', '.join(f'{k} {v}' for k, v in found['versions'].items())}; devices: {'; '.join(devices)}")
    if about["load_before"] and about["load_before"] > 0.5:
        print(f"NOTE: load {about['load_before']} before the first run: other programs take part of this machine")
    rounds = 0
    try:
        for number in range(settings.rounds):
            for contender in entered:
                if not contender.failure:
                    print(f"round {number + 1}: {contender}", file=sys.stderr)
                    run(contender, number, settings)
            rounds += 1
    except KeyboardInterrupt:
        print(f"interrupted after {rounds} whole rounds of {settings.rounds}")
    for contender in entered:
        contender.epochs = [line for line in contender.epochs if line["round"] < rounds]
    about["load_after"] = load()
    rows = with_ratios([c.measured() for c in entered if not c.failure and c.epochs])
    wrong = disagreements(rows, settings.tolerance) if rows else []
    print(f"\n{table(rows)}\n")
    print(f"medians of {rounds} rounds of {settings.epochs} epochs without the first; accuracy: mean after epoch {CHECKED_EPOCH}")
    for absent in missing:
        print(f"MISSING: {absent['program']} ({absent['reason']}); to have it: {absent['install']}")
    failed = [c for c in entered if c.failure]
    for contender in failed:
        print(f"FAILED: {contender}: {contender.failure}")
    for text in wrong:
        print(f"DISAGREES: {text}")
    if rows and not wrong:
        print(f"accuracies agree within {settings.tolerance} points of their median")
    if settings.json:
        runs = [{**line, "kind": c.kind} for c in entered for line in c.epochs]
        failures = [{"contender": str(c), "failure": c.failure} for c in failed]
        given = {k: v for k, v in vars(settings).items() if k not in ("data", "python", "ours", "burn", "json")}
        everything = {"machine": about, "settings": given, "versions": versions, "rows": rows, "missing": missing, "failed": failures, "runs": runs}
        Path(settings.json).write_text(json.dumps(everything, indent=1) + "\n")
    if not rows:
        return 2
    return 1 if wrong or failed else 0


if __name__ == "__main__":
    sys.exit(main())
