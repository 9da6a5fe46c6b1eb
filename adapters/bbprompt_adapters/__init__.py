"""Oracles for real models and services. bbprompt finds them by entry point and never imports this package."""
