"""What is erased, on demand and by age, and what a person may ask to see."""
