import { alarmLights } from './alarms.js';
import { byId, el, pairs, setText } from './dom.js';
import { short } from './format.js';
import { buildGraph } from './graph.js';

const updates = new Map();

/** Builds the widgets of the dashboard, row by row, in CloudWatch's grid of 24 columns. */
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
  graph: buildGraph,
  numbers({ lines }) {
    const parts = lines.map(({ label }) => ({ label, value: el('b') }));
    return {
      nodes: [
        pairs(
          { class: 'numbers' },
          parts.map(({ label, value }) => [label, value]),
        ),
      ],
      update(drawn) {
        for (const [place, { value }] of parts.entries()) setText(value, short(drawn[place]?.at(-1)));
      },
    };
  },
  alarms({ alarms }) {
    const items = el('ul', { class: 'lights' });
    const show = alarmLights(items);
    stateListeners.push((states) => show(alarms.map((name) => ({ name, state: states.get(name) }))));
    return { nodes: [items] };
  },
  log({ query }) {
    return {
      nodes: [
        el(
          'p',
          { class: 'silent' },
          `A query of Logs Insights, which runs in an AWS account only. The log of this stack is .local/functions-${location.port}.log.`,
        ),
        el('pre', { tabindex: '0' }, query),
      ],
    };
  },
};

const stateListeners = [];

/** Shows the current states of the alarms in the alarm widgets. */
export function showAlarmLights({ alarms }) {
  const states = new Map(alarms.map(({ name, state }) => [name, state]));
  for (const listener of stateListeners) listener(states);
}

/** Shows the current values in the graphs and number widgets. */
export function showGraphs({ widgets }) {
  for (const [id, drawn] of Object.entries(widgets)) updates.get(id)?.(drawn);
}

/** Converts Markdown to headings and paragraphs. Links and emphasis become plain text. */
function markdown(text) {
  return text
    .split(/\n+/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const plain = line.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/[*`]/g, '');
      return plain.startsWith('#') ? el('h3', {}, plain.replace(/^#+\s*/, '')) : el('p', {}, plain);
    });
}
