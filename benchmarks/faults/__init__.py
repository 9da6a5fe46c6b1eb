"""A service that fails in every way that services do and bills what it answers, and what its clients make of it."""
