import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { cardOf, openBrowser, openPage } from './browser.ts';

/** Time scale at which an alarm of five minutes takes five seconds. */
const TIME_SCALE = 60;
const PATIENCE = { timeout: 90_000, interval: 250 };

let browser: Browser;
let stack: Stack;
let opened: Awaited<ReturnType<typeof openPage>>;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
  stack = await startStack({ port: 0, timeScale: TIME_SCALE });
});

afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

beforeEach(async () => {
  opened = await openPage(browser, stack.url);
  page = opened.page;
});

afterEach(async () => {
  await Promise.all(
    stack.info.providers.map(({ key }) => fetch(`${stack.url}/api/providers/${key}/fault`, { method: 'DELETE' })),
  );
  await fetch(`${stack.url}/api/circuits`, { method: 'DELETE' });
  await opened.close();
});

const text = (selector: string) => async () => (await page.locator(selector).textContent()) ?? '';
const level = () => page.locator('#verdict').getAttribute('data-level');
const raised = async () =>
  await page.locator('#raised li').evaluateAll((items) => items.map((item) => item.getAttribute('data-alarm')));

describe('a visitor', () => {
  it('opens a mail and sees its attempts', async () => {
    await cardOf(page, 'postmark').getByRole('switch', { name: 'answers 500' }).click();
    await page.getByLabel('Subject').fill('Grüße 🎉 <b>');
    await page.getByRole('button', { name: 'Send one' }).click();
    const row = page.locator('#mail tr', { hasText: 'Grüße 🎉 <b>' }).first();
    await row.waitFor({ timeout: PATIENCE.timeout });
    await row.getByRole('button').click();

    const dialog = page.getByRole('dialog', { name: 'Grüße 🎉 <b>' });
    await dialog.waitFor();
    const steps = await dialog.locator('.timeline li').allTextContents();
    expect(steps.join('\n')).toMatch(/postmark: unavailable[\s\S]*accepted[\s\S]*now: accepted/);
    expect(await dialog.locator('pre.text').textContent()).toContain('This mail was sent');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.isVisible()).toBe(false);
    expect(opened.faults).toEqual([]);
  });

  it('breaks Postmark, sees a failover and an alarm raised with no mail waiting, and repairs it', async () => {
    await expect.poll(level, PATIENCE).toBe('good');

    await cardOf(page, 'postmark').getByRole('switch', { name: 'account suspended' }).click();
    await expect.poll(() => cardOf(page, 'postmark').getAttribute('data-broken')).toBe('');
    await page.getByRole('button', { name: 'Send 100 mails' }).click();

    await expect.poll(text('#sent'), PATIENCE).toMatch(/^Of 100 sent: .*\d+ by mailgun(?!.*not yet)/);
    expect(await text('#sent')()).not.toMatch(/by postmark/);
    await expect.poll(text('#waiting'), PATIENCE).toBe('0');
    await expect
      .poll(raised, PATIENCE)
      .toEqual(expect.arrayContaining(['Mailover/postmark/AccountRefused', 'Mailover/OneWayBroken']));
    expect(await level()).toMatch(/warn|bad/);
    expect(await text('#waiting')()).toBe('0');

    await cardOf(page, 'postmark').getByRole('button', { name: 'Repair' }).click();
    await expect.poll(() => cardOf(page, 'postmark').getAttribute('data-broken')).toBeNull();
    // An open circuit is probed with mail only, and not at once.
    await expect
      .poll(
        async () => {
          await page.getByRole('button', { name: 'Send one' }).click();
          return await cardOf(page, 'postmark').locator('.state').textContent();
        },
        { ...PATIENCE, interval: 1_000 },
      )
      .toBe('circuit closed');
    await page.getByRole('button', { name: 'Send 100 mails' }).click();
    await expect.poll(text('#sent'), PATIENCE).toMatch(/\d+ by postmark/);
    await expect.poll(level, PATIENCE).toBe('good');
    expect(opened.faults).toEqual([]);
  });

  it('isolates a provider and releases it', async () => {
    const card = cardOf(page, 'mailgun');
    await card.getByRole('button', { name: 'Isolate for an hour' }).click();
    await expect.poll(() => card.locator('.state').textContent(), PATIENCE).toBe('circuit isolated');
    await card.getByRole('button', { name: 'Release' }).click();
    await expect.poll(() => card.locator('.state').textContent(), PATIENCE).not.toBe('circuit isolated');
  });

  it('lets time run faster, and explains the effect', async () => {
    expect(await text('#scale-note')()).toMatch(/minute of alarms.* passes in 1 s\./);
    await page.getByLabel('Time runs').selectOption('10');
    await expect.poll(text('#scale-note'), PATIENCE).toMatch(/passes in 6 s\./);
    expect(await (await fetch(`${stack.url}/api/time`)).json()).toMatchObject({ scale: 10 });
    await page.getByLabel('Time runs').selectOption('60');
    await expect.poll(text('#scale-note'), PATIENCE).toMatch(/passes in 1 s\./);
  });
});

describe('the page', () => {
  it('changes without a reload, and takes neither an element nor the focus away', async () => {
    const field = page.getByLabel('Subject');
    await field.fill('being written');
    await page.evaluate(() => {
      for (const node of document.querySelectorAll('.provider, .widget, #queues tr'))
        node.setAttribute('data-kept', '');
    });
    const before = await page.locator('[data-kept]').count();
    const mails = await page.locator('#mail tr').count();

    await fetch(`${stack.url}/api/console/mail`, { method: 'POST', body: '{"count":1,"subject":"seen at once"}' });
    await page.locator('#mail tr', { hasText: 'seen at once' }).first().waitFor({ timeout: PATIENCE.timeout });

    expect(mails === 50 || (await page.locator('#mail tr').count()) > mails).toBe(true);
    expect(await page.locator('[data-kept]').count()).toBe(before);
    expect(await field.inputValue()).toBe('being written');
    expect(await field.evaluate((node) => node === document.activeElement)).toBe(true);
  });

  it('says so when the stack is gone', async () => {
    await page.route('**/api/**', (route) => route.abort());
    await expect.poll(text('#verdict'), PATIENCE).toBe('The stack does not answer');
    await page.unroute('**/api/**');
    await expect.poll(text('#verdict'), PATIENCE).not.toBe('The stack does not answer');
  });
});
