import { seriesOf } from '../alarms/math-value.ts';
import { compileQueries, type Queries } from '../alarms/queries.ts';
import type { DataPoints, SeriesSource } from '../metrics/metric.ts';
import { MINUTE_MS } from '../metrics/store.ts';
import type { Widget } from './body.ts';

/** Values of a widget: one list for each line of the widget, with the oldest value first and null for a missing value. */
export type Drawn = readonly (readonly (number | null)[])[];

/** The widgets of the dashboards, after their metrics were parsed. */
export interface Graphs {
  /**
   * Returns the values of each widget, by the id of the widget. A line of a graph has one value for each of the last `minutes`
   * minutes before `now`, and one value for the current minute. A widget that shows numbers has only the value of the current
   * minute. `now` is in epoch milliseconds by the clock of the local stack.
   */
  draw(source: SeriesSource, now: number, minutes: number): Readonly<Record<string, Drawn>>;
}

/**
 * Checks and parses the metrics of widgets. Throws on a metric that the local stack cannot compute.
 *
 * CloudWatch draws one point for each period. Here a graph has one point for each minute; the point covers the whole period that
 * ends with this minute, as in an alarm. Therefore a graph changes every minute.
 */
export function compileGraphs(widgets: readonly Widget[]): Graphs {
  const compiled = new Map<Widget, Queries>();
  for (const widget of widgets) if ('queries' in widget) compiled.set(widget, compileQueries(widget.queries));
  return {
    draw(source, now, minutes) {
      const last = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
      const endings = Array.from({ length: minutes + 1 }, (_, place) => last - (minutes - place) * MINUTE_MS);
      const drawn: Record<string, Drawn> = {};
      for (const [widget, queries] of compiled) {
        if (!('lines' in widget)) continue;
        const moments = widget.kind === 'numbers' ? endings.slice(-1) : endings;
        drawn[widget.id] = widget.lines.map(({ id, periodSeconds }) => {
          const value = queries.values(source, { endings: moments, periodSeconds })(id);
          return plain(seriesOf(value, moments.length)[0] ?? []);
        });
      }
      return drawn;
    },
  };
}

function plain(series: DataPoints): (number | null)[] {
  return series.map((point) => (point === undefined ? null : Number(point.toPrecision(6))));
}
