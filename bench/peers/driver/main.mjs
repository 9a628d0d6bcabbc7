// main.mjs SYSTEM PLACE: the client of one system. Starts the process of its handlers, then does what each line on standard
// input asks for and answers with a line: {"run": "one_by_one", "jobs": 5000}. Ends when standard input does.
//
// A module of systems/ exports
//   openClient(place, ended) -> { submit, submitSoon?, submitBulk, submitChains, park, settled, close }. A job is accepted durably
//                               when the promise of its call resolves. submitSoon: with the setting for low delay, if there is
//                               another. settled(first, count): null until the system's own store has none of the run's jobs
//                               left to do; then [number, epoch ms] of each end where it is known better than by `ended`.
//   openWorker(place, ended) -> { close }; tells ended(number) of each job. Without it the client runs the handlers.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from './ledger.mjs';
import { closedLoop, openLoop } from './load.mjs';

const STALL_MS = 60_000; // gives up when nothing has ended for so long
const STRAGGLE_MS = 250; // an end that is told twice comes shortly after the first

const [system, place] = process.argv.slice(2);
const { openClient, openWorker } = await import(`./systems/${system}.mjs`);

let ledger = null;
let next = 1;
const onEnded = (number) => ledger.onEnded(number, performance.now());

const client = await openClient(JSON.parse(place), onEnded);
const worker = openWorker ? await startWorker() : null;

async function startWorker() {
  const child = fork(new URL('./worker.mjs', import.meta.url), [system, place], { serialization: 'advanced' });
  child.once('exit', (code) => code === 0 || stopWith(`the worker exited with ${code}`));
  await once(child, 'message');
  child.on('message', (numbers) => {
    const now = performance.now();
    for (const number of numbers) ledger.onEnded(number, now);
  });
  return child;
}

function stopWith(fault) {
  console.error(`${system}: ${fault}`);
  process.exit(1);
}

const range = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);
const single = (submit) => (from) => submit(from);
const bulk = (submit) => (from, to) => submit(range(from, to));

const RUNS = {
  one_by_one: ({ in_flight }) => loop(closedLoop, { size: 1, inFlight: in_flight, submit: single(client.submit) }),
  bulk: ({ in_flight, batch }) => loop(closedLoop, { size: batch, inFlight: in_flight, submit: bulk(client.submitBulk) }),
  open_loop: ({ rate }) => loop(openLoop, { rate, submit: single(client.submitSoon ?? client.submit) }),
  chain: ({ in_flight, batch }) => loop(closedLoop, { size: batch, inFlight: in_flight, submit: bulk(client.submitChains) }),
  park: ({ in_flight, batch }) => loop(closedLoop, { size: batch, inFlight: in_flight, submit: bulk(client.park) }),
};

const loop = (way, how) => (first, count) => way({ first, count, ledger, ...how });

async function run(command) {
  const first = next;
  next += command.jobs;
  ledger = new Ledger(first, command.jobs);
  await RUNS[command.run](command)(first, command.jobs);
  if (command.run === 'park') return ledger.reportAccepted();
  await allEnded();
  await settle(first, command.jobs);
  await sleep(STRAGGLE_MS);
  if (ledger.faults.length > 0) stopWith(ledger.faults.slice(0, 10).join('; '));
  return ledger.report();
}

async function allEnded() {
  while (ledger.left > 0) {
    const { left } = ledger;
    await Promise.race([ledger.allEnded(), sleep(STALL_MS, null, { ref: false })]);
    if (ledger.left === left) stopWith(`nothing comes any more: ${left} jobs have not ended`);
  }
}

async function settle(first, count) {
  let ends;
  for (const deadline = performance.now() + STALL_MS; !(ends = await client.settled(first, count)); await sleep(5))
    if (performance.now() > deadline) stopWith('its store does not say that all jobs are completed');
  if (ends.length > 0 && ends.length !== count) stopWith(`its store has ${ends.length} completed jobs instead of ${count}`);
  for (const [number, at] of ends) ledger.correctEnd(number, at - performance.timeOrigin);
}

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
say({ worker_pid: worker?.pid ?? null });
for await (const line of createInterface({ input: process.stdin })) say(await run(JSON.parse(line)));
if (worker) {
  worker.disconnect();
  await once(worker, 'exit');
}
await client.close();
process.exit();
