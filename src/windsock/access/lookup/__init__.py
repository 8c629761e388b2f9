"""Look up who bears a token, a session or a ticket. What a row gives its bearer is decided in `access.rights` alone."""
