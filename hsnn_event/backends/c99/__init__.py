"""Kernels of neuron models in C99."""
