// The graphql-sse reference client in distinct connections mode, and plain fetch for what stands on the wire.
import { createClient } from 'graphql-sse';
import { base, check, documents, equal, restart } from './report.mjs';

const url = base + '/graphql';
const client = (options = {}) => createClient({ url, retryAttempts: 0, ...options });

function collect(c, query) {
  return new Promise((resolve) => {
    const got = [];
    c.subscribe({ query }, {
      next: (value) => got.push(value),
      error: (error) => resolve({ got, error }),
      complete: () => resolve({ got, complete: true }),
    });
  });
}

await check('a subscription gives its events and completes', async () => {
  const { got, complete } = await collect(client(), documents.finite);
  equal([got.length, complete], [documents.finiteEvents, true], 'events and completion');
});

await check('a query has one result', async () => {
  const { got, complete } = await collect(client(), documents.query);
  equal([got.length, got[0].errors, complete], [1, undefined, true], 'result');
});

await check('an invalid document is a next event with errors', async () => {
  const { got, complete } = await collect(client(), documents.invalid);
  equal([got.length, got[0].errors[0].extensions.code, complete], [1, 'GRAPHQL_VALIDATION_FAILED', true], 'result');
  equal('data' in got[0], false, 'a data member');
});

await check('a subscription that cannot start is a next event with errors', async () => {
  const { got, complete } = await collect(client(), documents.refused);
  equal([got.length, got[0].errors.length, complete], [1, 1, true], 'result');
});

await check('a bad token is 401', async () => {
  const { error } = await collect(client({ headers: { authorization: 'Bearer bad' } }), documents.query);
  equal(error.response.status, 401, 'status');
});

await check('a client reconnects after a restart', async () => {
  const c = client({ retryAttempts: 5, retry: async () => {} });
  const events = [];
  await new Promise((resolve, reject) => {
    c.subscribe({ query: documents.endless }, {
      next: (value) => {
        events.push(value);
        if (events.length === 1) restart().catch(reject);
        if (events.length === 2) resolve();
      },
      error: reject,
      complete: () => reject(new Error('completed')),
    });
  });
  c.dispose();
});

await check('complete has an empty data line, as EventSource needs', async () => {
  const res = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: documents.finite }),
  });
  equal(res.headers.get('content-type'), 'text/event-stream; charset=utf-8', 'content type');
  const text = await res.text();
  equal(text.endsWith('\n\nevent: complete\ndata: \n\n'), true, JSON.stringify(text));
});

await check('a silent stream gets comments and events have ids', async () => {
  const abort = new AbortController();
  const res = await fetch(url, {
    method: 'POST',
    signal: abort.signal,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: documents.endless }),
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of res.body) {
    text += decoder.decode(chunk, { stream: true });
    if (/\nid: .+\ndata: /.test(text) && text.split('\n\n').filter((e) => e === ':').length >= 3) break;
  }
  abort.abort();
});
