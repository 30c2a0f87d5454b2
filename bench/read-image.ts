// Reads every layer of an image as the scanner does: one worker per core takes the largest layer left.
// node --conditions=@plimsoll/source read-image.ts TARGET [--workers N] [--walk] [--platform P]
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { compressionOf, type FileLayerInput, type LayerInput, openImage, readLayer, recogniseTarget, type Visitor, walkLayer } from '@plimsoll/oci';

// The files package managers and languages leave behind: what a scanner wants of a layer.
const wantedNames: ReadonlySet<string> = new Set(['package.json', 'package-lock.json', 'yarn.lock', 'METADATA', 'PKG-INFO', 'go.mod', 'Cargo.lock', 'os-release', 'status', 'installed', 'rpmdb.sqlite']);
const isWanted = (path: string): boolean => wantedNames.has(path.slice(path.lastIndexOf('/') + 1)) || path.endsWith('.jar') || path.endsWith('.gemspec');

interface Work { readonly inputs: readonly LayerInput[]; readonly next: SharedArrayBuffer; readonly walk: boolean }
interface Sum { readonly layers: number; readonly entries: number; readonly files: number; readonly fileBytes: number; readonly bytes: number; readonly problems: number }

if (isMainThread) await main();
else parentPort!.postMessage(await readShare(workerData as Work));

async function main(): Promise<void> {
  const [text = '', ...flags] = process.argv.slice(2);
  const workers = Number(flags[flags.indexOf('--workers') + 1] ?? 0) || availableParallelism();
  const target = await recogniseTarget(text);
  if (target.kind === 'directory' || target.kind === 'file') throw new Error(`${text} is no image`);
  const image = await openImage(target);
  const inputs = image.layers.map((_, i) => image.layerInput(i)).sort((a, b) => b.size - a.size);
  const work: Work = { inputs, next: new SharedArrayBuffer(4), walk: flags.includes('--walk') };
  const shares = workers === 1 ? [await readShare(work)] : await Promise.all(Array.from({ length: workers }, () => inWorker(work)));
  await image.close();
  const sum = shares.reduce((a, b) => ({ layers: a.layers + b.layers, entries: a.entries + b.entries, files: a.files + b.files, fileBytes: a.fileBytes + b.fileBytes, bytes: a.bytes + b.bytes, problems: a.problems + b.problems }));
  console.log(JSON.stringify({ ...sum, rss: process.resourceUsage().maxRSS * 1024 }));
}

function inWorker(work: Work): Promise<Sum> {
  return new Promise((done, fail) => {
    // A worker makes few objects; V8's default would let each fill 48 MB with young ones first.
    new Worker(new URL(import.meta.url), { workerData: work, resourceLimits: { maxYoungGenerationSizeMb: 4 } }).on('message', done).on('error', fail);
  });
}

async function readShare({ inputs, next, walk }: Work): Promise<Sum> {
  const counter = new Int32Array(next);
  let layers = 0, entries = 0, files = 0, fileBytes = 0, bytes = 0, problems = 0;
  const visitor: Visitor = {
    wants: ({ path }) => isWanted(path),
    file(_entry, content) { files++; fileBytes += content.length; },
    linked() {},
  };
  for (let i = Atomics.add(counter, 0, 1); i < inputs.length; i = Atomics.add(counter, 0, 1)) {
    const input = inputs[i]!;
    const reading = walk && input.kind === 'file' && compressionOf(input.mediaType) === 'none' ? await walkLayer(input as FileLayerInput, visitor) : await readLayer(input, visitor);
    layers++;
    entries += reading.entries;
    problems += reading.problems.length;
    if ('uncompressedSize' in reading) bytes += reading.uncompressedSize as number;
  }
  return { layers, entries, files, fileBytes, bytes, problems };
}
