import type { Defects } from './defect.ts';

/** Defects in the code that handles delivery events (delivery, bounce, complaint). */
export const events: Defects = {
  'events are answered before they are written': {
    foundAs: ['wrong delivery state', 'event lost'],
    lists: (lists) => ({ ...lists, add: async (item) => void lists.add(item).catch(() => undefined) }),
  },
  'the newest event of a recipient replaces the others': {
    foundAs: ['wrong delivery state'],
    lists: (lists) => ({
      list: (pk) => lists.list(pk),
      add: async (item) => {
        const others = (await lists.list(item.pk)).filter((one) => one.sk !== item.sk);
        const isFirst = !others.some((one) => one.sk.split('/')[0] === item.sk.split('/')[0]);
        if (isFirst) await lists.add(item);
      },
    }),
  },
  'events are no evidence': {
    foundAs: ['evidence ignored'],
    ports: (ports) => ({ ...ports, evidence: async () => new Map() }),
  },
  'an event that is in the list is put there under another recipient': {
    foundAs: ['wrong delivery state'],
    lists: (lists) => ({ ...lists, add: (item) => lists.add({ ...item, sk: item.sk.replace(/^[^/]*/, '') }) }),
  },
};
