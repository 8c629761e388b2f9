"""Who may do what: tokens, tickets, sign-in links, permissions."""
