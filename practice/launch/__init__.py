"""What must hold before the site goes live, and before its form opens."""
