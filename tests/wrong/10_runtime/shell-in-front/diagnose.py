"""Why did a container end?"""

SIGBUS, SIGKILL = 7, 9
WORKER_DIED = "killed by signal 7"


def cause(state, log):
    """The engine's own facts first, then the exit status, then the log."""
    status = state["ExitCode"]
    if state["OOMKilled"]:
        return "out-of-memory"
    if status == 128 + SIGKILL:
        return "stop-timeout"
    if status == 128 + SIGBUS:
        return "shared-memory"
    if status == 0:
        return "fine"
    return "shared-memory" if WORKER_DIED in log.lower() else "error"
