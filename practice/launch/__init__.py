"""What has to be in place before the site goes live, and before its form opens."""
