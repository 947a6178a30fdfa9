import { byId, setAttribute, setText } from './dom.js';
import { alarmTitle, formatCount, withNoun } from './format.js';

const node = byId('verdict');

function show(level, text) {
  setAttribute(node, 'data-level', level);
  setText(node, text);
  document.title = level === 'good' ? 'Mailover' : `● ${text} – Mailover`;
}

/** Whether the alarm notifies the SNS topic for pages, that is, for urgent alarms. */
export const pages = ({ topics = [] } = {}) => topics.some((topic) => /page/i.test(topic));

/** Shows the state of the stack in the first line of the page and in the title of the browser window. */
export function showVerdict({ ready, alarms }, layout, circuits, counts) {
  setAttribute(document.body, 'data-gone', undefined);
  if (!ready) return show('unknown', 'The stack is starting');
  const raised = alarms.filter(({ state }) => state === 'ALARM');
  const urgent = raised.filter(({ name }) => pages(layout.alarms.find((alarm) => alarm.name === name)));
  const first = urgent[0] ?? raised.find(({ name }) => name.split('/').length === 2) ?? raised[0];
  const skipped = circuits.filter(({ state }) => state !== 'closed').map(({ provider }) => provider);
  const level = urgent.length > 0 ? 'bad' : raised.length > 0 || skipped.length > 0 ? 'warn' : 'good';
  const sentences = [
    mailText(counts),
    skipped.length > 0 && `${skipped.join(', ')} ${skipped.length === 1 ? 'is' : 'are'} skipped`,
    first && `${withNoun(raised.length, 'alarm')} raised: ${alarmTitle(first.name)}`,
  ];
  show(level, sentences.filter(Boolean).join(' · '));
}

function mailText({ recent, accepted, waiting, dead }) {
  if (accepted + waiting + dead === 0) return 'No mail yet';
  const parts = [
    `${formatCount(recent)} accepted in the last five minutes`,
    waiting > 0 && `${formatCount(waiting)} waiting`,
    dead > 0 && withNoun(dead, 'dead letter'),
  ];
  return parts.filter(Boolean).join(', ');
}

/**
 * Shows that the stack does not answer: the stack has ended, or another program uses its port. The rest of the page stays visible
 * in grey.
 */
export function showGone() {
  setAttribute(document.body, 'data-gone', '');
  show('bad', 'The stack does not answer. Start it again with npm start; this page then continues by itself.');
}
