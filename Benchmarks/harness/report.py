"""What was measured, beside its floor and its bar."""
import datetime
import json
import os
import platform
import subprocess
from pathlib import Path

from .server import ROOT

BARS = json.loads((ROOT / "Benchmarks/thresholds.json").read_text())


class Report:
    def __init__(self):
        self.lines = []

    def add(self, engine, size, key, figure, ours="", floor="", note=""):
        """A figure, what it comes from, and whether it keeps its bar."""
        bar = BARS.get(key, {})
        least, most = bar.get("at_least"), bar.get("at_most")
        kept = None if least is None and most is None else (least is None or figure >= least) and (most is None or figure <= most)
        line = {
            "engine": engine, "size": size, "key": key, "what": bar.get("what", key), "figure": round(figure, 3), "ours": ours, "floor": floor,
            "bar": "" if kept is None else f"≥ {least}" if least is not None else f"≤ {most}", "kept": kept, "note": note,
        }
        self.lines.append(line)
        mark = {True: "pass", False: "FAIL", None: "    "}[kept]
        sources = "; ".join(part for part in (ours, floor and f"floor {floor}", note) if part)
        print(f"{mark}  {engine} {size:>9,}  {line['what']}: {short(figure)}"
              + (f" (bar {line['bar']})" if line["bar"] else "") + (f"  [{sources}]" if sources else ""), flush=True)

    def missed(self):
        return [line for line in self.lines if line["kept"] is False]

    def write(self, folder):
        """Keeps the run as JSON, and as a table to read."""
        folder.mkdir(parents=True, exist_ok=True)
        run = {"when": datetime.date.today().isoformat(), "commit": commit(), "machine": machine(), "lines": self.lines}
        (folder / "last.json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
        text = [
            "# The last run that was kept", "",
            f"{run['when']}, commit {run['commit']}; {run['machine']}. Made by `make bench`; what each line means and what its floor does: "
            "[Speed, measured](../../docs/performance.md).", "",
        ]
        for engine, size in dict.fromkeys((line["engine"], line["size"]) for line in self.lines):
            text += [f"## {engine}, {size:,} records", "", "| what | figure | ours | floor | bar | |", "|---|---|---|---|---|---|"]
            for line in self.lines:
                if (line["engine"], line["size"]) == (engine, size):
                    verdict = {True: "pass", False: "**FAIL**", None: "–"}[line["kept"]]
                    text.append(f"| {line['what']} | {short(line['figure'])} | {line['ours']} | {line['floor']} | {line['bar']} | {verdict} |")
            text.append("")
        (folder / "last.md").write_text("\n".join(text))


def short(figure):
    return f"{figure:.3f}" if abs(figure) < 10 else f"{figure:.1f}" if abs(figure) < 1000 else f"{figure:,.0f}"


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GB, Linux {platform.release()}, load {load:.1f} at the end"
