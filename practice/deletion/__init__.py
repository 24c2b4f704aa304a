"""What is asked before something is deleted, and how a deleted page comes back."""
