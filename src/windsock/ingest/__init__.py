"""Reports become events of the journal."""
