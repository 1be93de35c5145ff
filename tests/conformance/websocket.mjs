// The graphql-ws reference client, and raw sockets for what a well-behaved client never does.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { base, check, documents, equal, restart } from './report.mjs';

const url = base.replace(/^http/, 'ws') + '/graphql';

// collect runs one operation to its end.
function collect(client, query) {
  return new Promise((resolve) => {
    const got = [];
    client.subscribe({ query }, {
      next: (value) => got.push(value),
      error: (error) => resolve({ got, error }),
      complete: () => resolve({ got, complete: true }),
    });
  });
}

// raw opens a socket, sends messages, and resolves with the close code and everything received.
function raw(messages, { protocol = 'graphql-transport-ws', after } = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocol);
    const received = [];
    socket.on('open', () => messages.forEach((m) => socket.send(typeof m === 'string' ? m : JSON.stringify(m))));
    socket.on('message', (data) => {
      received.push(JSON.parse(data));
      after?.(socket, received);
    });
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason), received }));
    socket.on('error', reject);
  });
}

const init = { type: 'connection_init' };
const subscribe = (id, query) => ({ type: 'subscribe', id, payload: { query } });
const client = (options = {}) => createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, ...options });

await check('a subscription gives its events and completes', async () => {
  const c = client();
  const { got, complete } = await collect(c, documents.finite);
  equal([got.length, complete], [documents.finiteEvents, true], 'events and completion');
  await c.dispose();
});

await check('a query has one result', async () => {
  const c = client();
  const { got, complete } = await collect(c, documents.query);
  equal([got.length, got[0].errors, complete], [1, undefined, true], 'result');
  await c.dispose();
});

await check('operations run side by side on one socket', async () => {
  const c = client();
  const all = await Promise.all(Array.from({ length: 10 }, () => collect(c, documents.finite)));
  equal(all.map((r) => r.got.length), Array(10).fill(documents.finiteEvents), 'events');
  await c.dispose();
});

await check('an invalid document is an error and leaves the socket open', async () => {
  const c = client();
  const { got, error } = await collect(c, documents.invalid);
  equal([got.length, error[0].extensions.code], [0, 'GRAPHQL_VALIDATION_FAILED'], 'error');
  equal((await collect(c, documents.query)).complete, true, 'the next operation');
  await c.dispose();
});

await check('a subscription that cannot start is an error', async () => {
  const c = client();
  const { got, error } = await collect(c, documents.refused);
  equal([got.length, Array.isArray(error)], [0, true], 'error');
  await c.dispose();
});

await check('nothing follows an error', async () => {
  const { received } = await raw([init], {
    after: (socket, got) => {
      const last = got.at(-1);
      if (last.type === 'connection_ack') socket.send(JSON.stringify(subscribe('1', documents.invalid)));
      if (last.type === 'error') socket.send(JSON.stringify(subscribe('2', documents.query)));
      if (last.type === 'complete') socket.close(1000);
    },
  });
  const types = received.filter((m) => m.type !== 'ping').map((m) => `${m.type} ${m.id ?? ''}`);
  equal(types, ['connection_ack ', 'error 1', 'next 2', 'complete 2'], 'messages');
});

await check('the server answers pings', async () => {
  const c = client({ lazy: false, keepAlive: 20 });
  await new Promise((resolve) => c.on('pong', (received) => received && resolve()));
  await c.dispose();
});

await check('the server sends pings and the client answers', async () => {
  const c = client({ lazy: false });
  await new Promise((resolve) => {
    let pings = 0;
    c.on('ping', (received) => received && ++pings === 3 && resolve());
  });
  await c.dispose();
});

await check('a good token is accepted', async () => {
  const c = client({ connectionParams: { authorization: 'Bearer good' } });
  equal((await collect(c, documents.query)).complete, true, 'completion');
  await c.dispose();
});

await check('a bad token closes with 4403', async () => {
  const c = client({ connectionParams: { token: 'bad' } });
  const { error } = await collect(c, documents.query);
  equal(error.code, 4403, 'close code');
  await c.dispose();
});

await check('a client reconnects after a restart (1012) and resumes', async () => {
  const codes = [];
  let resume;
  const c = client({
    retryAttempts: 5,
    retryWait: async () => {},
    shouldRetry: () => true,
    connectionParams: () => ({ resume }),
    on: { closed: (event) => codes.push(event.code) },
  });
  const events = [];
  await new Promise((resolve, reject) => {
    c.subscribe({ query: documents.endless }, {
      next: (value) => {
        events.push(value);
        resume = String(events.length);
        if (events.length === 1) restart().catch(reject);
        if (events.length === 2) resolve();
      },
      error: reject,
      complete: () => reject(new Error('completed')),
    });
  });
  equal(codes[0], 1012, 'close code');
  equal(JSON.stringify(events[0]) === JSON.stringify(events[1]), false, 'the same event twice');
  await c.dispose();
});

const closes = [
  ['4400 for text that is no JSON', ['{'], 4400],
  ['4400 for an unknown type', [init, { type: 'hello' }], 4400],
  ['4400 for subscribe without a query', [init, { type: 'subscribe', id: '1', payload: {} }], 4400],
  ['4401 for subscribe before the acknowledgement', [subscribe('1', documents.query)], 4401],
  ['4409 for an id in use', [init, subscribe('1', documents.endless), subscribe('1', documents.endless)], 4409],
  ['4429 for a second connection_init', [init, init], 4429],
];
for (const [name, messages, code] of closes) {
  await check(name, async () => equal((await raw(messages)).code, code, 'close code'));
}

await check('4406 for another subprotocol', async () => {
  equal((await raw([], { protocol: 'graphql-ws' })).code, 4406, 'close code');
});
