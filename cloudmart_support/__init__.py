"""What every command shares: problems told in words, progress, the cache folder. Standard library only."""
