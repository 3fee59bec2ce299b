"""The demo newsroom: two invented magazines with two months of readers, clicks and commissions."""
