"""Authentication and permissions: tokens, tickets, sign-in, the rights of each, and their end."""
