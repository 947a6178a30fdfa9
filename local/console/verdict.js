import { byId, setAttribute, setText } from './dom.js';
import { alarmTitle, counted } from './words.js';

const node = byId('verdict');

function show(level, text) {
  setAttribute(node, 'data-level', level);
  setText(node, text);
  document.title = level === 'good' ? 'Mailover' : `● ${text} – Mailover`;
}

/** Whether the alarm goes to the page topic. */
export const pages = ({ topics = [] } = {}) => topics.some((topic) => /page/i.test(topic));

/** Shows the state of the stack in one sentence. */
export function showVerdict({ ready, alarms }, layout) {
  if (!ready) return show('unknown', 'The stack is starting');
  const raised = alarms.filter(({ state }) => state === 'ALARM');
  if (raised.length === 0) return show('good', 'Mail is going out, and no alarm is raised');
  const urgent = raised.filter(({ name }) => pages(layout.alarms.find((alarm) => alarm.name === name)));
  const first = urgent[0] ?? raised.find(({ name }) => name.split('/').length === 2) ?? raised[0];
  show(urgent.length > 0 ? 'bad' : 'warn', `${counted(raised.length, 'alarm')} raised – ${alarmTitle(first.name)}`);
}

/** Shows that the stack has ended, or that another program uses its port. */
export function showGone() {
  show('bad', 'The stack does not answer');
}
