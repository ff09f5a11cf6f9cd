"""Tests of what helps to test."""
