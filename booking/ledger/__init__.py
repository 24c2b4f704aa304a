"""What a restored backup doesn't know: erasures since, and what people wished."""
