import { type KnownBase, knownBaseOf } from '@plimsoll/inventory';
import { Problem } from '@plimsoll/problem';
import { basesPath, readBases, writeBases } from './bases-file.ts';
import { type Command, json, type Parsed } from './command.ts';
import { registryOptions, registryOptionsOf, targetOptions } from './index-target.ts';
import { jsonText, plural, say, table } from './terminal.ts';

export const command: Command = {
  usage: 'list | add IMAGE… | remove NAME|DIGEST…',
  about: `The base images this machine knows. An image whose lowest layers are those of one is built on it, and every finding says \`base\` or \`app\`;\nan image on none of them is told so (CIS-DI-0002). Kept in $PLIMSOLL_BASES or ~/.config/plimsoll/bases.json, which may be shared.\n\nIMAGE is whatever \`plimsoll scan\` reads: a reference, oci:DIR:REF, docker-archive:FILE …`,
  options: { json, name: { type: 'string', value: 'NAME', what: 'add: call it so instead of by its reference' }, file: { type: 'string', value: 'FILE', what: 'another list than this machine\'s' }, platform: targetOptions['platform']!, ...registryOptions },
  words: [0, 100],
  async run(parsed) {
    const [verb = 'list', ...names] = parsed.positionals, path = parsed.text('file') ?? basesPath();
    if (!Object.hasOwn(verbs, verb)) throw new Problem('invalid', `no \`bases ${verb}\`; choose from ${Object.keys(verbs).join(', ')}`, { code: 'usage' });
    const bases = await verbs[verb]!(readBases(path), names, parsed);
    if (verb !== 'list') writeBases(path, bases);
    say(parsed.flag('json') ? jsonText({ version: 1, bases }) : shown(bases, path));
    return 0;
  },
};

const verbs: Readonly<Record<string, (bases: readonly KnownBase[], names: readonly string[], parsed: Parsed) => readonly KnownBase[] | Promise<readonly KnownBase[]>>> = {
  list: (bases) => bases,
  async add(bases, names, parsed) {
    const name = parsed.text('name'), platform = parsed.text('platform');
    if (names.length === 0 || (name !== undefined && names.length > 1)) throw new Problem('invalid', 'name an image to add, and only one with --name', { code: 'usage' });
    const added = await Promise.all(names.map(async (one) => ({ ...await knownBaseOf(one, { ...(platform ? { platform } : {}), registry: registryOptionsOf(parsed) }), ...(name && { name }) })));
    return [...bases.filter((base) => !added.some((one) => isSame(one, base))), ...added];
  },
  remove(bases, names) {
    const kept = bases.filter(({ name, digest }) => !names.includes(name) && !(digest && names.includes(digest)));
    if (names.length === 0 || kept.length === bases.length) throw new Problem('missing', `no base ${names.join(', ')}; \`plimsoll bases list\` shows them`, { code: 'base-missing' });
    return kept;
  },
};

/** A base is its chain. One that moved its tag stays known by the old chain too: images are still built on that. */
const isSame = (a: KnownBase, b: KnownBase): boolean => a.layers.join() === b.layers.join();

const shown = (bases: readonly KnownBase[], path: string): string => bases.length === 0
  ? `No base images are known (${path}). Add one: plimsoll bases add debian:12-slim`
  : table([{ title: 'Base', gives: true }, { title: 'Platform' }, { title: 'Layers', align: 'right' }, { title: 'Digest' }], bases.map(({ name, platform = '', layers, digest }) => [name, platform, plural(layers.length, 'layer'), digest?.slice(7, 19) ?? '']));
