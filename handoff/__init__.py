"""The hand-off: a bundle that an ops team owns with Terraform alone."""
