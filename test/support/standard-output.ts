import { vi } from 'vitest';

/** Captures the lines that this process writes to standard output while `act` runs. */
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
