// The page at /explorer: GraphiQL on the API of the same host, with a sign-in. Tokens live in this page's memory only, so
// that closing the tab signs out and no other page can read them.
'use strict';
(() => {
  const endpoint = '/graphql';
  const form = document.getElementById('sign-in');
  const bar = document.getElementById('signed-in');
  const fault = form.querySelector('output');
  let session = null; // {accessToken, refreshToken, expiresAt}
  let renewing = null; // the refresh that is under way: a refresh token works once

  const grant = 'accessToken refreshToken expiresAt user { name email }';

  function send(body, token, signal) {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, text/event-stream;q=0.9',
      'x-client-name': 'explorer',
    };
    if (token) headers.authorization = 'Bearer ' + token;
    return fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body), signal, credentials: 'omit' });
  }

  async function ask(query, variables, token) {
    const answer = await (await send({ query, variables }, token)).json();
    if (answer.errors) throw new Error(answer.errors[0].message);
    return answer.data;
  }

  function show(signIn) {
    session = signIn;
    form.hidden = Boolean(signIn);
    bar.hidden = !signIn;
    bar.querySelector('span').textContent = signIn ? `${signIn.user.name} <${signIn.user.email}>` : '';
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    fault.textContent = '';
    const input = Object.fromEntries(new FormData(form));
    try {
      const { login } = await ask(
        `mutation Login($input: LoginInput!) { login(input: $input) { signIn { ${grant} } userErrors { message } } }`, { input });
      if (!login.signIn) throw new Error(login.userErrors.map((e) => e.message).join(' '));
      form.elements.password.value = '';
      show(login.signIn);
    } catch (error) {
      fault.textContent = error.message;
    }
  });

  bar.querySelector('button').addEventListener('click', async () => {
    const { accessToken } = session;
    show(null);
    await ask('mutation { logout { ended } }', undefined, accessToken).catch(() => {});
  });

  // token is the access token to send, renewed when it has less than half a minute left.
  async function token() {
    if (!session || Date.parse(session.expiresAt) - Date.now() > 30000) return session?.accessToken;
    renewing ??= ask(`mutation Refresh($input: RefreshInput!) { refresh(input: $input) { signIn { ${grant} } } }`,
      { input: { refreshToken: session.refreshToken } })
      .then((data) => show(data.refresh.signIn), () => show(null))
      .finally(() => { renewing = null; });
    await renewing;
    return session?.accessToken;
  }

  // events reads an event stream (graphql-sse, distinct connections) and yields what its next events hold.
  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        const blocks = text.split('\n\n');
        text = blocks.pop();
        for (const block of blocks) {
          const lines = block.split('\n');
          if (lines.includes('event: complete')) return;
          const data = lines.find((l) => l.startsWith('data: '));
          if (data) yield JSON.parse(data.slice(6));
        }
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  // fetcher answers GraphiQL: one result, or the results of a subscription as they come.
  async function fetcher(request, options) {
    const headers = options?.headers ?? {};
    const given = headers.authorization ?? headers.Authorization;
    const bearer = given ? given.replace(/^Bearer\s+/i, '') : await token();
    const abort = new AbortController();
    const response = await send(request, bearer, abort.signal);
    if (!response.headers.get('content-type').startsWith('text/event-stream')) return response.json();
    const results = events(response);
    return {
      [Symbol.asyncIterator]() { return this; },
      next: () => results.next(),
      return: () => { abort.abort(); return results.return(); },
    };
  }

  const root = ReactDOM.createRoot(document.getElementById('graphiql'));
  root.render(React.createElement(GraphiQL, {
    fetcher,
    shouldPersistHeaders: false,
    defaultQuery: '# Sign in above, then ask.\n{\n  viewer {\n    user { name email }\n    tenant { name }\n  }\n}\n',
  }));
})();
