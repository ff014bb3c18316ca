"""A model's equations evaluated from their text by Python, for other solvers: nothing of the lowering has a part in it."""

import numpy as np
from scipy.integrate import solve_ivp

from hsnn_event.model.declare import expression_order, initial_order
from hsnn_event.model.parse import FUNCTIONS

NAMES = {name: function for name, (_, _, function) in FUNCTIONS.items()}


class Equations:
    """`slope(t, y)` is dy/dt of the model's states in order; `value(name, y)` that of an expression."""

    def __init__(self, model, **inputs):
        self.model, self.states = model, list(model.states)
        self.known = {**model.parameters, **model.inputs, **inputs}
        self.order, self.first = expression_order(model), initial_order(model)
        texts = {**model.expressions, **{f"d{name}": text for name, text in model.dynamics.items()}}
        self.code = {name: compile(text, name, "eval") for name, text in texts.items()}

    def names(self, y):
        names = {**NAMES, **self.known, **dict(zip(self.states, map(float, y), strict=True))}
        for name in self.order:
            names[name] = eval(self.code[name], names)
        return names

    def slope(self, t, y):
        names = self.names(y)
        return [eval(self.code[f"d{name}"], names) if name in self.model.dynamics else 0.0 for name in self.states]

    def value(self, name, y):
        return self.names(y)[name]

    def initial(self, **given):
        """The states at first: as given, elsewhere as the model says."""
        texts = {name: text for name, text in self.model.states.items() if isinstance(text, str) and name not in given}
        y = {name: given.get(name, 0.0 if name in texts else value) for name, value in self.model.states.items()}
        for name in (each for each in self.first if each in texts):
            y[name] = eval(texts[name], self.names(y.values()))
        return np.array(list(y.values()), dtype=np.float64)

    def solve(self, times, start, **options):
        """The states (one row each) at `times`, by an adaptive method of order 8."""
        options = {"method": "DOP853", "rtol": 1e-10, "atol": 1e-10, **options}
        return solve_ivp(self.slope, (times[0], times[-1]), start, t_eval=times, **options).y

    def crossings(self, duration, start, level=0.0, **options):
        """The times at which the first state rises through `level` in `duration` ms."""
        def above(t, y):
            return y[0] - level

        above.direction = 1
        options = {"method": "DOP853", "rtol": 1e-10, "atol": 1e-10, **options}
        return solve_ivp(self.slope, (0.0, duration), start, events=above, **options).t_events[0]

    def jacobian(self, y, step=1e-5):
        """Of the slope, by central differences."""
        columns = []
        for place in range(len(y)):
            change = np.zeros(len(y))
            change[place] = step
            columns.append((np.array(self.slope(0.0, y + change)) - np.array(self.slope(0.0, y - change))) / (2 * step))
        return np.array(columns).T
