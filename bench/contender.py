"""One contender's one phase, in a process of its own: `python -m bench.contender NAME PHASE URL FOLDER`.

Prints a JSON object with wall_s, cpu_s, base_mb (libraries loaded, nothing read yet) and peak_mb. The peak is taken
before the result is checked.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from .contenders import CONTENDERS, Fill, Stopwatch
from .import_data import read_data
from .processes import peak_mb


def main(name: str, phase: str, url: str, folder: str) -> None:
    """Fill, measure, check."""
    fill: Fill = import_module(f"bench.fill_{name}").fill
    data, watch = read_data(Path(folder)), Stopwatch()
    fill(url, data, phase, watch)
    peak = peak_mb()
    if not CONTENDERS[name].own_table:
        import_module("bench.import_target").check_written(url, data, phase)
    facts = {"wall_s": watch.wall_s, "cpu_s": watch.cpu_s, "base_mb": watch.base_mb, "peak_mb": peak}
    print(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
