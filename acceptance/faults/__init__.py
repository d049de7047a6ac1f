"""Faults on purpose: a shim under the gate's file system, load, and what must hold afterwards."""
