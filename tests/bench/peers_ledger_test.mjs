// The ledger of the Node driver: a run has figures only where every job ended exactly once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../../bench/peers/driver/ledger.mjs';

/** Jobs 1 to `count`, sent at 1000 and accepted 2 ms later. */
function sentJobs(count) {
  const ledger = new Ledger(1, count);
  for (let number = 1; number <= count; ++number) {
    ledger.onSent(number, 1000);
    ledger.onAccepted(number, 1002);
  }
  return ledger;
}

test('counts both latencies from the sending, and the seconds to the last end', () => {
  const ledger = sentJobs(2);
  ledger.onEnded(2, 1010);
  ledger.onEnded(1, 1500);
  assert.equal(ledger.left, 0);
  assert.deepEqual(ledger.faults, []);
  const report = ledger.report();
  assert.equal(report.jobs_per_second, 4);
  assert.deepEqual(report.accept_ms, { p50: 2, p90: 2, p95: 2, p99: 2, max: 2 });
  assert.deepEqual(report.complete_ms, { p50: 10, p90: 500, p95: 500, p99: 500, max: 500 });
});

test('tells when all have ended, and not before', async () => {
  const ledger = sentJobs(2);
  let over = false;
  ledger.allEnded().then(() => (over = true));
  ledger.onEnded(1, 1001);
  await null;
  assert.equal(over, false);
  ledger.onEnded(2, 1001);
  await null;
  assert.equal(over, true);
});

test('faults a job that ended twice, which stands for no other', () => {
  const ledger = sentJobs(2);
  ledger.onEnded(1, 1001);
  ledger.onEnded(1, 1002);
  assert.equal(ledger.left, 1);
  assert.deepEqual(ledger.faults, ['job 1 ended again']);
});

test('faults the end of a job that it did not send', () => {
  const ledger = sentJobs(1);
  for (const number of [0, 2, undefined]) ledger.onEnded(number, 1001);
  assert.equal(ledger.left, 1);
  assert.equal(ledger.faults.length, 3);
});
