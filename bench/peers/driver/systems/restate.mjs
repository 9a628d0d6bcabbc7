// Restate: a server keeps a journal of each invocation and calls the handlers over HTTP/2.
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import { createServer } from 'node:http2';
import { CHAIN_STEPS, PARKED_SECONDS, payload } from '../payload.mjs';

export async function openClient({ ingress, admin }, ended) {
  const server = clients.connect({ url: ingress });
  const send = (handler, parameter, opts) => server.send({ service: 'bench', handler, parameter, opts });
  const each = (submit) => (numbers) => Promise.all(numbers.map(submit));

  return {
    submit: (number) => send('job', payload(number)),
    /** At a low rate its end is asked for too, over a second request; it wants a key for that. */
    async submitSoon(number) {
      const sent = await send('silent', payload(number), clients.SendOpts.from({ idempotencyKey: String(number) }));
      server.result(sent).then(() => ended(number));
    },
    /** It has no call for many: one invocation sends the others, which its journal then holds. */
    submitBulk: (numbers) => server.call({ service: 'bench', handler: 'fanOut', parameter: numbers }),
    submitChains: each((number) => send('chain', payload(number))),
    park: each((number) => send('job', payload(number), clients.SendOpts.from({ delay: { seconds: PARKED_SECONDS } }))),

    /** A handler returns before its invocation is completed; when that was, only asking for each would tell. */
    async settled() {
      const answer = await fetch(`${admin}/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          query: "SELECT count(*) AS left FROM sys_invocation WHERE status NOT IN ('completed', 'scheduled')",
        }),
      });
      const { rows } = await answer.json();
      return rows[0].left > 0 ? null : [];
    },
    close: async () => {},
  };
}

export async function openWorker({ admin }, ended) {
  const bench = restate.service({
    name: 'bench',
    handlers: {
      job: async (_, { number }) => ended(number),
      silent: async () => {},
      chain: async (context, { number }) => {
        for (let step = 1; step <= CHAIN_STEPS; ++step) await context.run(`step-${step}`, () => step);
        ended(number);
      },
      fanOut: async (context, numbers) => {
        for (const number of numbers) context.serviceSendClient(bench).job(payload(number));
      },
    },
  });
  const endpoint = createServer(restate.createEndpointHandler({ services: [bench], logger: () => {} }));
  await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const answer = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${endpoint.address().port}` }),
  });
  if (!answer.ok) throw new Error(`the deployment was refused: ${await answer.text()}`);
  return { close: async () => {} };
}
