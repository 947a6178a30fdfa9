import { byId, el, list, setAttribute, setText } from './dom.js';
import { formatCount } from './format.js';

const rows = list(
  byId('queues'),
  ({ name }) => name,
  ({ name }) => {
    const cells = ['visible', 'inFlight', 'delayed'].map((field) => [field, el('td')]);
    const node = el(
      'tr',
      {},
      el('th', { scope: 'row' }, name.replace(/^mailover-/, '')),
      ...cells.map(([, cell]) => cell),
    );
    return {
      node,
      update(queue) {
        for (const [field, cell] of cells) {
          setText(cell, formatCount(queue[field]));
          setAttribute(cell, 'data-some', queue[field] > 0 ? '' : undefined);
        }
      },
    };
  },
);

// Whether a queue contains mail that is still to be sent. Any other queue contains dead letters, or messages for the application.
const isMail = ({ name }) => /-(outbound|retry-.+)$/.test(name);
const order = ({ name }) => (name.endsWith('-outbound') ? 0 : isMail({ name }) ? 1 : 2);

const total = (queues) => queues.reduce((sum, queue) => sum + queue.visible + queue.inFlight + queue.delayed, 0);

/**
 * Returns the numbers of mails that wait to be sent, of dead letters, of mails that were accepted in the last five minutes by the
 * clock of the local stack (which may run faster than real time), and of all accepted mails.
 */
export const mailCounts = ({ queues, accepted }) => ({
  waiting: total(queues.filter(isMail)),
  dead: total(queues.filter(({ name }) => name.endsWith('-dead-letter'))),
  recent: accepted.recent,
  accepted: Object.values(accepted.counts).reduce((sum, mails) => sum + mails, 0),
});

/** Shows the message counts of the queues, and the total number of mails that are still to be sent. */
export function showQueues(state) {
  const { queues } = state;
  const { waiting } = mailCounts(state);
  setText(byId('waiting'), formatCount(waiting));
  setText(byId('waiting-words'), `${waiting === 1 ? 'mail waits' : 'mails wait'} to be sent`);
  rows(queues.toSorted((a, b) => order(a) - order(b)));
}
