// pg-boss: jobs are rows of PostgreSQL; workers fetch them in batches, woken by NOTIFY.
import { PgBoss } from 'pg-boss';
import { CHAIN_STEPS, PARKED_SECONDS, payload } from '../payload.mjs';

const BATCH = 500;

/**
 * NOTIFY wakes a worker at once, but lets only one transaction of the whole server commit at a time (PostgreSQL's lock of the
 * notification queue): a quarter of the jobs a second, one by one. So jobs that come one by one as fast as they can go to a
 * queue that is polled, which never pauses while batches come full; all others to queues with NOTIFY.
 */
const QUEUES = [
  { name: 'polled', notify: false },
  { name: 'notified', notify: true },
  { name: 'chain', notify: true },
  { name: 'parked', notify: false },
];
const WORK = { batchSize: BATCH, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };

async function start({ url }, options) {
  const boss = new PgBoss({ connectionString: url, ...options });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return boss;
}

export async function openClient(place) {
  const boss = await start(place, { supervise: false, schedule: false });
  for (const { name, notify } of QUEUES) await boss.createQueue(name, { notify });

  return {
    submit: (number) => boss.send('polled', payload(number)),
    submitSoon: (number) => boss.send('notified', payload(number)),
    submitBulk: (numbers) => boss.insert('notified', numbers.map((number) => ({ data: payload(number) }))),
    submitChains: (numbers) => boss.insert('chain', numbers.map((number) => ({ data: { ...payload(number), step: 1 } }))),
    park: (numbers) => boss.insert('parked', numbers.map((number) => ({ data: payload(number), startAfter: PARKED_SECONDS }))),

    /** A handler returns before its jobs are completed: the rows tell when that was. */
    async settled(first, count) {
      const { rows } = await boss.getDb().executeSql(
        `SELECT (data->>'number')::int AS number, extract(epoch FROM completed_on) * 1000 AS at
           FROM pgboss.job WHERE name <> 'parked' AND state = 'completed' AND (data->>'number')::int >= $1
            AND (name <> 'chain' OR (data->>'step')::int = $2)`, [first, CHAIN_STEPS]);
      return rows.length < count ? null : rows.map(({ number, at }) => [number, Number(at)]);
    },
    close: () => boss.stop(),
  };
}

export async function openWorker(place, ended) {
  const boss = await start(place, { useListenNotify: true });
  for (const queue of ['polled', 'notified'])
    await boss.work(queue, WORK, async (jobs) => {
      for (const { data } of jobs) ended(data.number);
    });
  await boss.work('chain', { ...WORK, transactional: true }, async (jobs, transaction) => {
    const following = jobs.filter(({ data }) => data.step < CHAIN_STEPS);
    if (following.length > 0) {
      const next = following.map(({ data }) => ({ data: { ...data, step: data.step + 1 } }));
      await boss.insert('chain', next, { db: transaction });
    }
    for (const { data } of jobs) if (data.step === CHAIN_STEPS) ended(data.number);
  });
  return { close: () => boss.stop() };
}
