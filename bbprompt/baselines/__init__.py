"""What a prompt is compared with where the model is local: a linear probe, fine-tuning of all its weights, and VP's
prompt as its authors' code adds it, after normalisation.

The other baselines need nothing of their own: zero-shot and text ensembles are an oracle's ``text``, and no prompt with
a label map is what every run reports.
"""
