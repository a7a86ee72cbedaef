"""Results: plain records made of events and bytes. Nothing here knows an engine."""
