"""Where the parts are put together: what notebooks, magics and the command line call.

Every function here finds the engine by itself, prepares what is missing, and says so. A module
holds the verbs of one kind of work; it is called like none of them, or it would take its place.
"""

from mldocker_lab.lab.auditing import audit, audit_run
from mldocker_lab.lab.building import build, build_pair, context, replay
from mldocker_lab.lab.cleanup import clean, cleaning
from mldocker_lab.lab.engine import engine_start, engine_status, engine_stop, find_engine, workbench
from mldocker_lab.lab.grading import exercise, grade, gradebook_file
from mldocker_lab.lab.images import digest, image_digest
from mldocker_lab.lab.preparing import doctor, jupyter_arguments, up
from mldocker_lab.lab.running import call, run, volume
from mldocker_lab.lab.supplying import artifact_store, model_registry, registry, wheel
from mldocker_lab.lab.weighing import explore, inspect, pull_cost

__all__ = [
    "artifact_store",
    "audit",
    "audit_run",
    "build",
    "build_pair",
    "call",
    "clean",
    "cleaning",
    "context",
    "digest",
    "doctor",
    "engine_start",
    "engine_status",
    "engine_stop",
    "exercise",
    "explore",
    "find_engine",
    "grade",
    "gradebook_file",
    "image_digest",
    "inspect",
    "jupyter_arguments",
    "model_registry",
    "pull_cost",
    "registry",
    "replay",
    "run",
    "up",
    "volume",
    "wheel",
    "workbench",
]
