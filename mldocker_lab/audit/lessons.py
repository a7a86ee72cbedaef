"""Which lesson teaches what a rule is about; the rules name these and nothing else."""

from __future__ import annotations

__all__ = [
    "CACHE",
    "CHECKLIST",
    "CONTEXT",
    "GPU",
    "HEALTH",
    "LAYERS",
    "MODELS",
    "PINS",
    "PRIVILEGE",
    "RUNTIME",
    "STAGES",
]

LAYERS = "01_layers"
CONTEXT = "02_context"
CACHE = "03_cache"
STAGES = "04_multistage"
PINS = "05_reproducible"
MODELS = "06_models"
GPU = "07_gpu"
HEALTH = "08_health"
PRIVILEGE = "09_least_privilege"
RUNTIME = "10_runtime"
CHECKLIST = "11_checklist"
