"""The pure room: values in, values out; no clock, no I/O, no environment."""
