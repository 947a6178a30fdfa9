import { vi } from 'vitest';

/** The lines that this process writes on standard output while `act` runs; they are not shown. */
export async function linesOf(act: () => unknown): Promise<string[]> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await act();
  } finally {
    spy.mockRestore();
  }
  return text.split('\n').filter((line) => line !== '');
}
