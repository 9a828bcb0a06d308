"""From settings to Terraform JSON: the runtime that the constructs stand on, and the result."""
