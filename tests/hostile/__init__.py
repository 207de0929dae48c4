"""Specs that are meant to hurt whoever reads them, made here so that nothing of the kind lies
about."""
