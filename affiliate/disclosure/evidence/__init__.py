"""The proof of what was shown: checks as records in a chain of hashes, with pages and pictures beside them.

`recording` writes one record and keeps the verdicts of articles up with it, `verifying` walks the chain, `stamps` have
its head signed by somebody outside, `export` hands all of it out. docs/disclosure.md, “Prove it”, has the format for
auditors.
"""
