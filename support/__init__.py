"""What every command shares: problems told to people, progress, and the cache folder. Standard library only."""
