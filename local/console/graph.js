import uPlot from 'uplot';
import { el, list, setText } from './dom.js';
import { short } from './format.js';
import { color, paint, read } from './palette.js';

const HEIGHT = 132;

/** Builds the graph of a widget. The returned function `update` draws new values. */
export function buildGraph(widget) {
  const plot = el('div', { class: 'plot', 'aria-hidden': 'true' });
  const legend = el('ul', { class: 'legend', 'aria-label': `Latest values of ${widget.title}` });
  const silent = el('p', { class: 'silent' });
  const entries = list(
    legend,
    ({ place }) => place,
    ({ label, place }) => {
      const value = el('b');
      const swatch = el('i');
      swatch.style.background = color(place);
      return {
        node: el('li', {}, swatch, el('span', {}, label), value),
        update: ({ latest }) => setText(value, short(latest)),
      };
    },
  );
  let chart;
  let drawn;
  const draw = () => {
    if (drawn === undefined || plot.clientWidth === 0) return;
    const shown = linesWithData(widget, drawn);
    const signature = `${shown.map(({ place }) => place)} ${plot.clientWidth} ${read('--text')}`;
    const data = dataOf(widget, drawn, shown);
    if (chart?.signature === signature) chart.plot.setData(data);
    else {
      chart?.plot.destroy();
      chart = { signature, plot: new uPlot(optionsOf(widget, shown, plot.clientWidth), data, plot) };
    }
    entries(shown);
    const rest = widget.lines.filter((_, place) => !shown.some((one) => one.place === place));
    setText(silent, silence(rest.map(({ label }) => label)));
  };
  new ResizeObserver(draw).observe(plot);
  return {
    nodes: [plot, legend, silent],
    update(values) {
      drawn = values;
      draw();
    },
  };
}

/**
 * Returns one sentence with the labels of all lines without data. If each of these lines had its own sentence, the sentences
 * would take more space than the graph.
 */
function silence(labels) {
  if (labels.length === 0) return '';
  const rest = labels.length > 5 ? ` and ${labels.length - 4} more` : '';
  return `No data: ${labels.slice(0, rest ? 4 : 5).join(', ')}${rest}`;
}

/** Returns the lines of a widget that have at least one value. */
function linesWithData(widget, drawn) {
  return widget.lines.flatMap(({ label, axis }, place) => {
    const values = drawn[place] ?? [];
    if (values.every((value) => value === null)) return [];
    return [{ place, label, axis, latest: values.at(-1) ?? null }];
  });
}

function dataOf(widget, drawn, shown) {
  const length = drawn[0]?.length ?? 0;
  const minutes = Array.from({ length }, (_, index) => index - length + 1);
  const columns = shown.map(({ place }) => drawn[place]);
  if (!widget.stacked) return [minutes, ...columns];
  // Each line shows the sum of its own values and the values of all lines before it. The highest line is drawn first, so that it
  // does not cover the lines below.
  const sums = new Array(length).fill(0);
  const stacked = columns.map((values, index) =>
    shown[index].axis === 'right'
      ? values
      : values.map((value, minute) => {
          sums[minute] += value ?? 0;
          return sums[minute];
        }),
  );
  return [minutes, ...stacked.toReversed()];
}

function optionsOf(widget, shown, width) {
  const order = widget.stacked ? shown.toReversed() : shown;
  const muted = read('--muted');
  const grid = { stroke: read('--grid'), width: 1 };
  const font = '11px system-ui, sans-serif';
  const axis = { stroke: muted, font, grid, ticks: { show: false } };
  const marks = widget.marks.map(({ value }) => value);
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    padding: [8, 14, 0, 0],
    scales: {
      x: { time: false },
      y: { range: (_, _low, high) => [0, topOf(widget, high, marks)] },
      right: { range: (_, _low, high) => [0, Math.max(1, high * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        grid: { show: false },
        space: 60,
        values: (_, splits) => splits.map((minute) => (minute === 0 ? 'now' : `−${-minute} min`)),
      },
      { ...axis, size: 38, space: 28, values: (_, splits) => splits.map(short) },
      ...(shown.some(({ axis: side }) => side === 'right')
        ? [
            {
              ...axis,
              scale: 'right',
              side: 1,
              size: 38,
              space: 28,
              grid: { show: false },
              values: (_, splits) => splits.map(short),
            },
          ]
        : []),
    ],
    series: [{}, ...order.map(({ place, axis: side }) => seriesOf(widget, place, side))],
    hooks: { draw: [(plot) => drawMarks(plot, marks)] },
  };
}

function seriesOf({ stacked }, place, side) {
  const stroke = paint(place);
  const fills = stacked && side === 'left';
  return {
    stroke,
    width: fills ? 1 : 1.6,
    scale: side === 'right' ? 'right' : 'y',
    // A line needs at least two points. If there are fewer than three points, each of them is also drawn as a dot.
    points: { show: (plot, index) => plot.data[index].filter((value) => value !== null).length < 3, size: 4 },
    spanGaps: false,
    ...(side === 'right' && { dash: [4, 3] }),
    // The areas are opaque. Otherwise the area of a higher line would be visible through the areas of lower lines.
    ...(fills && { fill: stroke }),
  };
}

function topOf({ most }, high, marks) {
  if (most !== undefined) return most;
  return Math.max(1, (high ?? 0) * 1.1, ...marks.map((mark) => (mark < (high ?? 0) * 4 ? mark * 1.15 : 0)));
}

/** Draws the thresholds of alarms as horizontal lines in the graph. */
function drawMarks({ ctx, bbox, valToPos, scales }, marks) {
  ctx.save();
  ctx.strokeStyle = read('--bad');
  ctx.setLineDash([5, 4]);
  for (const mark of marks) {
    if (mark > scales.y.max) continue;
    const y = Math.round(valToPos(mark, 'y', true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
