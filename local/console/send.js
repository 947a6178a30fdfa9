import { call } from './api.js';
import { byId, el, list, setText } from './dom.js';
import { formatCount } from './format.js';
import { color } from './palette.js';

let batch;

/**
 * Returns the prefix of the ids of the mails in the page's last batch; undefined if the page has sent no batch yet, or if sending
 * the last batch failed. Requests about these mails need the prefix.
 */
export const sentBatch = () => batch?.batch;

const shares = list(
  byId('shares'),
  ([key]) => key,
  ([key, , place]) => {
    const node = el('span', { title: key });
    node.style.background = color(place);
    return {
      node,
      update: ([, mails]) => {
        node.style.flexGrow = String(mails);
        node.hidden = mails === 0;
      },
    };
  },
);

async function send(mails) {
  setText(byId('sent'), 'Putting the mail on the queue …');
  try {
    batch = await call('POST', '/api/console/mail', mails);
    setText(byId('sent'), `${formatCount(batch.count)} on the queue.`);
  } catch (error) {
    batch = undefined;
    setText(byId('sent'), error.message);
  }
}

byId('send-many').addEventListener('click', () => void send({ count: 100 }));
byId('send').addEventListener('submit', (event) => {
  event.preventDefault();
  void send({ count: 1, to: byId('to').value, subject: byId('subject').value });
});

/** Shows how many mails of the last batch each provider has accepted. */
export function showSent({ accepted, providers }) {
  if (batch === undefined || accepted.batch === undefined) return;
  const acceptedBy = providers.map(({ key }, place) => [key, accepted.batch[key] ?? 0, place]);
  const total = acceptedBy.reduce((sum, [, mails]) => sum + mails, 0);
  const open = Math.max(0, batch.count - total);
  const by = acceptedBy.filter(([, mails]) => mails > 0).map(([key, mails]) => `${formatCount(mails)} by ${key}`);
  const rest = open === 0 ? '' : ` – ${formatCount(open)} not yet`;
  setText(
    byId('sent'),
    `Of ${formatCount(batch.count)} sent: ${by.length === 0 ? 'none accepted' : by.join(', ')}${rest}`,
  );
  shares([...acceptedBy, ['not yet', open, -1]]);
}
