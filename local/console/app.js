import { showAlarms } from './alarms.js';
import { get } from './api.js';
import { buildDashboard, showAlarmLights, showGraphs } from './dashboard.js';
import { byId, pairs } from './dom.js';
import { showProviders } from './providers.js';
import { mailCounts, showQueues } from './queues.js';
import { showReceived } from './received.js';
import { sentBatch, showSent } from './send.js';
import { showSubmissions } from './submissions.js';
import { showTime } from './time.js';
import { showGone, showVerdict } from './verdict.js';

const STATE_MS = 1000;
const GRAPHS_MS = 2000;

let layout;
let circuits = [];

/** When the stack is ready, draws the parts of the page that do not change afterwards. */
async function arrange() {
  const stack = await get('/api/stack');
  if (!stack.ready) return;
  layout = await get('/api/console/layout');
  buildDashboard(layout);
  byId('receiving').hidden = stack.queues.inbound === undefined;
  const facts = [
    ['Stage', stageText(layout.deployedStage)],
    ['Outbound queue', stack.queues.outbound],
    ['SQS and S3', stack.endpoints.aws],
    ['HTTP API', stack.endpoints.http],
    ['DynamoDB', stack.endpoints.dynamodb],
    ['Mail bucket', stack.buckets.mail],
    ...stack.providers.map(({ key, url }) => [key, url]),
  ];
  byId('facts').replaceChildren(pairs({}, facts));
}

const STAGES = {
  sandbox: 'sandbox, no mail is delivered',
  redirect: 'redirect, all mail goes to one address',
  live: 'live, mail goes to its recipients',
};

/** Returns a text with the stage of this local stack, and the stage of a deployment of the same app to AWS. */
function stageText(deployed) {
  const here = 'local, like live but with simulated providers';
  return deployed in STAGES ? `${here}; when deployed: ${STAGES[deployed]}` : here;
}

async function refresh() {
  const batch = sentBatch();
  // The list of submissions needs only the answer of its own request. Therefore the list is shown as soon as this answer has
  // arrived.
  const [state, latest] = await Promise.all([
    get(`/api/console/state${batch === undefined ? '' : `?batch=${encodeURIComponent(batch)}`}`),
    get('/api/circuits').catch(() => []),
    showSubmissions(circuits),
    layout === undefined && arrange(),
  ]);
  circuits = latest;
  showTime(state);
  if (layout === undefined) return showVerdict(state, { alarms: [] }, [], mailCounts(state));
  showVerdict(state, layout, circuits, mailCounts(state));
  showSent(state);
  showQueues(state);
  showProviders(state, circuits, layout, () => void refresh());
  showAlarms(state, layout);
  showAlarmLights(state);
  if (!byId('receiving').hidden) await showReceived();
}

async function drawGraphs() {
  if (layout !== undefined) showGraphs(await get(`/api/console/graphs?minutes=${byId('minutes').value}`));
}

/**
 * Calls `work` repeatedly while the page is visible, each time `pauseMs` milliseconds after the previous call has ended. Also
 * calls `work` when the page becomes visible or hidden.
 */
function repeat(work, pauseMs, onFailure) {
  const once = async () => {
    try {
      if (!document.hidden) await work();
    } catch (error) {
      onFailure(error);
    }
    setTimeout(once, pauseMs);
  };
  void once();
  document.addEventListener('visibilitychange', () => void work().catch(onFailure));
}

byId('minutes').addEventListener('change', () => void drawGraphs());
repeat(refresh, STATE_MS, (error) => {
  console.warn(error);
  showGone();
});
repeat(drawGraphs, GRAPHS_MS, () => {});
