"""What is asked of an AWS account before anything is made in it: read-only questions, each with its answer in words.

What may be wrong and cannot be asked about: whether the account has been verified for CloudFront and load balancers,
and whether the internet delegates the hosted zone.
"""
