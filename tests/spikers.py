"""Neurons that fire at given times, made of a model of their own: a clock `x` that meets its alarm `alarm`."""

import numpy as np

import hsnn_event as hsnn

ALARM = hsnn.NeuronModel(
    name="alarm",
    parameters={"alarm": 1e9},
    states={"x": 0.0},
    dynamics={"x": "1"},
    threshold="x > alarm - 1e-3",
    reset={"x": "-1e9"},
)


def spikers(net, times, name="spiker"):
    """A population whose neuron i fires once, at times[i] ms."""
    population = net.population(name, len(times), ALARM)
    population.set(alarm=np.array(times, dtype=float))
    return population
