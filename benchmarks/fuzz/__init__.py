"""Thousands of mutated PNGs against bbprompt and the reference readers: an error or the right pixels, nothing else."""
