import { byId, el, list, setAttribute, setText } from './dom.js';
import { alarmName, alarmTitle, clock } from './format.js';
import { pages } from './verdict.js';

const STATES = { OK: 'OK', ALARM: 'alarm', INSUFFICIENT_DATA: 'no data' };

let definitions = [];
const definitionOf = (name) => definitions.find((one) => one.name === name);

const raised = list(
  byId('raised'),
  ({ name }) => name,
  ({ name }) => {
    const reason = el('p', { class: 'reason' });
    const since = el('span', { class: 'since' });
    const definition = definitionOf(name);
    const urgent = pages(definition);
    const node = el(
      'li',
      { 'data-urgent': urgent, 'data-alarm': name },
      el(
        'p',
        { class: 'name' },
        el('b', {}, alarmTitle(name)),
        el('span', { class: 'severity' }, urgent ? 'page' : 'ticket'),
        since,
      ),
      el('p', {}, definition?.description ?? ''),
      reason,
    );
    return {
      node,
      update(alarm) {
        setText(reason, alarm.reason);
        setText(since, `since ${clock(alarm.since)}`);
      },
    };
  },
);

const changes = list(
  byId('changes'),
  ({ name, at, state }) => `${name} ${at} ${state}`,
  ({ name, at, state }) => ({
    node: el(
      'li',
      {},
      el('time', { datetime: at }, clock(at)),
      el('span', { class: 'light', 'data-state': state }, STATES[state]),
      el('span', {}, alarmTitle(name)),
    ),
  }),
);

const heads = list(
  byId('matrix').tHead.rows[0],
  (text) => text,
  (text) => ({ node: el('th', { scope: 'col' }, text) }),
);
const rows = list(byId('matrix').tBodies[0], ({ title }) => title, matrixRow);

function matrixRow({ title }) {
  const node = el('tr', {}, el('th', { scope: 'row' }, title));
  const cells = new Map();
  return {
    node,
    update({ columns, byColumn }) {
      for (const column of columns) {
        const cell = cells.get(column) ?? node.appendChild(el('td'));
        cells.set(column, cell);
        const alarm = byColumn.get(column);
        setText(cell, alarm ? STATES[alarm.state] : '');
        setAttribute(cell, 'data-state', alarm?.state);
        setAttribute(cell, 'title', alarm?.reason);
      }
    },
  };
}

/**
 * Creates a list of alarms in the element `parent`. Each entry shows the state of an alarm, or '–' for an alarm without a state.
 */
export const alarmLights = (parent) =>
  list(
    parent,
    ({ name }) => name,
    ({ name }) => {
      const light = el('span', { class: 'light' });
      return {
        node: el('li', {}, light, alarmTitle(name)),
        update({ state, reason }) {
          setText(light, STATES[state] ?? '–');
          setAttribute(light, 'data-state', state);
          setAttribute(light, 'title', reason);
        },
      };
    },
  );

const overall = alarmLights(byId('overall'));

/**
 * Shows the raised alarms with their descriptions, the latest changes of alarm states, and the states of all alarms as a table.
 */
export function showAlarms({ alarms, changes: changed, providers }, layout) {
  definitions = layout.alarms;
  const now = alarms.filter(({ state }) => state === 'ALARM');
  // Urgent alarms (alarms that notify the topic for pages) come before all other alarms. In each of the two groups, composite
  // alarms come first.
  const rank = ({ name }) => (pages(definitionOf(name)) ? 0 : 2) + (definitionOf(name)?.kind === 'composite' ? 0 : 1);
  raised(now.toSorted((a, b) => rank(a) - rank(b)));
  byId('quiet').hidden = now.length > 0;
  changes(changed.toReversed());
  byId('unchanged').hidden = changed.length > 0;
  const columns = providers.map(({ key }) => key);
  overall(alarms.filter(({ name }) => alarmName(name).provider === ''));
  heads(['Of each provider', ...columns]);
  const table = new Map();
  for (const alarm of alarms) {
    const { provider, title } = alarmName(alarm.name);
    if (provider === '') continue;
    const row = table.get(title) ?? { title, columns, byColumn: new Map() };
    row.byColumn.set(provider, alarm);
    table.set(title, row);
  }
  rows([...table.values()]);
}
