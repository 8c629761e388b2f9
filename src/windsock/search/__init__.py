"""What people type when they look for a flight, a place or a route, and what is found. No Django here."""
