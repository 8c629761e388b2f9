"""What `windsock doctor` examines, one module per subject. Each function yields findings."""
