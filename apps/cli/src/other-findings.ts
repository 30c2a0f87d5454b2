import type { ConfigurationFinding, Secret } from '@plimsoll/inventory';
import { paint, plural, table, width, wrap } from './terminal.ts';

const most = 12;
const colours = { critical: ['bold', 'red'], high: 'red', medium: 'yellow', low: 'blue' } as const;
type Weight = keyof typeof colours;

/** Secrets of a target, the worst first; nothing when there are none. */
export function secretLines(secrets: readonly Secret[], fit = width()): string[] {
  if (secrets.length === 0) return [];
  const rows = secrets.slice(0, most).map(({ severity, title, match, place, path, line, deleted, base }) =>
    [severity, title, match, `${place === 'file' ? `${path}${line ? `:${line}` : ''}` : place === 'history' ? `history, step ${line}` : `${place} ${path}`}${deleted ? ' (deleted)' : ''}${base ? ' (base)' : ''}`]);
  return [section(plural(secrets.length, 'secret'), secrets, fit), table([{ title: 'Severity' }, { title: 'Secret', gives: true }, { title: 'Shown' }, { title: 'Where', gives: true }], rows, painted(rows), fit), ...more(secrets.length), ''];
}

/** What is wrong with the configuration, the worst first; nothing when all is well. */
export function configurationLines(findings: readonly ConfigurationFinding[], fit = width()): string[] {
  if (findings.length === 0) return [];
  const rows = findings.slice(0, most).map(({ severity, id, title, evidence, count, base }) => [severity, id, `${title}${base ? ' (base)' : ''}`, `${evidence[0]?.what ?? ''}${count > 1 ? ` +${count - 1}` : ''}`]);
  return [section(plural(findings.length, 'problem of the configuration', 'problems of the configuration'), findings, fit), table([{ title: 'Severity' }, { title: 'Check' }, { title: 'Problem', gives: true }, { title: 'Seen by', gives: true }], rows, painted(rows), fit), ...more(findings.length), ''];
}

function section(what: string, all: readonly { severity: Weight }[], fit: number | undefined): string {
  const counts = (Object.keys(colours) as Weight[]).flatMap((severity) => {
    const count = all.filter((one) => one.severity === severity).length;
    return count ? [paint(colours[severity] as never, `${count} ${severity}`)] : [];
  });
  return wrap(`${paint('bold', what)}: ${counts.join(', ')}`, ' ', fit);
}

const more = (count: number): string[] => (count > most ? [paint('dim', ` … and ${count - most} more; --json lists all, with why and how to fix`)] : []);
const painted = (rows: readonly (readonly string[])[]) => (cell: string, column: number, row: number): string =>
  column === 0 ? paint(colours[rows[row]![0] as Weight] as never, cell) : column === 1 ? paint('bold', cell) : cell;
