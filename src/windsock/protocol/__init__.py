"""The wire contract, sans-I/O: messages, topics, positions, close codes, both ends of a session."""
