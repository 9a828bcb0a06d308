"""The rules, one file each; the id is `CM_` and the file's name in upper case."""
