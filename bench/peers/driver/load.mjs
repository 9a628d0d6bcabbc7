// The two ways of submitting, the same for every system.

/** Keeps `inFlight` calls of `submit(from, size)` under way until `count` jobs, `size` a call, are submitted. */
export async function closedLoop({ first, count, size, inFlight, submit, ledger }) {
  let next = first;
  const end = first + count;
  const lane = async () => {
    while (next < end) {
      const from = next;
      next = Math.min(from + size, end);
      await submitted(from, next, performance.now(), submit, ledger);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/**
 * Submits at fixed times, however the system fares. Both latencies count from the time that was planned, so that a slow
 * system cannot thin out its own load.
 */
export async function openLoop({ first, count, rate, submit, ledger }) {
  const start = performance.now();
  const interval = 1000 / rate;
  const calls = [];
  for (let index = 0; index < count; ++index) {
    const due = start + index * interval;
    while (performance.now() < due) await until(due);
    calls.push(submitted(first + index, first + index + 1, due, submit, ledger));
  }
  await Promise.all(calls);
}

async function submitted(from, to, since, submit, ledger) {
  for (let number = from; number < to; ++number) ledger.onSent(number, since);
  await submit(from, to);
  const now = performance.now();
  for (let number = from; number < to; ++number) ledger.onAccepted(number, now);
}

/** A timer is up to a millisecond late, so the last one is waited for awake. */
function until(due) {
  const rest = due - performance.now();
  return new Promise((resolve) => (rest > 1 ? setTimeout(resolve, rest - 1) : setImmediate(resolve)));
}
