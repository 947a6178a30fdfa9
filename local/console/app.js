// Everything that comes from mail is written as text, never as markup.
const REFRESH_MS = 1000;
const NEWEST = 50;

const byId = (id) => document.getElementById(id);

async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** Replaces the rows of a table; a cell is a text, or a number for a column of counts. */
function fill(id, rows, empty) {
  const columns = byId(id).closest('table').tHead.rows[0].cells.length;
  const body = rows.map((cells) => {
    const row = document.createElement('tr');
    for (const cell of cells) {
      const element = document.createElement('td');
      element.textContent = String(cell);
      if (typeof cell === 'number') element.className = cell > 0 ? 'count some' : 'count';
      row.append(element);
    }
    return row;
  });
  if (body.length === 0) {
    const row = document.createElement('tr');
    const element = document.createElement('td');
    element.colSpan = columns;
    element.className = 'empty';
    element.textContent = empty;
    row.append(element);
    body.push(row);
  }
  byId(id).replaceChildren(...body);
}

function header(mail, name) {
  return mail.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}

function faultText(fault) {
  const faults = Array.isArray(fault) ? fault : [fault];
  return faults.map((one) => JSON.stringify(one)).join(' ') || 'none';
}

function show(state, text) {
  const element = byId('state');
  if (element.textContent !== text) element.textContent = text;
  element.dataset.state = state;
}

async function refresh() {
  const [stack, queues, accepted] = await Promise.all([
    get('/api/stack'),
    get('/api/queues'),
    get(`/api/accepted?raw=false&limit=${NEWEST}`),
  ]);
  const faults = await Promise.all(
    stack.providers.map(({ key }) => get(`/api/providers/${encodeURIComponent(key)}/fault`)),
  );
  const processes = stack.processes.length;
  show(
    stack.ready ? 'ready' : 'starting',
    stack.ready ? `ready, ${processes} process${processes === 1 ? '' : 'es'}` : 'starting',
  );
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
