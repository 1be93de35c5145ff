// The page at /explorer in a headless Chromium: it loads, signs in, asks, shows a subscription's events, and speaks to no
// other host.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import { base, check, equal } from './report.mjs';

const { TENANT, EMAIL, PASSWORD } = process.env;

// browser is the program to run: $CHROMIUM, or the first of the usual names.
function browser() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = process.env.PATH.split(delimiter);
  const places = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) => folders.map((f) => join(f, name)));
  places.push('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');
  const found = places.find((p) => { try { accessSync(p, constants.X_OK); return true; } catch { return false; } });
  if (!found) throw new Error('no Chromium: run scripts/setup');
  return found;
}

const chrome = await chromium.launch({ executablePath: browser(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const page = await chrome.newPage();
page.setDefaultTimeout(60000);
const foreign = [];
const complaints = [];
await page.route('**/*', (route) => {
  const url = new URL(route.request().url());
  if (url.origin === base || url.protocol === 'data:') return route.continue();
  foreign.push(url.href);
  return route.abort();
});
page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') complaints.push(m.text()); });
page.on('pageerror', (e) => complaints.push(String(e)));

const result = (text) => page.waitForFunction(
  (want) => document.querySelector('.result-window')?.textContent.includes(want), text);

async function ask(query) {
  await page.locator('.graphiql-query-editor .CodeMirror').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(query);
  await page.locator('.graphiql-execute-button').click();
}

await check('the page comes with a policy and loads', async () => {
  const response = await page.goto(base + '/explorer');
  equal(response.status(), 200, 'status');
  const policy = response.headers()['content-security-policy'];
  equal(policy.startsWith("default-src 'none'; script-src 'self'; "), true, policy);
  equal(policy.includes('unsafe'), false, policy);
  await page.locator('.graphiql-execute-button').waitFor();
});

await check('a query without a sign-in is answered', async () => {
  await ask('{ viewer { user { email } } }');
  await result('"viewer": null');
});

await check('a wrong password is told', async () => {
  await page.fill('[name=tenant]', TENANT);
  await page.fill('[name=email]', EMAIL);
  await page.fill('[name=password]', 'wrong-' + PASSWORD);
  await page.click('#sign-in button');
  await page.waitForFunction(() => document.querySelector('#sign-in output').textContent !== '');
});

await check('a sign-in is used by the next query', async () => {
  await page.fill('[name=password]', PASSWORD);
  await page.click('#sign-in button');
  await page.locator('#signed-in').waitFor();
  equal(await page.evaluate((secret) => JSON.stringify({ ...localStorage, ...sessionStorage }).includes(secret), PASSWORD), false, 'the password is stored');
  await ask('{ viewer { user { email } tenant { slug } } }');
  await result(`"email": "${EMAIL}"`);
});

await check('the schema is explained', async () => {
  await page.locator('button[aria-label="Show Documentation Explorer"]').click();
  await page.locator('.graphiql-doc-explorer').getByText('Mutation', { exact: true }).first().waitFor();
});

await check('the events of a subscription are shown as they come', async () => {
  await ask('subscription { alertEvents { type cursor } }');
  await result('"type": "POSITION"');
  await page.locator('.graphiql-execute-button').click(); // stop
});

await check('signing out ends it', async () => {
  await page.click('#signed-in button');
  await page.locator('#sign-in').waitFor();
  await ask('{ viewer { user { email } } }');
  await result('"viewer": null');
});

await check('no other host was asked', async () => equal(foreign, [], 'requests'));
await check('the console has no complaint', async () => equal(complaints, [], 'complaints'));

await chrome.close();
