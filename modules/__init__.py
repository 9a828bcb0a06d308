"""The stack's constructs, one a tier. They know the settings' values and AWS, and nothing of policies."""

from synthesis import bindings

bindings.install()
