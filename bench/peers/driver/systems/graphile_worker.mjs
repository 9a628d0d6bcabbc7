// graphile-worker: jobs are rows of PostgreSQL, deleted when they are done. Settings of its own performance test.
import { EventEmitter } from 'node:events';
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { CHAIN_STEPS, PARKED_SECONDS, payload } from '../payload.mjs';

const CONCURRENT_JOBS = 24;

const logger = new Logger(() => (level, message) => level === 'error' && console.error(message));
const CLIENT = { maxPoolSize: 16, logger };
const WORKER = {
  concurrentJobs: CONCURRENT_JOBS,
  maxPoolSize: CONCURRENT_JOBS + 1,
  localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
  logger,
};

export async function openClient({ url }) {
  const queue = await makeWorkerUtils({ preset: { worker: { ...CLIENT, connectionString: url } } });
  await queue.migrate();
  const job = (identifier, extra) => (number) => ({ identifier, payload: payload(number), ...extra });
  const runAt = () => new Date(Date.now() + PARKED_SECONDS * 1000);

  return {
    submit: (number) => queue.addJob('job', payload(number)),
    submitBulk: (numbers) => queue.addJobs(numbers.map(job('job'))),
    submitChains: (numbers) =>
      queue.addJobs(numbers.map((number) => ({ identifier: 'chain', payload: { ...payload(number), step: 1 } }))),
    park: (numbers) => queue.addJobs(numbers.map(job('parked', { runAt: runAt() }))),

    /** It keeps nothing of a job that is done, so the times are the worker's; batched deletions follow them. */
    async settled() {
      const { rows } = await queue.withPgClient((connection) =>
        connection.query('SELECT 1 FROM graphile_worker.jobs WHERE run_at <= now() LIMIT 1'));
      return rows.length > 0 ? null : [];
    },
    close: () => queue.release(),
  };
}

export async function openWorker({ url }, ended) {
  const events = new EventEmitter();
  const runner = await run({
    noHandleSignals: true,
    preset: { worker: { ...WORKER, connectionString: url, events } },
    taskList: {
      job: () => {},
      async chain(data, { addJob }) {
        if (data.step < CHAIN_STEPS) await addJob('chain', { ...data, step: data.step + 1 });
      },
    },
  });
  events.on('job:complete', ({ job, error }) => {
    if (!error && (job.task_identifier === 'job' || job.payload.step === CHAIN_STEPS)) ended(job.payload.number);
  });
  return { close: () => runner.stop() };
}
