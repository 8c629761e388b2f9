"""Decide who may connect and stay: overload, identity lookups, rights, origin and address."""
