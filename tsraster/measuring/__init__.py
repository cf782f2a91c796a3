"""What is counted and measured on class codes."""

from tsraster.measuring.shares import ClassShare, count_codes, list_shares

__all__ = ["ClassShare", "count_codes", "list_shares"]
