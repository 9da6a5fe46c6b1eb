"""The HTTP client, the one that all of bbprompt has; see ``bbprompt.http_library``."""

from bbprompt.http_library import httpx

__all__ = ["httpx"]
