// Findings go to standard output, one JSON object a line; the Go test reads them.

export const documents = JSON.parse(process.env.DOCUMENTS);
export const base = process.argv[2];

export function report(name, ok, detail = '') {
  process.stdout.write(JSON.stringify({ name, ok, detail: String(detail) }) + '\n');
}

// check runs one asynchronous check and reports how it ended.
export async function check(name, run) {
  try {
    await run();
    report(name, true);
  } catch (err) {
    report(name, false, err?.stack ?? JSON.stringify(err));
  }
}

export function equal(got, want, what) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what}: got ${a}, want ${b}`);
}

export async function restart() {
  const res = await fetch(base + '/restart', { method: 'POST' });
  equal(res.status, 204, 'status of the restart');
}
