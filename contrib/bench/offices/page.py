"""The page of figures."""

import datetime
import os
import platform
import statistics
import subprocess

from ways import PAIRS

HEAD = """# Speed between two offices

`contrib/bench/two-offices` writes this page. It builds two offices in network namespaces of one machine (`lab.py` beside it), opens all ways at once, and lets iperf3 send from office A's client to office B's server (*up*) and back (*down*), with 1 and with 4 streams, each way in turn, {runs} rounds of {seconds} s. The "Internet" has no delay and no limit: what limits is the processor, which client, gates and server share.

ssh and sshuttle are at their default settings, `-D` is measured through proxychains4. *plain* is routed without any tunnel, as an upper bound. Absolute figures differ from machine to machine; ratios are taken within a round.

"""


def spread(values, form):
    low, middle, high = min(values), statistics.median(values), max(values)
    return "%s (%s to %s)" % tuple(form % value for value in (middle, low, high))


def table(results, cells):
    heads = ["%s, %d stream%s" % (direction, streams, "s" if streams > 1 else "") for direction, streams in cells]
    yield "| Mbit/s, median (min to max) | %s |" % " | ".join(heads)
    yield "|---" * (len(cells) + 1) + "|"
    for way, figures in results.items():
        yield "| %s | %s |" % (way, " | ".join(spread(figures[cell], "%.0f") for cell in cells))


def ratios(results, cells):
    heads = ["%s, %d stream%s" % (direction, streams, "s" if streams > 1 else "") for direction, streams in cells]
    yield "| ratio, median (min to max) | %s |" % " | ".join(heads)
    yield "|---" * (len(cells) + 1) + "|"
    for ours, other in PAIRS.items():
        if ours in results and other in results:
            rows = [[a / b for a, b in zip(results[ours][cell], results[other][cell])] for cell in cells]
            yield "| %s to %s | %s |" % (ours, other, " | ".join(spread(row, "%.2f") for row in rows))


def said(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return (result.stdout + result.stderr).strip().splitlines()[0]


def facts(fwd):
    processor = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line),
        platform.machine())
    yield "%s, %s, %d processors (%s), Linux %s." % (
        datetime.date.today(), said("sh", "-c", ". /etc/os-release; echo $PRETTY_NAME"), os.cpu_count(), processor,
        platform.release())
    yield "%s; %s; sshuttle %s with Python %s; %s." % (
        said(fwd, "--version"), said("ssh", "-V"), said("sshuttle", "--version"),
        said("/usr/bin/python3", "--version").split()[1], said("iperf3", "--version"))


def text(results, cells, runs, seconds, fwd):
    parts = [HEAD.format(runs=runs, seconds=seconds)]
    parts += [line + "\n" for line in facts(fwd)]
    parts += ["\n"] + [line + "\n" for line in table(results, cells)]
    parts += ["\n"] + [line + "\n" for line in ratios(results, cells)]
    return "".join(parts)
