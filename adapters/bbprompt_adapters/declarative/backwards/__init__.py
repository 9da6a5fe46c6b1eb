"""An adapter's file read backwards, for ``bbprompt proxy``: where others' requests hold images, their answers labels."""
