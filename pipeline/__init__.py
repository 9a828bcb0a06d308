"""The guarded way to AWS: synthesize, judge, plan, and apply exactly what was planned and judged."""
