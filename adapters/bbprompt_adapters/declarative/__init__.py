"""An HTTP classifier described by one TOML file: what to send, what comes back, what it means and what it costs.

``schema`` is the file's grammar, ``vendors/`` holds the files that are shipped, docs/adapters/ says how to write one.
"""
