"""Kernels of neuron models in OpenCL C."""
