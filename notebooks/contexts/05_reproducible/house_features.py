"""Features of a delivery: what every model of the house starts from."""

import yaml

KILOMETRES = yaml.safe_load("{km: 1.0, mile: 1.609}")


def distance(value, unit):
    """A distance in kilometres."""
    return value * KILOMETRES[unit]
