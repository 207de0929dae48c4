"""Tests of tests: scripted answers, expectations and what is said of them."""
