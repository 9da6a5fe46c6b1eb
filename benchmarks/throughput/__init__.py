"""What bbprompt's oracles, with ledger, cache, retries and pace, cost beside a bare loop of the same requests."""
