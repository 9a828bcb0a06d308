"""A mock of hashicorp/aws: unmodified Terraform and the complete schema, with no registry, account or cloud."""
