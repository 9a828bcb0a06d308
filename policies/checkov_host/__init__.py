"""The same rules in Checkov: an adapter for its runner, and a command that fails where Checkov would not."""
