"""The Docker engine: found, described, started, spoken to. The only place that knows the SDK."""
