"""Why did a container end?"""

CAUSES = ("fine", "error", "out-of-memory", "shared-memory", "stop-timeout")
KILLED = 137


def cause(state, log):
    """One of CAUSES.

    state: what `docker inspect` says under State, for example {"ExitCode": 137, "OOMKilled": true}.
    log: what the container printed.
    """
    if state["ExitCode"] == KILLED or "out of memory" in log:
        return "out-of-memory"
    return "error" if state["ExitCode"] else "fine"
