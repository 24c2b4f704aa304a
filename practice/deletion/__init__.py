"""What the admin asks before it deletes, and how a deleted page comes back."""
