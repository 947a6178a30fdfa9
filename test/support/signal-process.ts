/**
 * Sends a signal to a process of the local stack. Returns false if the process has ended since it was listed; the local stack ends
 * idle processes at any time.
 */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
