"""A server before an API: its clients stay as they are, and each image that they send gets the prompt."""
