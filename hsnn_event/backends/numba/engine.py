"""The Numba backend: an `Engine` made of the compiled driver, the block adjacency and the kernels' addresses."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from hsnn_event.backends.numba import (
    adjacency,
    drives,
    judge,
    kernels,
    noise,
    probes,
    readback,
    records,
    reweight,
    rows,
    sources,
    stimuli,
)
from hsnn_event.backends.numba.beside import driver_compiled
from hsnn_event.backends.numba.calendar import Calendar
from hsnn_event.backends.numba.couplings import Couplings
from hsnn_event.backends.numba.crew import Crew, broken_off, new_posts
from hsnn_event.backends.numba.driver import N_COLUMNS, N_ORDERS, N_STAGE_COLUMNS, Spikes, Team, advance, no_spikes
from hsnn_event.backends.numba.flight import calendar_of, in_flight, with_spikes
from hsnn_event.backends.numba.judges import Judges
from hsnn_event.backends.numba.native import new_barrier, yield_address
from hsnn_event.backends.numba.partition import PAGE_ELEMENTS, SPREAD, aligned, partition
from hsnn_event.backends.protocol import Moment, Seen, Watch, fed
from hsnn_event.lowering.ir import LAG, FloatArray, IntArray, NoisePlan, Number, PoissonSource, Program, ValuePlan
from hsnn_event.lowering.widened import widened


class NumbaEngine:
    """Runs a Program on `n_threads` threads; spikes do not depend on their number, nor on `n_blocks`.

    `timing` holds the seconds spent on construction ("construct") and compilation ("compile").
    """

    def __init__(self, program: Program, n_threads: int = 1, n_blocks: int | None = None) -> None:
        self.program = program
        self.step = 0
        self.timing = {"construct": 0.0, "compile": 0.0}
        self._real = np.dtype(program.state_type)
        self._n_threads = n_threads
        self._parts = partition(program, n_threads, n_blocks)
        self._construct()
        self._allocate()
        self._compile()

    @property
    def n_synapses(self) -> int:
        """Of all projections together."""
        return self._rows.n_synapses

    @property
    def n_bytes(self) -> int:
        """Memory of synapses and their indices."""
        return self._rows.n_bytes

    def _allocate(self) -> None:
        program, parts = self.program, self._parts
        self._kernels = [widened(program.kernels[p.kernel]) for p in program.populations]
        self._interpolated = np.array([kernel.interpolated for kernel in self._kernels], dtype=np.bool_)
        self._states = [
            {name: aligned(values, self._real, self._offset(k)) for k, (name, values) in enumerate(p.states.items())}
            for p in program.populations
        ]
        self._numbers: list[dict[str, Number]] = [{**p.constants, **p.inputs} for p in program.populations]
        self._until = [
            aligned(np.zeros(p.size), np.dtype(np.int32), self._offset(len(p.states))) for p in program.populations
        ]
        n_neurons, n_slices = int(parts.offsets[-1]), len(program.populations) * parts.n_blocks
        room = -(-parts.n_ports // PAGE_ELEMENTS) * PAGE_ELEMENTS  # every block begins at a page
        port_first = np.concatenate(([0], np.cumsum(room)))
        self._noisy = {(plan.population, plan.input): self._noisy_input(plan) for plan in program.noise}
        self._couplings = Couplings(program, parts, self._noisy, self._numbers, self._n_threads)
        gathers, gather_first = self._couplings.records()
        phases = self._couplings.phases
        self._stimuli = drives.stimulus_table(program, parts)
        self._noise = drives.noise_table(program, parts, self._noisy)
        self._judges = Judges(program, parts.offsets, self._n_threads)
        self._source_records: dict[int, tuple[IntArray, list[npt.NDArray[Any]]]] = {}
        self._team = Team(
            slices=np.zeros((n_slices, N_COLUMNS), np.int64),
            rows=self._rows.rows,
            one=np.zeros(1, program.weight_type),
            ports=aligned(np.zeros(int(port_first[-1])), self._real),
            port_first=port_first,
            stimuli=self._stimuli.records,
            stimuli_first=self._stimuli.first,
            noise=self._noise.records,
            noise_first=self._noise.first,
            phases=np.array(phases, np.int64),
            stages=np.zeros(((phases[1] + 1) * n_slices, N_STAGE_COLUMNS), np.int64),
            gathers=gathers,
            gather_first=gather_first,
            judges=self._judges.addresses,
            junctions=self._judges.junctions,
            population_of=self._judges.population_of,
            room=np.array([n_neurons + self._judges.n_links]),
            codes=np.zeros(4, np.int64),
            fired=np.zeros((2, n_neurons), np.int32),
            n_fired=np.zeros((2, n_slices), np.int64),
            lags=np.zeros((2, n_neurons if self._interpolated.any() else 0)),
            recorded=np.zeros(len(program.populations), np.bool_),
            probe_first=np.zeros(n_slices + 1, np.int64),
            orders=np.zeros(N_ORDERS, np.int64),
            posts=new_posts(self._n_threads),
            barrier=new_barrier(),
        )
        numbers = np.arange(len(program.populations), dtype=np.min_scalar_type(len(program.populations)))
        self._population_of = np.repeat(numbers, np.diff(parts.offsets))
        self._cuts, self._probes = probes.Cuts(parts), np.zeros((0, probes.N_COLUMNS), np.int64)
        self._crew = Crew(self._team.posts, self._team.barrier, yield_address())
        self._blocks = [np.arange(t, parts.n_blocks, self._n_threads, dtype=np.int64) for t in range(self._n_threads)]
        self.restore(Moment.start(program.keys, len(program.populations)))

    def moment(self) -> Moment:
        self._require_whole()
        # Ports hold arrivals within a step only, so the calendar, the clamps and the step are all there is.
        now = self.step - self._epoch
        clamped = [np.where(until > now, until + np.int64(self._epoch), 0) for until in self._until]
        steps, neurons = self._judges.in_flight(
            *in_flight(self._calendars, self._blocks, self._rows.rows, self.step, self._team.one.itemsize),
            self.step - self._rows.max_delay,
        )
        populations, ids = self._in_populations(neurons)
        some = tuple(each if each.any() else None for each in clamped)
        return Moment(self.step, self._keys, some, steps, populations, ids, self._judges.evidence())

    def restore(self, moment: Moment) -> None:
        self.step = self._epoch = moment.step
        self._whole = True
        self._keys = moment.keys
        self._sources = {plan.population: plan for plan in self.program.sources}
        for until, clamped in zip(self._until, moment.clamped, strict=True):
            until[:] = 0 if clamped is None else np.maximum(clamped - moment.step, 0)
        self._rekey(moment.keys)
        self._crew.dismiss()
        self._team.ports[:] = 0
        steps, neurons = self._judges.restore(moment)
        self._calendars = [
            calendar_of(self._rows, blocks, steps, neurons, moment.step, self._team.one.itemsize)
            for blocks in self._blocks
        ]
        self._spikes = [no_spikes() for _ in self._blocks]

    def _rekey(self, program_keys: tuple[int, ...]) -> None:
        """Draw from other streams: those of a trial, in the order of `Program.keys`."""
        n_poisson, n_noise = len(self.program.poisson), len(self.program.noise)
        self._stimuli.rekey(stimuli.KEY, program_keys[:n_poisson])
        self._noise.rekey(noise.KEY, program_keys[n_poisson : n_poisson + n_noise])
        drawn = [p for p, plan in self._sources.items() if isinstance(plan, PoissonSource)]
        self._source_keys = dict(zip(drawn, program_keys[n_poisson + n_noise :], strict=True))
        for p in self._sources:
            self._bind_source(p)

    def _construct(self) -> None:
        program, parts, began = self.program, self._parts, time.perf_counter()
        with driver_compiled(program.state_type, program.weight_type):
            adjacency.compile_ahead(np.zeros(1, rows.PROJECTION), program.weight_type)
            rows.count_total(np.uint64(0), 0, 0, 1, np.zeros(1, np.int64))
        self.timing["compile"] += time.perf_counter() - began
        began = time.perf_counter()
        self._table = records.projection_table(program, parts, self._n_threads)
        self._rows = adjacency.build(
            self._table.records, self._table.sources, int(parts.offsets[-1]), parts.n_blocks, program.weight_type,
            self._n_threads,
        )  # fmt: skip
        self.timing["construct"] = time.perf_counter() - began

    def _compile(self) -> None:
        began = time.perf_counter()
        self._team.codes[:] = (
            stimuli.code(self._real.name) if len(self._stimuli.records) else 0,
            noise.code(self._real.name) if len(self._noise.records) else 0,
            sources.code() if self._sources else 0,
            judge.code() if self.program.hyper else 0,
        )
        self._bind()
        # A run of no steps compiles the driver, or loads it from the cache.
        advance(0, 1, 0, self._team, self._blocks[0], self._calendars[0], self._spikes[0])
        self._crew.compile()
        self.timing["compile"] += time.perf_counter() - began

    def _bind(self) -> None:
        """Fill the table of slices: addresses of kernels, and of the arrays and numbers that they work on."""
        self._pointers: dict[int, list[npt.NDArray[Any]]] = {}  # keeps alive what the slices of a population point to
        self._scalars: dict[int, tuple[tuple[str, ...], FloatArray]] = {}
        for p in range(len(self._kernels)):
            if p not in self._sources:
                self._bind_population(p)

    def _bind_source(self, p: int) -> None:
        """The same for a population of sources, of which each slice has a record."""
        parts, plan = self._parts, self._sources[p]
        found = drives.source_records(plan, self._source_keys.get(p, 0), self._numbers[p].get("probability", 0.0), parts)
        self._source_records[p] = found
        for b, record in enumerate(found[0]):
            self._team.slices[p * parts.n_blocks + b] = (
                parts.offsets[p] + parts.first[p, b], parts.length[p, b], 0, record.ctypes.data, 0, p, 0, 0
            )  # fmt: skip

    def feed(self, population: int, steps: IntArray, ids: IntArray) -> None:
        """Spikes of a population that is a list: those of steps done are in flight, the others still to come."""
        done = steps <= self.step
        if done.any():
            neurons = self._parts.offsets[population] + ids[done]
            for thread, blocks in enumerate(self._blocks):
                self._calendars[thread] = with_spikes(
                    self._calendars[thread], self._rows, blocks, steps[done], neurons, self.step, self._team.one.itemsize
                )
        self._sources[population] = fed(self._sources[population], self.step, steps[~done], ids[~done])
        self._bind_source(population)

    def _noisy_input(self, plan: NoisePlan) -> drives.NoisyInput:
        base = np.full(self.program.populations[plan.population].size, self._numbers[plan.population][plan.input])
        return drives.NoisyInput(aligned(base, self._real), aligned(base, self._real))

    def _bind_population(self, p: int) -> None:
        kernel, numbers, parts = self._kernels[p], self._numbers[p], self._parts
        own = frozenset(
            name for name in (*kernel.constants, *kernel.inputs) if np.ndim(numbers[name]) or self._apart(p, name)
        )
        where = kernels.layout(kernel, own)
        code = kernels.address(kernel, self._real.name, own)
        stage_codes = [] if kernel.stages is None else self._couplings.stage_codes(p, own)
        for name in own:
            if self._apart(p, name):
                continue
            numbers[name] = aligned(np.asarray(numbers[name]), self._real, self._offset(where.arrays.index(name)))
        scalars = np.array([numbers[name] for name in where.scalars], np.float64)
        self._scalars[p] = where.scalars, scalars
        self._pointers[p] = []
        for b in range(parts.n_blocks):
            first = int(parts.first[p, b])
            scratch = np.zeros(int(parts.length[p, b]) // kernels.CHUNK + 1, np.int32)
            tables = [
                np.array([self._address(p, b, name, first, copy) for name in where.arrays] + [scratch.ctypes.data], np.int64)
                for copy in range(2 if stage_codes else 1)
            ]
            self._pointers[p] += [scratch, *tables]
            s, addresses = p * parts.n_blocks + b, [table.ctypes.data for table in tables]
            self._team.slices[s] = (
                parts.offsets[p] + first, parts.length[p, b], code, addresses[0], scalars.ctypes.data, p,
                len(self._states[p]), self._address(p, b, LAG, first, 0) if kernel.interpolated else 0,
            )  # fmt: skip
            for stage, stage_code in enumerate(stage_codes):
                self._team.stages[stage * len(self._team.slices) + s] = stage_code, *addresses, scalars.ctypes.data

    def _offset(self, place: int) -> int:
        """Where in its page the array at a place of a kernel's layout begins, in bytes."""
        return SPREAD * place * self._real.itemsize

    def _address(self, p: int, b: int, name: str, first: int, copy: int) -> int:
        """Of the part of an array that lies in a block; of what coupled neurons show each other there are two copies."""
        parts = self._parts
        arrivals = [kernels.arrival(receptor) for receptor in self._kernels[p].receptors]
        if name in arrivals:
            port = self._team.port_first[b] + parts.port[p, b] + arrivals.index(name) * parts.stride[p, b]
            return int(self._team.ports.ctypes.data + port * self._real.itemsize)
        shown = self._couplings.arrays.get((p, name, copy))
        array = shown if shown is not None else self._until[p] if name == kernels.UNTIL else self._held(p, name)
        assert isinstance(array, np.ndarray)
        return int(array.ctypes.data + first * array.itemsize)

    def _held(self, p: int, name: str) -> Number | npt.NDArray[Any]:
        """What the kernel of a population reads under a name: a number, or the array itself."""
        if self._apart(p, name):
            return self._apart(p, name)[-1]
        return self._states[p][name] if name in self._states[p] else self._numbers[p][name]

    def _apart(self, p: int, name: str) -> list[npt.NDArray[Any]]:
        """The arrays of an input that noise or couplings change; the last one is what the kernel reads."""
        changed = [held.get((p, name)) for held in (self._noisy, self._couplings.inputs)]
        return [array for each in changed if each is not None for array in (each.base, each.values)]

    def advance(self, n_steps: int, watch: Watch) -> Seen:
        self._require_whole()
        self._team.recorded[:] = watch.spikes | self._judges.heard
        self._rebase(n_steps)
        samples = self._aim(n_steps, watch)
        self._whole = False
        self._team.orders[:] = self.step, n_steps, self._epoch, self._probes.ctypes.data
        for thread, (calendar, spikes) in self._crew.run(self._work).items():
            self._calendars[thread], self._spikes[thread] = calendar, spikes
        self.step += n_steps
        self._whole = True
        steps, populations, ids, lags = self._kept_spikes()
        if self.program.hyper:
            steps, populations, ids, lags = self._judges.heard_of(
                watch, steps, populations, ids, lags, self._rows.max_delay
            )
        return Seen(steps, populations, ids, samples, lags=lags)

    def _require_whole(self) -> None:
        """Threads that were broken off within a step have left calendars and states of different times."""
        if not self._whole:
            raise broken_off("step")

    def _work(self, thread: int) -> tuple[Calendar, Spikes]:
        return advance(
            thread, self._n_threads, self._crew.yield_at, self._team, self._blocks[thread], self._calendars[thread],
            self._spikes[thread],
        )  # fmt: skip

    def _aim(self, n_steps: int, watch: Watch) -> tuple[FloatArray, ...]:
        """Point the driver's probes at the values to sample and at new arrays for the samples."""
        samples: list[FloatArray] = []
        found: list[probes.Record] = []
        self._cuts.trim()
        for probe in watch.probes:
            out = self._cuts.samples(probe, self.step, n_steps)
            samples.append(out)
            values = self._held(probe.population, probe.variable)
            if isinstance(values, np.ndarray):
                found += self._cuts.records(probe, values, out, self.step)
            else:
                out[:] = self._real.type(values)
        if found or self._probes.size:
            self._probes, self._team.probe_first[:] = probes.sorted_records(found, len(self._team.slices))
        return tuple(samples)

    def _rebase(self, n_steps: int) -> None:
        """Kernels hold steps as 32-bit numbers, counted from an epoch that moves on before they overflow."""
        if self.step + n_steps - self._epoch > 1 << 30:
            for until in self._until:
                until[:] = np.maximum(until.astype(np.int64) - (self.step - self._epoch), 0)
            self._epoch = self.step

    def _kept_spikes(self) -> tuple[IntArray, IntArray, IntArray, FloatArray | None]:
        """Hand over and forget (steps, populations, ids, lags)."""
        kept = self._spikes[0]
        steps, neurons = kept.steps[: kept.n[0]].copy(), kept.neurons[: kept.n[0]]
        populations, ids = self._in_populations(neurons)
        lags = np.where(self._interpolated[populations], kept.lags[: kept.n[0]], 0.0) if self._interpolated.any() else None
        kept.n[0] = 0
        return steps, populations, ids, lags

    def _in_populations(self, neurons: IntArray) -> tuple[IntArray, IntArray]:
        """Population and id of neurons that are numbered through the network."""
        populations = self._population_of[neurons].astype(np.int64)
        return populations, neurons - self._parts.offsets[populations]

    def read(self, population: int, variable: str) -> FloatArray:
        size = self.program.populations[population].size
        return np.array(np.broadcast_to(self._held(population, variable), size), np.float64)

    def write(self, population: int, variable: str, values: Number) -> None:
        if variable in self._states[population]:
            self._states[population][variable][:] = values
            return
        numbers = self._numbers[population]
        if variable not in numbers:
            raise KeyError(variable)
        held = numbers[variable]
        apart = self._apart(population, variable)
        bound = not apart and population not in self._sources
        if bound and isinstance(held, np.ndarray) and np.ndim(values):  # where the kernel looks for it already
            held[:] = values
            return
        numbers[variable] = np.array(values, np.float64) if np.ndim(values) else float(values)
        if apart:
            for array in apart:
                array[:] = values
        elif population in self._sources:
            self._bind_source(population)
        elif isinstance(held, np.ndarray) or np.ndim(values):
            self._bind_population(population)
        else:
            names, scalars = self._scalars[population]
            scalars[names.index(variable)] = values

    def reweight(self, projection: int, weight: ValuePlan) -> None:
        plan, place = self.program.projections[projection], self._table.place[projection]
        n_sources = self.program.populations[plan.source].size if plan.source_ids is None else len(plan.source_ids)
        records.fill_weights(self._table, place, plan, weight, n_sources, self._n_threads)
        self._table.sources[plan.source] = reweight.repack(
            self._rows, self._table.records, self._table.sources[plan.source], self._calendars, self.program.weight_type,
            self._n_threads,
        )  # fmt: skip

    def reconduct(self, coupling: int, conductance: ValuePlan, substeps: int) -> None:
        self._couplings.reconduct(coupling, conductance, substeps)
        self._team.gathers[:], _ = self._couplings.records()  # in place: threads that stay hold the table
        self._team.phases[:] = self._couplings.phases

    def bytes_per_synapse(self, projection: int) -> float:
        """Memory of the rows of the projection's source population, a synapse in them; NaN where there are none."""
        source = self._table.sources[self.program.projections[projection].source]
        size = np.dtype(self.program.weight_type).itemsize
        n_bytes, n_synapses = readback.row_memory(self._rows.rows, source.offset, source.offset + source.size, size)
        return n_bytes / n_synapses if n_synapses else math.nan
