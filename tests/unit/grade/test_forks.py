"""Forked kernels: as separate as processes are, gone when they should be, and not fed for ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mldocker_lab.grade import forks

pytestmark = pytest.mark.skipif(not forks.possible(), reason="kernels are not forked here")

ROOT = Path(__file__).parents[3]

#: Two kernels of one nursery, one after the other; prints what each was told.
SCRIPT = """
import json, os, sys, signal, time
from mldocker_lab.grade.forks import Nursery
from mldocker_lab.grade import plugin
nursery = Nursery()
plugin.fork_kernels(nursery)
from nbval.kernel import RunningKernel

def say(kernel, code):
    message = kernel.execute_cell_input(code, allow_stdin=False)
    kernel.await_reply(message, 20)
    while True:
        told = kernel.get_message("iopub", 20)
        if told["parent_header"].get("msg_id") != message:
            continue
        if told["msg_type"] == "execute_result":
            return told["content"]["data"]["text/plain"]
        if told["msg_type"] == "error":
            return told["content"]["ename"]

def kernel():
    return RunningKernel(":nbval-parent-env", cwd=os.getcwd())
"""


def run(body: str, **more) -> list:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + body],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_nothing_of_one_kernel_is_in_the_next():
    pids, leak, names, draws = run(
        """
import mldocker_lab.grade.rubric
first = kernel()
a = say(first, "import os; os.getpid()")
say(first, "import mldocker_lab.grade.rubric as r; r.LEAK = 1; os.environ['LEAK'] = '1'; 1")
d1 = say(first, "import random; random.random()")
first.stop()
second = kernel()
b = say(second, "import os; os.getpid()")
print(json.dumps([a, b]))
print(json.dumps(say(second, "import mldocker_lab.grade.rubric as r; hasattr(r, 'LEAK')")))
print(json.dumps(say(second, "[n for n in os.environ if n == 'LEAK'], 'first' in globals()")))
d2 = say(second, "import random; random.random()")
print(json.dumps([d1, d2]))
second.stop()
nursery.close()
"""
    )
    assert len(set(pids)) == 2
    assert (leak, names) == ("False", "([], False)")
    assert len(set(draws)) == 2


def test_a_kernel_that_dies_is_noticed_and_one_that_loops_is_stopped():
    dead, after, interrupted = run(
        """
k = kernel()
try:
    k.await_reply(k.execute_cell_input("import os; os._exit(3)", allow_stdin=False), 30)
    print(json.dumps("alive"))
except plugin.KernelDied:
    print(json.dumps("died"))
print(json.dumps(k.is_alive()))
k = kernel()
m = k.execute_cell_input("while True: pass", allow_stdin=False)
time.sleep(0.3)
k.interrupt()
k.await_reply(m, 20)
print(json.dumps(say(k, "'still here'")))
k.stop()
nursery.close()
"""
    )
    assert (dead, after, interrupted) == ("died", False, "'still here'")


def test_a_kernel_cannot_take_all_memory():
    (told,) = run(
        """
k = kernel()
print(json.dumps(say(k, "bytearray(50 << 30)")))
k.stop()
nursery.close()
"""
    )
    assert told == "MemoryError"


def test_when_the_worker_is_killed_its_kernels_end():
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            SCRIPT
            + "k = kernel()\nprint(say(k, 'import os; os.getpid()'), flush=True)\ntime.sleep(600)",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    kernel = int(process.stdout.readline())
    os.kill(kernel, 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    for _ in range(200):
        try:
            os.kill(kernel, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the kernel outlived its worker")
