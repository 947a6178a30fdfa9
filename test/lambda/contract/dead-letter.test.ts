import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiAttribute, DEAD_LETTER_ATTRIBUTE, RETRY_ATTRIBUTE } from '../../../lambda/contract/dead-letter.ts';

describe('asciiAttribute', () => {
  it.each([
    ['plain text', 'plain text'],
    ['Straße 😀', 'Stra?e ?'],
    ['a\r\n\tb\0', 'a b?'],
    ['', '-'],
    ['  ', '-'],
    ['x'.repeat(30), 'x'.repeat(20)],
  ])('makes %j into %j', (text, legal) => {
    expect(asciiAttribute(text, 20)).toBe(legal);
  });

  it('is valid for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (text, max) => {
        const legal = asciiAttribute(text, max);
        expect(legal).toMatch(/^[ -~]+$/);
        expect(legal.length).toBeLessThanOrEqual(max);
      }),
    );
  });
});

it('uses no more than the ten attributes that SQS allows', () => {
  expect(Object.keys(DEAD_LETTER_ATTRIBUTE).length).toBeLessThanOrEqual(10);
  expect(Object.keys(RETRY_ATTRIBUTE).length).toBeLessThanOrEqual(10);
});
