import { detectPublication, type Publication, publicationOf, publications, type PublicationReading, noRecords, recordsOf } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';
import { jsonLine, note, plural, sayLines } from './terminal.ts';

/** Lines said at once, in UTF-16 units. */
const batch = 64 * 1024;

/** Prints what a feed file becomes, a JSON line for each record, and what it came to on standard error. */
export async function normalize(id: string, file: string): Promise<number> {
  const publication = await publicationFor(id, file), counts = noRecords();
  let lines: string[] = [], size = 0;
  for await (const reading of publication.read(recordsOf(file), counts)) {
    const line = jsonLine(lineOf(reading));
    lines.push(line);
    size += line.length;
    if (size < batch) continue;
    // Whoever reads has enough.
    if (!sayLines(lines)) return 0;
    lines = [];
    size = 0;
  }
  sayLines(lines);
  const kept = Object.entries(counts.problems).map(([code, count]) => `${code} ${count}`).join(', ');
  note(`${publication.id}: ${plural(counts.records, publication.gives.slice(0, -1).replace('advisorie', 'advisory'), publication.gives)}, ${plural(counts.rejected, 'record')} kept aside${kept ? `: ${kept}` : ''}`);
  return 0;
}

async function publicationFor(id: string, file: string): Promise<Publication> {
  if (id === 'auto') {
    const found = await detectPublication(file);
    if (found === undefined) throw new Problem('invalid', `${file} is no feed this program recognises; name its source`, { code: 'feed-unknown' });
    return found;
  }
  const publication = publicationOf(id);
  if (publication !== undefined) return publication;
  const near = publications.filter((one) => one.id.includes(id) || one.title.toLowerCase().includes(id.toLowerCase())).map((one) => one.id);
  throw new Problem('missing', `no source ${id}; ${near.length > 0 ? `did you mean ${near.slice(0, 8).join(', ')}?` : '`plimsoll feeds sources` lists them'}`, { code: 'source-missing' });
}

function lineOf(reading: PublicationReading): object {
  switch (reading.kind) {
    case 'advisory': return reading.advisory;
    case 'enrichment': return reading.enrichment;
    case 'statement': return { key: reading.key, ...reading.statement };
    case 'lifecycle': return reading.lifecycle;
    case 'rejected': return { rejected: { record: reading.record, code: reading.problem.code ?? reading.problem.kind, detail: reading.problem.detail, excerpt: reading.excerpt } };
  }
}
