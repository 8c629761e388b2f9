"""How the day goes: airports and carriers by how late they are."""
