import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { openBrowser, openPage, PICTURES } from './browser.ts';

let browser: Browser;
let stack: Stack;

beforeAll(async () => {
  browser = await openBrowser();
  stack = await startStack({ port: 0, timeScale: 60 });
  await fetch(`${stack.url}/api/console/mail`, { method: 'POST', body: '{"count":40}' });
});

afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

describe('to a screen reader', () => {
  it('every control has a name, and every group of faults names its provider', async () => {
    const { page, close } = await openPage(browser, stack.url);
    await page.locator('#mail tr').first().waitFor({ timeout: 60_000 });
    const tree = await page.locator('body').ariaSnapshot();

    expect(unnamed(tree, ['button', 'radio', 'textbox', 'searchbox', 'combobox', 'link'])).toEqual([]);
    expect(tree).toMatch(/- banner/);
    expect(tree).toMatch(/- main/);
    expect(tree).toMatch(/heading "Mailover" \[level=1\]/);
    for (const heading of ['Send mail', 'Queues', 'Alarms', 'Mail'])
      expect(tree).toContain(`heading "${heading}" [level=2]`);
    for (const { key } of stack.info.providers) {
      expect(tree).toContain(`article "${key}"`);
      expect(tree).toContain(`radiogroup "The simulator of ${key}"`);
    }
    expect(tree.match(/radio "/g)?.length).toBe(8 * stack.info.providers.length);
    expect(tree).toMatch(/columnheader "Waiting"/);
    expect(tree).toMatch(/rowheader "outbound"/);
    // The page has two live regions: one for the state of the stack, and one for the result of the mails that were sent.
    expect(await page.locator('[aria-live], [role=status], [role=alert]').count()).toBe(2);
    await close();
  });

  it('ids are used once, and labels point at something', async () => {
    const { page, close } = await openPage(browser, stack.url);
    const faults = await page.evaluate(() => {
      const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
      const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
      const references = ['for', 'aria-labelledby', 'aria-describedby'].flatMap((name) =>
        [...document.querySelectorAll(`[${name}]`)].map((node) => node.getAttribute(name) ?? ''),
      );
      // The title of the dialog (`reader-title`) exists only after a mail is loaded, so a reference to it is no error.
      return [...twice, ...references.filter((id) => id !== 'reader-title' && document.getElementById(id) === null)];
    });

    expect(faults).toEqual([]);
    await close();
  });
});

it('the target of the skip link is not under the header', async () => {
  const { page, close } = await openPage(browser, stack.url, { width: 390 });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const header = (await page.locator('.bar').boundingBox()) ?? { y: 0, height: 0 };
  const target = await page.locator('#providers-title').boundingBox();

  expect(target?.y).toBeGreaterThanOrEqual(header.y + header.height);
  await close();
});

describe.each(['light', 'dark'] as const)('in %s colours', (scheme) => {
  it('every text has enough contrast', async () => {
    const { page, close } = await openPage(browser, stack.url, { scheme });
    const pairs = [
      ['--text', '--page'],
      ['--text', '--panel'],
      ['--muted', '--page'],
      ['--muted', '--panel'],
      ['--muted', '--raise'],
      ['--accent', '--panel'],
      ['--on-accent', '--accent'],
      ['--good', '--good-soft'],
      ['--good', '--panel'],
      ['--warn', '--warn-soft'],
      ['--warn', '--panel'],
      ['--bad', '--bad-soft'],
      ['--bad', '--panel'],
      ['--panel', '--bad'],
    ] as const;
    const colours = await page.evaluate(
      (names) => {
        const probe = document.body.appendChild(document.createElement('span'));
        return Object.fromEntries(
          names.map((name) => {
            probe.style.color = `var(${name})`;
            return [name, getComputedStyle(probe).color];
          }),
        );
      },
      [...new Set(pairs.flat())],
    );

    // WCAG 2.2, criterion 1.4.3, requires a contrast of at least 4.5 to 1 for text of this size.
    const faint = pairs.filter(([front, back]) => contrast(colours[front] ?? '', colours[back] ?? '') < 4.5);
    expect(faint).toEqual([]);
    await close();
  });

  it.each([1280, 390])('it fits into %i pixels', async (width) => {
    const { page, faults, close } = await openPage(browser, stack.url, { width, scheme });
    await page.locator('canvas').first().waitFor();
    await page.waitForTimeout(3_000);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    await page.screenshot({ path: `${PICTURES}/console-${width}-${scheme}.png`, fullPage: true });

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(faults).toEqual([]);
    await close();
  });
});

/** Returns the lines of the accessibility tree in which an element with one of these roles has no name. */
function unnamed(tree: string, roles: readonly string[]): string[] {
  const lines = tree.split('\n').map((line) => line.trim());
  return lines.filter((line) => roles.some((role) => new RegExp(`^- ${role}(?=[ :]|$)(?! "| /)`).test(line)));
}

function contrast(front: string, back: string): number {
  const [light = 0, dark = 0] = [luminance(front), luminance(back)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
