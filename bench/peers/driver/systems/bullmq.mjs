// BullMQ on Redis.
import { Queue, Worker } from 'bullmq';
import { CHAIN_STEPS, PARKED_SECONDS, payload } from '../payload.mjs';

const CONCURRENCY = 64; // as good as any: 20, 100 and 300 were tried

export async function openClient({ host, port }) {
  const connection = { host, port };
  const jobs = new Queue('job', { connection });
  const chains = new Queue('chain', { connection });
  const parked = new Queue('parked', { connection });
  const named = (opts) => (number) => ({ name: 'job', data: payload(number), opts });

  return {
    submit: (number) => jobs.add('job', payload(number)),
    submitBulk: (numbers) => jobs.addBulk(numbers.map(named())),
    submitChains: (numbers) =>
      chains.addBulk(numbers.map((number) => ({ name: 'chain', data: { ...payload(number), step: 0 } }))),
    park: (numbers) => parked.addBulk(numbers.map(named({ delay: PARKED_SECONDS * 1000 }))),

    /** `completed` is told after the change is in Redis, so its time stands. */
    async settled() {
      const left = await Promise.all([jobs, chains].map((queue) => queue.getJobCountByTypes('wait', 'active', 'failed')));
      return left.some((count) => count > 0) ? null : [];
    },
    close: () => Promise.all([jobs, chains, parked].map((queue) => queue.close())),
  };
}

export async function openWorker({ host, port }, ended) {
  const options = { connection: { host, port }, concurrency: CONCURRENCY };
  const workers = [
    new Worker('job', async () => {}, options),
    /** The pattern of its documentation for a job of several steps: the data tell how far it has come. */
    new Worker('chain', async (job) => {
      for (let step = job.data.step + 1; step <= CHAIN_STEPS; ++step) await job.updateData({ ...job.data, step });
    }, options),
  ];
  for (const worker of workers) {
    worker.on('completed', (job) => ended(job.data.number));
    worker.on('failed', (_, error) => console.error(error));
    await worker.waitUntilReady();
  }
  return { close: () => Promise.all(workers.map((worker) => worker.close())) };
}
