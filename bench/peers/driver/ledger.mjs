// When each job of one run was sent, accepted and ended, and that every one of them ended exactly once.

export class Ledger {
  #first;
  #since;
  #accepted;
  #ended;
  #told;
  #left;
  #faults = [];
  #allEnded;
  #resolveAllEnded;

  /** The run's jobs have the numbers `first` to `first + count - 1`. */
  constructor(first, count) {
    this.#first = first;
    this.#since = new Float64Array(count);
    this.#accepted = new Float64Array(count);
    this.#ended = new Float64Array(count);
    this.#told = new Uint8Array(count);
    this.#left = count;
    this.#allEnded = new Promise((resolve) => (this.#resolveAllEnded = resolve));
  }

  onSent(number, at) {
    this.#since[number - this.#first] = at;
  }

  onAccepted(number, at) {
    this.#accepted[number - this.#first] = at;
  }

  onEnded(number, at) {
    const index = number - this.#first;
    if (!(index >= 0 && index < this.#told.length)) return void this.#faults.push(`${number}, which is of no job, ended`);
    if (this.#told[index]++) return void this.#faults.push(`job ${number} ended again`);
    this.#ended[index] = at;
    if (--this.#left === 0) this.#resolveAllEnded();
  }

  /** A better time of an end that was told already. */
  correctEnd(number, at) {
    this.#ended[number - this.#first] = at;
  }

  get left() {
    return this.#left;
  }

  get faults() {
    return this.#faults;
  }

  /** Resolves when every job has ended. */
  allEnded() {
    return this.#allEnded;
  }

  report() {
    const start = this.#since.reduce((least, at) => Math.min(least, at), Infinity);
    const seconds = (this.#ended.reduce((most, at) => Math.max(most, at), 0) - start) / 1000;
    const jobs = this.#told.length;
    return {
      jobs,
      seconds,
      jobs_per_second: jobs / seconds,
      accept_ms: percentiles(this.#accepted.map((at, index) => at - this.#since[index])),
      complete_ms: percentiles(this.#ended.map((at, index) => at - this.#since[index])),
    };
  }

  /** Of a run whose jobs do not end. */
  reportAccepted() {
    const start = this.#since.reduce((least, at) => Math.min(least, at), Infinity);
    const seconds = (this.#accepted.reduce((most, at) => Math.max(most, at), 0) - start) / 1000;
    const jobs = this.#told.length;
    return { jobs, seconds, jobs_per_second: jobs / seconds };
  }
}

/** Exact: by rank over every sample. */
function percentiles(samples) {
  samples.sort();
  const at = (percent) => samples[Math.max(0, Math.ceil((percent / 100) * samples.length) - 1)];
  return { p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: at(100) };
}
