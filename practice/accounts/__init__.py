"""Who gets in: signing in, second factors, sessions, and what stops the guessing of passwords."""
