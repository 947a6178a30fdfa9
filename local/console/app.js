// Everything that comes from mail is written as text, never as markup.
const REFRESH_MS = 1000;
const NEWEST = 50;
const NO_FAULT = 'none';

const byId = (id) => document.getElementById(id);

async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

const shown = new Map();

/** Replaces the rows of a table; a cell is a text, or a number for a column of counts. */
function fill(id, rows, empty) {
  // What has not changed stays as it is, so that a selection in it survives.
  const now = JSON.stringify(rows);
  if (shown.get(id) === now) return;
  shown.set(id, now);
  const heads = [...byId(id).closest('table').tHead.rows[0].cells];
  const body = rows.map((cells) => {
    const row = document.createElement('tr');
    cells.forEach((cell, place) => {
      const head = heads[place];
      const element = document.createElement(head.hasAttribute('data-name') ? 'th' : 'td');
      if (element.tagName === 'TH') element.scope = 'row';
      element.textContent = String(cell);
      element.dataset.label = head.textContent;
      element.className = head.className;
      if (typeof cell === 'number' && cell > 0) element.classList.add('some');
      if (cell === NO_FAULT) element.classList.add('muted');
      row.append(element);
    });
    return row;
  });
  if (body.length === 0) {
    const row = document.createElement('tr');
    const element = document.createElement('td');
    element.colSpan = heads.length;
    element.className = 'muted';
    element.textContent = empty;
    row.append(element);
    body.push(row);
  }
  byId(id).replaceChildren(...body);
}

function header(mail, name) {
  return mail.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}

/** The faults as they were set, and how often they struck. */
function faultText(fault) {
  const faults = (Array.isArray(fault) ? fault : [fault]).filter(Boolean);
  return faults.map(({ hits, ...one }) => `${JSON.stringify(one)} struck ${hits}×`).join('\n') || NO_FAULT;
}

function show(state, text) {
  const element = byId('state');
  if (element.textContent !== text) element.textContent = text;
  element.dataset.state = state;
}

async function refresh() {
  const [stack, queues, accepted, awsFault] = await Promise.all([
    get('/api/stack'),
    get('/api/queues'),
    get(`/api/accepted?raw=false&limit=${NEWEST}`),
    get('/api/aws/fault'),
  ]);
  const faults = await Promise.all(
    stack.providers.map(({ key }) => get(`/api/providers/${encodeURIComponent(key)}/fault`)),
  );
  const processes = stack.processes.length;
  show(
    stack.ready ? 'ready' : 'starting',
    stack.ready ? `ready, ${processes} process${processes === 1 ? '' : 'es'}` : 'starting',
  );
  byId('outbound').textContent = stack.queues.outbound ?? '–';
  byId('aws').textContent = stack.endpoints.aws;
  byId('bucket').textContent = stack.buckets.mail ?? '–';
  byId('aws-fault').textContent = faultText(awsFault);
  fill(
    'providers',
    stack.providers.map(({ key, type, url }, index) => [key, type, url, faultText(faults[index])]),
    'No provider yet.',
  );
  fill(
    'queues',
    queues.map(({ name, visible, inFlight, delayed }) => [name, visible, inFlight, delayed]),
    'No queue yet.',
  );
  fill(
    'accepted',
    accepted
      .reverse()
      .map((mail) => [
        new Date(mail.at).toLocaleTimeString(),
        mail.provider,
        mail.submissionId ?? '',
        mail.envelope.from,
        mail.envelope.to.join(', '),
        header(mail, 'subject'),
      ]),
    'No mail yet.',
  );
}

async function run() {
  try {
    if (!document.hidden) await refresh();
  } catch {
    show('gone', 'the stack does not answer');
  }
  setTimeout(run, REFRESH_MS);
}

void run();
