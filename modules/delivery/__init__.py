"""How a team's jobs reach AWS: the identity provider, a role for each job, and what each may do."""
