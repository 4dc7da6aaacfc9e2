"""Tests of the AWS components, one module each."""
