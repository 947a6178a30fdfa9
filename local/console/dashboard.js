import { byId, el, list, setAttribute, setText } from './dom.js';
import { graph } from './graph.js';
import { alarmTitle, short } from './words.js';

const updates = new Map();
const STATES = { OK: 'OK', ALARM: 'alarm', INSUFFICIENT_DATA: 'no data' };

/** Builds the widgets of the layout, row by row in CloudWatch's grid of 24 columns. */
export function buildDashboard({ widgets }) {
  const rows = Map.groupBy(widgets, ({ y }) => y);
  for (const y of [...rows.keys()].toSorted((a, b) => a - b)) {
    const row = el('div', { class: 'row' });
    for (const widget of rows.get(y).toSorted((a, b) => a.x - b.x)) row.append(build(widget));
    byId('dashboard').append(row);
  }
}

function build(widget) {
  const node = el('figure', { class: `widget shows-${widget.kind}` });
  node.style.setProperty('--columns', widget.width);
  if (widget.kind === 'text') {
    node.append(...markdown(widget.markdown));
    return node;
  }
  node.append(el('figcaption', {}, widget.title));
  node.setAttribute('aria-label', widget.title);
  const { nodes, update } = BUILDERS[widget.kind](widget);
  node.append(...nodes);
  if (update) updates.set(widget.id, update);
  return node;
}

const BUILDERS = {
  graph,
  numbers({ lines }) {
    const parts = lines.map(({ label }) => ({ label, value: el('b') }));
    return {
      nodes: [
        el(
          'dl',
          { class: 'numbers' },
          ...parts.map(({ label, value }) => el('div', {}, el('dt', {}, label), el('dd', {}, value))),
        ),
      ],
      update(drawn) {
        for (const [place, { value }] of parts.entries()) setText(value, short(drawn[place]?.at(-1)));
      },
    };
  },
  alarms({ alarms }) {
    const items = el('ul', { class: 'lights' });
    const show = list(
      items,
      (name) => name,
      (name) => {
        const light = el('span', { class: 'light' });
        return {
          node: el('li', {}, light, alarmTitle(name)),
          light,
          update: () => {
            const state = states.get(name);
            setText(light, STATES[state] ?? '–');
            setAttribute(light, 'data-state', state);
          },
        };
      },
    );
    followers.push(() => show(alarms));
    return { nodes: [items] };
  },
  log({ query }) {
    return {
      nodes: [
        el(
          'p',
          { class: 'silent' },
          `A query of Logs Insights, which runs in the account. Here the log is in .local/functions-${location.port}.log.`,
        ),
        el('pre', { tabindex: '0' }, query),
      ],
    };
  },
};

const followers = [];
let states = new Map();

/** Updates the states in alarm widgets. */
export function showAlarmLights({ alarms }) {
  states = new Map(alarms.map(({ name, state }) => [name, state]));
  for (const follow of followers) follow();
}

/** Updates the values of the graphs. */
export function showGraphs({ widgets }) {
  for (const [id, drawn] of Object.entries(widgets)) updates.get(id)?.(drawn);
}

/** Renders Markdown as headings and paragraphs; marks of links and emphasis are removed. */
function markdown(text) {
  return text
    .split(/\n+/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const plain = line.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/[*`]/g, '');
      return plain.startsWith('#') ? el('h3', {}, plain.replace(/^#+\s*/, '')) : el('p', {}, plain);
    });
}
