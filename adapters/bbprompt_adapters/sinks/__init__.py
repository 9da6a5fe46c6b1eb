"""Experiment trackers that a run can be sent to, one file each; see ``bbprompt.tracking``."""
