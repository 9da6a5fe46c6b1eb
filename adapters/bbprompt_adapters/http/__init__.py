"""HTTP for adapters: one client, one set of errors, and keys that nothing above the network ever holds."""
