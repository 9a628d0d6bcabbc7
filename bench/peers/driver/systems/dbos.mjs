// DBOS: workflows run in the process that starts them; PostgreSQL has their steps. So the client runs the handlers too.
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { CHAIN_STEPS, PARKED_SECONDS, payload } from '../payload.mjs';

const POOL = 20;

export async function openClient(place, ended) {
  const url = place.url.replace('@/', '@localhost/'); // it wants a host even where the query names a socket
  const job = DBOS.registerWorkflow(async () => {}, { name: 'job' });
  const queued = DBOS.registerWorkflow(async ({ number }) => ended(number), { name: 'queued' });
  const chain = DBOS.registerWorkflow(async () => {
    for (let step = 1; step <= CHAIN_STEPS; ++step) await DBOS.runStep(async () => step, { name: `step-${step}` });
  }, { name: 'chain' });

  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, systemDatabasePoolSize: POOL, logLevel: 'error' });
  await DBOS.launch();
  await DBOS.registerQueue('bulk', { minPollingIntervalMs: 100 });
  const enqueuer = await DBOSClient.create({ systemDatabaseUrl: url, applicationName: 'bench' });
  const pool = new pg.Pool({ connectionString: url, max: 4 });

  const start = (workflow) => async (number) => {
    const handle = await DBOS.startWorkflow(workflow, { workflowID: String(number) })(payload(number));
    handle.getResult().then(() => ended(number), console.error);
  };

  /** It has no call for many: they are enqueued in one transaction, as its documentation offers. */
  async function enqueue(numbers, options) {
    const connection = await pool.connect();
    await connection.query('BEGIN');
    for (const number of numbers)
      await enqueuer.enqueueInTransaction(
        connection, { queueName: 'bulk', workflowName: 'queued', workflowID: String(number), ...options }, payload(number));
    await connection.query('COMMIT');
    connection.release();
  }

  return {
    submit: start(job),
    submitBulk: (numbers) => enqueue(numbers),
    submitChains: (numbers) => Promise.all(numbers.map(start(chain))),
    park: (numbers) => enqueue(numbers, { delaySeconds: PARKED_SECONDS }),

    /** A queued workflow returns before its end is stored: the rows tell when that was. */
    async settled(first, count) {
      const { rows } = await pool.query(
        `SELECT workflow_uuid::int AS number, updated_at::float8 AS at
           FROM dbos.workflow_status WHERE status = 'SUCCESS' AND workflow_uuid::int >= $1`, [first]);
      return rows.length < count ? null : rows.map(({ number, at }) => [number, at]);
    },
    async close() {
      await enqueuer.destroy();
      await pool.end();
      await DBOS.shutdown();
    },
  };
}
