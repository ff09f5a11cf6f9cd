"""The commands every project has, one in each module."""
