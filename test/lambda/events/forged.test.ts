import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromMailgun, fromPostmark, fromSendgrid, givenWorld, mailgunEvent, NOW, sendgridEvent } from './world.ts';

/** Number of forged requests; `npm run test:events-full` sends 100,000. */
const FORGERIES = Number(process.env['MAILOVER_EVENTS_FORGERIES'] ?? 2_000);
const HOUR = 3_600_000;

const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const hex = () => randomBytes(16).toString('hex');
const postmarkEvent = {
  RecordType: 'Delivery',
  MessageID: 'm',
  Recipient: 'ada@example.org',
  DeliveredAt: '2026-11-29',
};

/** Forged requests, each with a wrong key, time, body or path. */
const MAKE = [
  () => fromMailgun(mailgunEvent(hex()), { key: hex() }),
  () => fromMailgun(mailgunEvent(hex()), { key: '' }),
  () => fromMailgun(mailgunEvent(hex()), { at: NOW - 25 * HOUR }),
  () => fromMailgun(mailgunEvent(hex()), { at: NOW + HOUR }),
  () => ({ ...fromMailgun(mailgunEvent(hex())), path: hex() }),
  () => {
    const honest = JSON.parse(fromMailgun(mailgunEvent(hex())).body.toString());
    honest.signature.token = randomBytes(25).toString('hex');
    return { ...fromMailgun({}), body: Buffer.from(JSON.stringify(honest)) };
  },
  () => fromPostmark(postmarkEvent, hex()),
  () => ({ ...fromPostmark(postmarkEvent), headers: {} }),
  () => ({ ...fromPostmark(postmarkEvent), sourceIp: '198.51.100.7' }),
  () => ({ ...fromPostmark(postmarkEvent), path: 'hidden-m' }),
  () => fromSendgrid([sendgridEvent(hex())], { privateKey: foreign }),
  () => ({ ...fromSendgrid([sendgridEvent(hex())]), body: Buffer.from(JSON.stringify([sendgridEvent(hex())])) }),
  () => ({ ...fromSendgrid([sendgridEvent(hex())]), headers: {} }),
  () => ({ ...fromMailgun(mailgunEvent(hex())), key: 'ses' }),
  () => ({ ...fromMailgun(mailgunEvent(hex())), key: hex() }),
];

test(`none of ${FORGERIES} forged events is accepted, and an honest one is afterwards`, {
  timeout: 600_000,
}, async () => {
  const world = givenWorld();
  const honest = fromMailgun(mailgunEvent('honest'));
  expect((await world.post(honest)).status).toBe(200);
  // Makes a request that has the signature of a genuine request, but another body.
  const altered = () => {
    const body = JSON.parse(honest.body.toString());
    return { ...honest, body: Buffer.from(JSON.stringify({ ...body, 'event-data': mailgunEvent(hex()) })) };
  };
  const make = [...MAKE, altered];

  const accepted: number[] = [];
  for (let number = 0; number < FORGERIES; number += 1) {
    const request = make[number % make.length]?.();
    if (request && (await world.post(request)).status < 300) accepted.push(number % make.length);
  }

  expect(accepted).toEqual([]);
  expect(world.queued).toHaveLength(1);
  expect((await world.post(fromMailgun(mailgunEvent('later')))).status).toBe(200);
});
