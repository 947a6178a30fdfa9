import { expect, it } from 'vitest';
import { askJson } from '../../../lambda/providers/missed.ts';

it('cuts an answer without end, before it fills the memory', async () => {
  let written = 0;
  const body = new ReadableStream({
    pull(controller) {
      written += 1_000_000;
      if (written > 500_000_000) controller.close();
      else controller.enqueue(Buffer.alloc(1_000_000, ' '));
    },
  });

  await expect(askJson({ fetch: async () => new Response(body) }, 'https://api.example.com', {})).rejects.toThrow(
    'the provider answered 200 with a body that is too large',
  );

  expect(written).toBeLessThan(100_000_000);
});
