"""What the team has already: the language of NVIDIA_REQUIRE_*, and the lowest drivers."""

import re

#: From which driver on all releases of a CUDA generation run (minor-version compatibility).
FLOORS = {11: [450, 80, 2], 12: [525, 60, 13], 13: [580, 65, 6]}


def meets(requires, host):
    """Whether a host meets a demand: True, False, or None where the host's facts do not tell."""
    alternatives = [_all(one.split(","), host) for one in requires.split()]
    return _any(alternatives) if alternatives else True


def _all(conditions, host):
    said = [_holds(one, host) for one in conditions]
    return False if False in said else None if None in said else True


def _any(alternatives):
    return True if True in alternatives else None if None in alternatives else False


def _holds(condition, host):
    name, operator, value = re.fullmatch(r"(\w+)([<>=!]+)(.+)", condition).groups()
    has = host[name]
    if has is None:
        return None
    if name == "brand":
        return (has == value) == (operator == "=")
    wanted = [int(part) for part in value.split(".")]
    length = max(len(has), len(wanted))
    a, b = (one + [0] * (length - len(one)) for one in (has, wanted))
    return {"<": a < b, "<=": a <= b, "=": a == b, "!=": a != b, ">=": a >= b, ">": a > b}[operator]
