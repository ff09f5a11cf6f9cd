"""A small real project on Duotone: a catalogue of the Python packages installed on this machine.

``python -m migrations_demo`` (``make demo``) reads the packages, loads them, serves them from async views and runs a
legacy blocking script over the same database. Every file here is what a user of the library would write.
"""
