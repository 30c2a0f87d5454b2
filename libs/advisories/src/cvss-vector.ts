import { invalid } from '@plimsoll/problem';
import type { Metrics } from './cvss.ts';

/** A metric's name, its values and whether a vector must have it. The table's order is the specification's. */
export type MetricTable = Readonly<Record<string, { readonly values: readonly string[]; readonly mandatory?: true }>>;

/** Reads `AV:N/AC:L/…`. With `ordered`, metrics must come in the table's order (v4.0 section 7). */
export function readMetrics(text: string, table: MetricTable, options: { ordered?: boolean } = {}): Metrics {
  const names = Object.keys(table);
  const found: Record<string, string> = {};
  let last = -1;
  for (const part of text.split('/')) {
    const [name, value, more] = part.split(':');
    if (name === undefined || value === undefined || more !== undefined) throw invalid('cvss-malformed', `not a metric: '${part}' in ${text}`);
    const metric = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!metric?.values.includes(value)) throw invalid('cvss-metric-unknown', `unknown metric ${part} in ${text}`);
    if (Object.hasOwn(found, name)) throw invalid('cvss-metric-twice', `metric ${name} comes twice in ${text}`);
    const place = names.indexOf(name);
    if (options.ordered && place < last) throw invalid('cvss-metric-order', `metric ${name} is out of order in ${text}`);
    last = place;
    found[name] = value;
  }
  const missing = names.filter((name) => table[name]?.mandatory && !Object.hasOwn(found, name));
  if (missing.length > 0) throw invalid('cvss-metric-missing', `no ${missing.join(', ')} in ${text}`);
  return found;
}

/** The number behind a metric's value. */
export function weight(weights: Readonly<Record<string, number>>, value: string | undefined): number {
  const found = value === undefined || !Object.hasOwn(weights, value) ? undefined : weights[value];
  if (found === undefined) throw invalid('cvss-malformed', `no weight for '${value}'`);
  return found;
}
