"""Letters: their words, their invitations, the outbox, and what comes back."""
