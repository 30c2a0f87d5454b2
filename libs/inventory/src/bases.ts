import { type ImageSource, recogniseTarget, openImage, type OpenOptions, type ImageTarget } from '@plimsoll/oci';
import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import { type BaseImage, type ConfigurationFinding, Digest, type Inventory } from './model.ts';
import { byWeight } from './checks/check-target.ts';

/** A base image somebody approved: known by its chain of layers, whatever an image says of itself. */
export const KnownBase = z.object({
  name: z.string().min(1).max(512),
  digest: Digest.optional(),
  platform: z.string().max(64).optional(),
  /** Digests of its uncompressed layers, lowest first. */
  layers: z.array(Digest).min(1).max(512),
});
export type KnownBase = z.output<typeof KnownBase>;

/** A file of approved base images. */
export const BaseList = z.object({ version: z.literal(1), bases: z.array(KnownBase).max(10_000) });
export type BaseList = z.output<typeof BaseList>;

/** The base that the image wherever it is would be for others. Its layers are taken from its configuration; they are compared with verified ones. */
export async function knownBaseOf(target: string, options: OpenOptions = {}): Promise<KnownBase> {
  const found = await recogniseTarget(target);
  if (found.kind === 'directory' || found.kind === 'file') throw invalid('base-no-image', `${target} is no image, so it has no layers others could be built on`);
  const image = await openImage(found as ImageTarget, options);
  try {
    return asBase(image);
  } finally {
    await image.close();
  }
}

/** The base that an opened image is for those built on it. Throws Problem `base-empty`. */
export function asBase({ reference, digest, platform, config: { diffIds } }: ImageSource): KnownBase {
  if (diffIds.length === 0) throw invalid('base-empty', `${reference} has no layers`);
  return { name: reference, ...(digest && { digest }), platform, layers: [...diffIds] };
}

/** What the image says it was built on (OCI image-spec annotations.md), in its manifest or, as some builders write it, its labels. A claim. */
export function claimedBase({ annotations, config: { config: { Labels = {} } } }: Pick<ImageSource, 'annotations'> & { readonly config: { readonly config: Partial<ImageSource['config']['config']> } }): BaseImage | undefined {
  const said = (what: string): string | undefined => annotations[`org.opencontainers.image.base.${what}`] ?? Labels[`org.opencontainers.image.base.${what}`];
  const name = said('name')?.slice(0, 512), digest = Digest.safeParse(said('digest')).data;
  return name || digest ? { name: name || digest!, ...(digest && { digest }), told: 'claimed' } : undefined;
}

/** The known base whose whole chain is the lower part of these layers; the longest of several. Layers that nobody verified prove nothing. */
export function findBase({ layers }: Inventory['target'], bases: readonly KnownBase[]): KnownBase | undefined {
  const chain = layers.map(({ diff_id, verified }) => (verified === false ? undefined : diff_id));
  const fitting = bases.filter((base) => base.layers.length <= chain.length && base.layers.every((diffId, i) => chain[i] === diffId));
  return fitting.sort((a, b) => b.layers.length - a.layers.length || (a.name < b.name ? -1 : 1))[0];
}

/**
 * The inventory with every package, secret and finding marked as the base's or the application's. Pure; asked when an inventory is read, because
 * which bases are approved changes and an inventory does not. An image on none of them has a finding that says so.
 */
export function withBase(inventory: Inventory, bases: readonly KnownBase[]): Inventory {
  const { target, packages, secrets, configuration } = inventory;
  if (target.kind !== 'image' || bases.length === 0) return inventory;
  const base = findBase(target, bases);
  if (!base) return { ...inventory, configuration: { ...configuration, findings: [...configuration.findings.filter(({ id }) => id !== notOnBase.id), { ...notOnBase, evidence: [{ what: target.base ? `claims ${target.base.name}` : 'no known chain of layers' }], count: 1 }].sort(byWeight) } };
  const own = new Set(target.layers.slice(0, base.layers.length).map(({ digest }) => digest));
  const isBase = (layer: string | undefined): { base?: boolean } => (layer === undefined ? {} : { base: own.has(layer) });
  return {
    ...inventory,
    target: { ...target, base: { name: base.name, ...(base.digest && { digest: base.digest }), layers: base.layers.length, told: 'registered' } },
    packages: packages.map((one) => ({ ...one, ...isBase(one.layer) })),
    secrets: secrets.map((one) => ({ ...one, ...isBase(one.layer) })),
    configuration: { ...configuration, findings: configuration.findings.filter(({ id }) => id !== notOnBase.id).map((one) => ({ ...one, ...baseOfFinding(one, own) })) },
  };
}

/** Known only where all of its evidence is told and has a layer. */
function baseOfFinding({ evidence, count }: ConfigurationFinding, own: ReadonlySet<string>): { base?: boolean } {
  if (evidence.some(({ layer }) => layer !== undefined && !own.has(layer))) return { base: false };
  return evidence.length === count && evidence.every(({ layer }) => layer !== undefined) ? { base: true } : {};
}

/** A check of its own: only whoever knows the approved bases can tell. */
export const notOnBase = {
  id: 'CIS-DI-0002', severity: 'medium', title: 'The image is built on none of the approved base images',
  why: 'Nobody looks after what it inherits, and fixes of the approved bases do not reach it.',
  fix: 'Rebuild on an approved base, or approve this one: plimsoll bases add.',
} as const;
