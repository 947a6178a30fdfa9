import type { Seams } from '../../../chaos/releases/process.ts';
import type { ClassGuard } from '../../../lambda/reputation/class-guard.ts';
import type { Defects } from './defect.ts';

/** Changes the guard in each process. The guard tells the process whether a class of mail is paused. */
function guards(change: (guard: ClassGuard) => Partial<ClassGuard>): Seams {
  return { ports: (ports) => ({ ...ports, classes: { ...ports.classes, ...change(ports.classes) } }) };
}

/** Defects in the code that pauses a class of mail. */
export const pauses: Defects = {
  'a paused class goes on sending': {
    foundAs: ['sent while paused'],
    ...guards(() => ({ isPaused: async () => false })),
  },
  'a pause stops other classes': {
    foundAs: ['stopped by a pause'],
    ...guards((guard) => ({ isPaused: () => guard.isPaused('offers') })),
  },
  'a process never learns of a release': {
    foundAs: ['late after a pause', 'late in the scripted phase'],
    ...guards((guard) => {
      const paused = new Set<string>();
      return {
        isPaused: async (name) => {
          if (await guard.isPaused(name)) paused.add(name);
          return paused.has(name);
        },
      };
    }),
  },
  'mail of classes is not counted': {
    foundAs: ['sent while paused'],
    ...guards(() => ({ count: () => undefined })),
  },
  'bounces of classes are not noted': {
    foundAs: ['sent while paused'],
    lists: (lists) => ({
      ...lists,
      add: async (item) => (item.pk.startsWith('classes/') ? undefined : lists.add(item)),
    }),
  },
};
