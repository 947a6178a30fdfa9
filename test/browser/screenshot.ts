import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openStack } from '../support/open-stack.ts';
import { cardOf, openBrowser, openPage } from './browser.ts';

/** File of the picture at the top of README. */
const PICTURE = fileURLToPath(new URL('../../docs/console.png', import.meta.url));

const SUBJECTS = [
  'Your receipt',
  'Reset your password',
  'Your invoice',
  'Your parcel is on its way',
  'Your login code',
];
const PEOPLE = ['ada', 'grace', 'edsger', 'barbara', 'alan'];
let number = 1000;

/** Returns mails of a web shop. Each mail has a number of its own in its id. */
function mails(count: number): object[] {
  return Array.from({ length: count }, () => {
    number += 1;
    const place = number % SUBJECTS.length;
    const to = [`${PEOPLE[place]}@example.org`];
    return {
      version: 1,
      id: `order-${number}`,
      from: 'shop@example.com',
      to,
      subject: SUBJECTS[place],
      text: 'Hello.',
    };
  });
}

// This script sends mail, suspends the account at the simulated Postmark, and takes the picture when the alarm about this account
// is raised.
const stack = await openStack({ timeScale: 60 });
const browser = await openBrowser();
try {
  const { page } = await openPage(browser, stack.stack.url);
  await page.setViewportSize({ width: 1280, height: 1060 });
  for (let minute = 0; minute < 12; minute++) {
    await stack.send(mails(10));
    await pause(1_000);
  }
  await cardOf(page, 'postmark').getByText('account suspended').click();
  for (const end = Date.now() + 60_000; ; ) {
    await stack.send(mails(10));
    await pause(1_000);
    const raised = await stack.raised();
    if (raised.some((name) => name.endsWith('postmark/AccountRefused')) && raised.length >= 3) break;
    if (Date.now() > end) throw new Error(`the alarm is not raised: ${raised.join(', ')}`);
  }
  await page.mouse.move(0, 0);
  await pause(3_000);
  await page.screenshot({ path: PICTURE });
  console.log(`The picture is in ${PICTURE}`);
} finally {
  await browser.close();
  await stack.close();
}
