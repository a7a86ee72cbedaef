"""Predictions: a question before a measurement, the learner's guess, and how close it was."""
