"""Write docs/audit.md from the audit's rules."""

from __future__ import annotations

from pathlib import Path

from mldocker_lab.audit.telling.pages import book

Path(__file__).parents[1].joinpath("docs", "audit.md").write_text(book(), encoding="utf-8")
