"""Collect what feeds send (polls, webhooks, folders, mailboxes): keep each input, and hand its reports to ingest."""
