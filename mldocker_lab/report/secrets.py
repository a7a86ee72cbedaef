"""Credentials in the files of an image, known by their shape while the files go by.

Only small files are read, and none where distributions and packages put theirs: those hold public
certificates and test keys by the dozen. What is found is named; it is never kept or shown.
"""

from __future__ import annotations

import re

__all__ = ["SHAPES", "recognised", "worth_reading"]

_LARGEST = 64 << 10
_ELSEWHERE = (
    b"bin/", b"sbin/", b"lib/", b"lib32/", b"lib64/", b"boot/", b"var/lib/", b"var/cache/",
    b"usr/bin/", b"usr/sbin/", b"usr/lib/", b"usr/lib64/", b"usr/libexec/", b"usr/share/",
    b"usr/include/", b"usr/local/lib/", b"usr/local/share/", b"usr/local/include/",
)  # fmt: skip
_PACKAGES = (b"/site-packages/", b"/dist-packages/", b"/node_modules/", b"/pkgs/", b"/lib/python")

_SETTING = (
    rb"(?im)^\s*(?:export\s+)?\w*(?:SECRET|TOKEN|PASSW(?:OR)?D|(?:API|ACCESS)_?KEY)\w*[ \t]*="
    rb"[ \t]*[\"']?[^\s\"'$<{]{6}"
)
#: What is recognised: the words for it, its shape, and the names of the files it is looked for in.
_KNOWN = (
    ("a private key", rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----", ""),
    ("an AWS access key", rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", ""),
    ("a GitHub token", rb"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}", ""),
    ("a Hugging Face token", rb"\bhf_[A-Za-z0-9]{30}", ""),
    ("an API key", rb"\bsk-[A-Za-z0-9_-]{32}", ""),
    ("a Slack token", rb"\bxox[abprs]-[A-Za-z0-9-]{10}", ""),
    ("a password or token", _SETTING, r"\.env(\..*)?|.*\.env|\.npmrc|\.pypirc|credentials"),
    ("a password", rb"\bpassword\s+\S", r"\.netrc|_netrc"),
    ("a password", rb"://[^/\s:@]+:[^/\s:@$<{]+@", r"pip\.conf|\.git-credentials|config|\.condarc"),
    ("a registry's password", rb'"auth"\s*:\s*"[^"]', r"config\.json|\.dockercfg"),
)
_SHAPES = [(re.compile(shape), re.compile(names.encode())) for _, shape, names in _KNOWN]

#: The words for what ``recognised`` returns.
SHAPES = ("", *(words for words, _, _ in _KNOWN))


def worth_reading(path: bytes, size: int) -> bool:
    """Whether a file may hold a credential that is somebody's own."""
    if not 0 < size <= _LARGEST or path.startswith(_ELSEWHERE):
        return False
    return not any(part in path for part in _PACKAGES)


def recognised(path: bytes, data: bytes) -> int:
    """What a file holds, as a position in ``SHAPES``; 0 for nothing."""
    name = path.rpartition(b"/")[2]
    for number, (shape, names) in enumerate(_SHAPES, start=1):
        if (not names.pattern or names.fullmatch(name)) and shape.search(data):
            return number
    return 0
