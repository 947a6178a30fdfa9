import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Path of the browser: by default that of Debian's package `chromium`. The tests do not download a browser. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Folder of the screenshots. */
export const PICTURES = join(tmpdir(), 'mailover-console');

/** Starts the browser of this machine; throws with instructions if there is none. */
export async function openBrowser(): Promise<Browser> {
  try {
    accessSync(CHROMIUM, constants.X_OK);
  } catch {
    throw new Error(
      `there is no browser at ${CHROMIUM}: install it ("apt-get install chromium"), or name another one in CHROMIUM`,
    );
  }
  await mkdir(PICTURES, { recursive: true });
  return await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** Options with which a page is opened. */
export interface View {
  /** @default 1280 */
  readonly width?: number;
  /** @default light */
  readonly scheme?: 'light' | 'dark';
}

/** Opens a page of the console. `faults` collects the errors of the page, and the violations of its Content Security Policy. */
export async function openPage(browser: Browser, url: string, { width = 1280, scheme = 'light' }: View = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  await page.goto(url);
  await page.locator('.provider').first().waitFor();
  return { page, faults, close: () => context.close() };
}

/** Returns the element of the page that shows one provider. */
export function cardOf(page: Page, provider: string) {
  return page.locator(`.provider[data-provider="${provider}"]`);
}
