"""A mock of hashicorp/aws: unmodified Terraform and its complete schema, no registry, no cloud."""
