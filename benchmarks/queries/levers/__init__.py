"""What might take the place of ``auto``'s pairs: known ways to get more out of the same answers, a file each.

They are measured in the ablation. One that won there would move into the library.
"""
