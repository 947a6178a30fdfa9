import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { cardOf, openBrowser, openPage } from './browser.ts';

const PATIENCE = { timeout: 60_000, interval: 250 };

let browser: Browser;
let stack: Stack;
let opened: Awaited<ReturnType<typeof openPage>>;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
  stack = await startStack({ port: 0, timeScale: 60 });
  const raw = Buffer.from('From: ada@example.org\r\nTo: box@in.example.com\r\nSubject: A letter\r\n\r\nhello\r\n');
  const mail = { raw: raw.toString('base64'), from: 'ada@example.org', to: ['box@in.example.com'] };
  await fetch(`${stack.url}/api/providers/mailgun/inbound`, { method: 'POST', body: JSON.stringify(mail) });
  opened = await openPage(browser, stack.url);
  page = opened.page;
});

afterAll(async () => {
  await opened?.close();
  await browser?.close();
  await stack?.close();
});

// The tests run one after the other on one page. Together they go down the page with the keyboard only, like a visitor without a
// mouse.

it('goes to the providers with the first key', async () => {
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the providers');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await page.locator('.provider :focus').count()).toBe(1);
});

it('breaks a provider and repairs it, while the page refreshes itself', async () => {
  const suspended = cardOf(page, 'postmark').getByRole('radio', { name: 'account suspended' });
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => suspended.isChecked()).toBe(true);
  await page.waitForTimeout(2_500);
  expect(await focused()).toBe('account suspended');

  await tabTo('Repair');
  await page.keyboard.press('Enter');
  await expect.poll(() => suspended.isChecked()).toBe(false);
  expect(await focused()).toBe('Repair');
});

it('isolates a provider and releases it', async () => {
  await tabTo('Isolate for an hour');
  await page.keyboard.press('Enter');
  await expect.poll(text('.provider[data-provider="postmark"] .state'), PATIENCE).toMatch(/^Isolated by console/);
  await tabTo('Release');
  await page.keyboard.press('Enter');
  await expect.poll(text('.provider[data-provider="postmark"] .state'), PATIENCE).not.toMatch(/^Isolated/);
});

it('sends many mails, and one of its own', async () => {
  await tabTo('Send 100 mails');
  await page.keyboard.press('Enter');
  await expect.poll(text('#sent'), PATIENCE).toMatch(/^Of 100 sent/);
  await tabTo('To');
  await write('nonsense');
  await tabTo('Subject');
  await write('By keyboard');
  await page.keyboard.press('Enter');
  await expect.poll(text('#mail'), PATIENCE).toContain('By keyboard');
});

it('opens all alarms', async () => {
  await tabTo('All alarms of the template');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('#matrix').isVisible()).toBe(true);
});

it('turns the pages of the list, and finds the dead letter', async () => {
  await tabTo('Older');
  await page.keyboard.press('Enter');
  await expect.poll(text('#mail-count'), PATIENCE).toContain('page 2');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await expect.poll(text('#mail-count'), PATIENCE).toContain('the newest first');
  await tabTo('State');
  await page.keyboard.type('dead');
  await expect.poll(() => page.locator('#mail tr').count(), PATIENCE).toBe(1);
  await tabTo('Find');
  await write('keyboard');
  await expect.poll(text('#mail-count'), PATIENCE).toContain('1 mail');
});

it('opens the dead letter, sends it again, and is back in the list', async () => {
  await tabTo('By keyboard');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'By keyboard' });
  await dialog.waitFor();
  await tabTo('Send it again');
  await page.keyboard.press('Enter');
  await expect.poll(() => dialog.getByRole('status').textContent()).toBe('The mail is on the outbound queue again.');
  await page.keyboard.press('Escape');
  // The filter shows dead letters only. Until the mail is a dead letter again it has no row, and the heading gets the focus.
  await expect.poll(focused).toMatch(/^(By keyboard|Mail)$/);
});

it('reads received mail', async () => {
  await tabTo('A letter');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'A letter' }).waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(focused).toBe('A letter');
});

it('shows more hours of the dashboard, and another speed of time', async () => {
  await tabTo('Shown');
  await page.keyboard.press('ArrowDown');
  expect(await page.locator('#minutes').inputValue()).toBe('180');
  await tabTo('Time runs');
  await page.keyboard.press('ArrowUp');
  await expect.poll(text('#scale-note'), PATIENCE).toMatch(/passes in 6 s\./);
});

it('shows where the focus is at every control, and reaches each of them', async () => {
  // After the last element of the page, the Tab key moves the focus to the controls of the browser. `document.activeElement` is
  // then `body`, and the next round begins.
  let rounds = 0;
  for (let presses = 0; presses < 300 && rounds < 3; presses++) {
    await page.keyboard.press('Tab');
    const hidden = await page.evaluate(() => {
      const node = document.activeElement ?? document.body;
      node.setAttribute('data-reached', '');
      const { outlineStyle, outlineWidth } = getComputedStyle(node);
      const isShown = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
      return node === document.body ? 'body' : isShown ? '' : node.outerHTML;
    });
    if (hidden === 'body' || (await focused()) === 'Skip to the providers') rounds += 1;
    else expect(hidden).toBe('');
  }
  const unreached = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('a, button, input:not([type=radio]), select, summary')]
      .filter((node) => node.checkVisibility() && !node.hasAttribute('data-reached'))
      .map((node) => node.outerHTML),
  );
  expect(unreached).toEqual([]);
  expect(opened.faults).toEqual([]);
});

const text = (selector: string) => async () => (await page.locator(selector).textContent()) ?? '';

/** Returns the text of the focused element. For a form field with a label, returns the text of the label. */
function focused(): Promise<string> {
  return page.evaluate(() => {
    const node = document.activeElement;
    const isField = node instanceof HTMLInputElement || node instanceof HTMLSelectElement;
    const label = isField && node.labels?.[0];
    // A label may contain its field and the field's options. Therefore only the first text node of the label counts.
    const own = label ? [...label.childNodes].find(({ nodeType }) => nodeType === Node.TEXT_NODE) : undefined;
    return ((label ? (own ?? label).textContent : node?.textContent) ?? '').trim();
  });
}

async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 250; presses++) {
    await page.keyboard.press('Tab');
    if ((await focused()) === name) return;
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

async function write(words: string): Promise<void> {
  await page.keyboard.press('Control+A');
  await page.keyboard.type(words);
}
