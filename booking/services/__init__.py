"""Every step of a request: one function, one transaction, one event, one promise to write.

Nothing is sent and no network is touched in here; the outbox sends afterwards.
"""
