"""Tests of several databases: routers, and replicas."""
