"""From settings to Terraform JSON: the runtime that the constructs stand on, and the writing of the result."""
