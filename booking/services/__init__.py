"""Transitions of consultations: each one function, one transaction, one event.

Letters are promised here, never sent: the outbox sends them afterwards, and no network is used.
"""
