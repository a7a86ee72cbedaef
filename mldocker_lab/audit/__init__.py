"""The production checklist on any project: rules, what they need to know, and how it is told."""
