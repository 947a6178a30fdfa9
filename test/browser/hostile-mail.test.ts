import { createServer, type Server } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { listening } from '../support/local-server.ts';
import { openBrowser, openPage } from './browser.ts';

let browser: Browser;
let stack: Stack;
let trap: Server;
let elsewhere: string;
const caught: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  stack = await startStack({ port: 0, timeScale: 60 });
  trap = createServer((request, response) => {
    caught.push(request.url ?? '');
    response.end();
  });
  elsewhere = await listening(trap);
});

afterAll(async () => {
  await browser?.close();
  await stack?.close();
  trap?.close();
});

it('runs nothing and loads nothing of a hostile mail, even when its link is followed', async () => {
  const own = '/api/accepted';
  const html = `
    <p id="there" onclick="top.document.title = 'owned'">Hello</p>
    <script>document.body.dataset.ran = 1; top.document.title = 'owned'; fetch('${own}', { method: 'DELETE' });</script>
    <img src="${elsewhere}/pixel.png" onerror="document.body.dataset.ran = 1"><img src="x" onerror="document.body.dataset.ran = 1">
    <link rel="stylesheet" href="${elsewhere}/style.css"><style>@import url(${elsewhere}/import.css); p { background: url(${elsewhere}/back.png) }</style>
    <iframe src="${elsewhere}/frame.html"></iframe><object data="${elsewhere}/object.swf"></object>
    <video src="${elsewhere}/video.mp4"></video><svg><script>document.body.dataset.ran = 1</script></svg>
    <meta http-equiv="refresh" content="0; url=${elsewhere}/refresh"><base href="${elsewhere}/">
    <form action="${elsewhere}/form" id="f"><button id="submit">Send</button></form>
    <a id="link" href="${elsewhere}/link">Click</a> <a id="top" target="_top" href="${elsewhere}/top">Click</a>
    <p style="position: fixed; inset: 0" id="cover"></p>`;
  await fetch(`${stack.url}/api/console/mail`, {
    method: 'POST',
    body: JSON.stringify({ count: 1, subject: '<img src=x onerror=alert(1)>', html }),
  });
  const { page, close } = await openPage(browser, stack.url);
  const row = page.locator('#mail tr').first();
  await row.waitFor({ timeout: 60_000 });
  await row.getByRole('button').click();
  const dialog = page.getByRole('dialog', { name: '<img src=x onerror=alert(1)>' });
  await dialog.waitFor();

  const frame = page.frameLocator('dialog iframe');
  await frame.locator('#there').waitFor();
  expect(await dialog.locator('iframe').getAttribute('sandbox')).toBe('');
  expect(await frame.locator('body[data-ran]').count()).toBe(0);
  await frame
    .locator('#submit')
    .click({ force: true, timeout: 2_000 })
    .catch(() => {});
  await frame
    .locator('#top')
    .click({ force: true, timeout: 2_000 })
    .catch(() => {});
  await frame
    .locator('#link')
    .click({ force: true, timeout: 2_000 })
    .catch(() => {});
  await page.waitForTimeout(2_000);

  expect(caught).toEqual([]);
  expect(page.url().startsWith(stack.url)).toBe(true);
  expect(await page.title()).not.toBe('owned');
  expect(await (await fetch(`${stack.url}/api/accepted?raw=false`)).json()).not.toEqual([]);
  await close();
});
