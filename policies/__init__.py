"""The policy gate: one catalogue of rules over one model of Terraform resources.

Rules, model and engine import the standard library only, because they also run inside Checkov's environment.
"""
