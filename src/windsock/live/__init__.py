"""Events of the journal reach every connected client."""
