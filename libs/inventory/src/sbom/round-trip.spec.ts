import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { recogniseTarget } from '@plimsoll/oci';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { indexTarget } from '../index-image.ts';
import { LayerPool } from '../layer-pool.ts';
import type { Inventory, OperatingSystem, Package, PackageType } from '../model.ts';
import { packagePurl } from '../package-purl.ts';
import { fromSbom, toCycloneDx, toSpdx } from './index.ts';
import { licenceIds } from './licence-ids.ts';
import { spdx23 } from '../testing/spdx-2.3.ts';

const images = '../shared/data/images', cycloneDxSchemas = '../shared/oracles/sbom-vex/cyclonedx/schema', spdxSchema = '../shared/oracles/sbom-vex/spdx/spdx-schema-2.3.json';
const because = (...paths: string[]): string => { const absent = paths.filter((path) => !existsSync(path)); return absent.length ? ` (skipped: ${absent.join(', ')} absent)` : ''; };
const options = { now: new Date('2026-01-02T03:04:05.678Z'), tool: { name: 'plimsoll', version: '1.2.3' } };
const writers = { CycloneDX: toCycloneDx, SPDX: toSpdx };
const bytesOf = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));

const targets = [
  'docker-archive:FOLDER/alpine-3.15.0.docker-archive.tar.gz', 'oci-archive:FOLDER/alpine-edge-20240923-multiarch.oci.tar',
  'oci-archive:FOLDER/debian11-and-acme-storefront.oci.tar:debian:11.11-slim', 'oci-archive:FOLDER/debian11-and-acme-storefront.oci.tar:acme/storefront:1.4.2',
  ...['debian12-nginx:trimmed', 'distroless-style/cc-debian12:12.15', 'ubuntu:20.04-trimmed', 'almalinux:9.1-micro', 'mariner:2.0-rpmdb-only', 'sles:15.3-ndb-only', 'busybox:glibc'].map((ref) => `oci-archive:FOLDER/misc-7-images.oci.tar:${ref}`),
];

function cycloneDxValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // The licence list and the signature format are documents of their own. Formats of ajv-formats lack these two.
  for (const format of ['iri-reference', 'idn-email']) ajv.addFormat(format, true);
  const read = (name: string): object => JSON.parse(readFileSync(`${cycloneDxSchemas}/${name}`, 'utf8'));
  ajv.addSchema([read('spdx.schema.json'), read('jsf-0.82.schema.json')]);
  return ajv.compile(read('bom-1.6.schema.json'));
}

function spdxValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  return ajv.compile(JSON.parse(readFileSync(spdxSchema, 'utf8')) as object);
}

describe.skipIf(!existsSync(images))(`every image of ../shared/data${because(images)}`, () => {
  const pool = new LayerPool(2), known = new Map<string, Promise<Inventory>>();
  afterAll(() => pool.close());
  const inventoryOf = (target: string): Promise<Inventory> => {
    if (!known.has(target)) known.set(target, recogniseTarget(target.replace('FOLDER', images)).then((found) => indexTarget(found, { pool, ...(target.includes('multiarch') && { platform: 'linux/amd64' }) })));
    return known.get(target)!;
  };

  it.each(targets.flatMap((target) => Object.keys(writers).map((format) => [target.split('/').slice(1).join('/'), format, target])))('%s survives %s', async (_name, format, target) => {
    const inventory = await inventoryOf(target!);
    expect(fromSbom(bytesOf(writers[format as keyof typeof writers](inventory, options)))).toEqual(inventory);
  }, 60_000);

  it.skipIf(!existsSync(cycloneDxSchemas)).each(targets)(`%s is valid CycloneDX 1.6${because(cycloneDxSchemas)}`, async (target) => {
    const validate = cycloneDxValidator();
    validate(toCycloneDx(await inventoryOf(target), options));
    expect(validate.errors).toBeNull();
  }, 60_000);

  it.each(targets)('%s is an SPDX 2.3 document by the specification', async (target) => { spdx23.parse(JSON.parse(bytesOf(toSpdx(await inventoryOf(target), options)).toString())); }, 60_000);

  it.skipIf(!existsSync(spdxSchema)).each(targets)(`%s is valid SPDX 2.3${because(spdxSchema)}`, async (target) => {
    const validate = spdxValidator();
    validate(toSpdx(await inventoryOf(target), options));
    expect(validate.errors).toBeNull();
  }, 60_000);
});

it.skipIf(!existsSync(cycloneDxSchemas))(`the licence list is that of the schema${because(cycloneDxSchemas)}`, () => {
  const { enum: ids } = JSON.parse(readFileSync(`${cycloneDxSchemas}/spdx.schema.json`, 'utf8')) as { enum: string[] };
  expect([...licenceIds].sort()).toEqual([...ids].sort());
});

describe('any inventory', () => {
  const text = fc.oneof(fc.string({ minLength: 1, maxLength: 12 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 })).filter((one) => one.trim() !== '');
  const word = fc.stringMatching(/^[a-z][a-z0-9.+-]{0,10}$/);
  const severity = fc.constantFrom('critical' as const, 'low' as const);
  const version = fc.stringMatching(/^(?:[1-9]:)?[0-9][A-Za-z0-9.+~_-]{0,10}$/);
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);
  const licence = fc.oneof(fc.constantFrom('MIT', 'GPL-2.0-or-later WITH Classpath-exception-2.0', 'MIT OR Apache-2.0', '(MIT AND ISC)', 'GPL-2+ and BSD', 'NOASSERTION.', 'LicenseRef-mine'), text);
  const names: Partial<Record<PackageType, fc.Arbitrary<string>>> = {
    maven: fc.tuple(word, word).map((parts) => parts.join(':')), npm: fc.oneof(word, fc.tuple(word, word).map(([scope, name]) => `@${scope}/${name}`)),
    golang: fc.tuple(word, word, word).map(([host, owner, name]) => `${host}/${owner.toUpperCase()}/${name}`), cocoapods: fc.tuple(word, word).map((parts) => parts.join('/')),
  };
  const os = fc.option(fc.record({ id: fc.constantFrom('debian', 'rhel', 'sles', 'alpine', 'amzn'), name: text, version_id: version, codename: word, id_like: fc.array(word, { minLength: 1, maxLength: 2 }) }, { requiredKeys: ['id', 'name'] }));
  const packageOf = (system: OperatingSystem | null): fc.Arbitrary<Package> => fc.constantFrom<PackageType>('deb', 'apk', 'rpm', 'npm', 'pypi', 'golang', 'maven', 'cocoapods', 'generic', 'nuget').chain((type) => fc.record({
    type: fc.constant(type), name: names[type] ?? word, version: fc.oneof(version, fc.constant('')), arch: word,
    source: fc.record({ name: word, version: fc.oneof(version, fc.constant('')) }), vendor: text, module: word, layer: digest, owner: fc.constant('pkg:deb/debian/owner@1'), base: fc.boolean(),
    locations: fc.uniqueArray(fc.record({ path: text, layer: digest }, { requiredKeys: ['path'] }), { maxLength: 3, selector: ({ path, layer }) => `${path}\0${layer}` }),
    licences: fc.array(licence, { maxLength: 3 }),
  }, { requiredKeys: ['type', 'name', 'version', 'locations', 'licences'] }).map((one) => ({ purl: packagePurl(one, system), ...one })));
  const inventory: fc.Arbitrary<Inventory> = os.chain((system) => fc.record({
    target: fc.record({
      kind: fc.constantFrom('image', 'filesystem', 'file', 'sbom'), reference: fc.string(), digest, platform: word,
      layers: fc.array(fc.record({ digest, diff_id: digest, size: fc.nat(), media_type: word, created_by: text }, { requiredKeys: ['digest', 'size'] }), { maxLength: 3 }),
    }, { requiredKeys: ['kind', 'reference', 'layers'] }),
    os: fc.constant(system),
    packages: fc.uniqueArray(packageOf(system), { maxLength: 8, selector: ({ type, name, version: of, arch, owner }) => JSON.stringify([type, name, of, arch, owner]) }),
    configuration: fc.record({ user: text, exposed_ports: fc.array(text), entrypoint: fc.array(text), labels: fc.dictionary(word, text), created: text, findings: fc.array(fc.record({ id: word, severity, title: text, why: text, fix: text, evidence: fc.array(fc.record({ what: text }), { maxLength: 2 }), count: fc.integer({ min: 1, max: 9 }) }), { maxLength: 2 }) }, { requiredKeys: ['findings'] }),
    secrets: fc.array(fc.record({ rule: word, title: text, severity, place: fc.constantFrom('file' as const, 'history' as const), match: text, deleted: fc.boolean() }, { requiredKeys: ['rule', 'title', 'severity', 'place', 'match'] }), { maxLength: 2 }),
    problems: fc.array(fc.record({ code: word, detail: text, where: text }), { maxLength: 3 }),
  }));
  // The order of an inventory is not the document's to say.
  const sorted = (one: Inventory): Inventory => ({ ...one, packages: [...one.packages].sort((a, b) => (JSON.stringify([a.type, a.name, a.version, a.arch ?? '', a.owner ?? '']) < JSON.stringify([b.type, b.name, b.version, b.arch ?? '', b.owner ?? '']) ? -1 : 1)) });
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it.each(Object.entries(writers))('comes back equal from %s', (_format, write) => {
    fc.assert(fc.property(inventory, (one) => { expect(plain(sorted(fromSbom(bytesOf(write(one, options)))))).toEqual(plain(sorted(one))); }), { numRuns: 300 });
  });

  it.skipIf(!existsSync(cycloneDxSchemas))(`is valid CycloneDX 1.6${because(cycloneDxSchemas)}`, () => {
    const validate = cycloneDxValidator();
    fc.assert(fc.property(inventory, (one) => { validate(toCycloneDx(one, options)); expect(validate.errors).toBeNull(); }), { numRuns: 100 });
  });

  it.skipIf(!existsSync(spdxSchema))(`is valid SPDX 2.3${because(spdxSchema)}`, () => {
    const validate = spdxValidator();
    fc.assert(fc.property(inventory, (one) => { validate(toSpdx(one, options)); expect(validate.errors).toBeNull(); }), { numRuns: 100 });
  });

  it('makes an SPDX document whose ids are unique and whose references lead somewhere (SPDX 2.3, clauses 3.2, 6.5, 10.1, 11.1)', () => {
    type Document = { documentNamespace: string; creationInfo: { created: string }; packages: { SPDXID: string; licenseDeclared: string; downloadLocation: string }[]; relationships: { spdxElementId: string; relatedSpdxElement: string }[]; hasExtractedLicensingInfos?: { licenseId: string }[] };
    fc.assert(fc.property(inventory, (one) => {
      spdx23.parse(JSON.parse(bytesOf(toSpdx(one, options)).toString()));
      const { packages, relationships, documentNamespace, creationInfo, hasExtractedLicensingInfos: infos = [] } = toSpdx(one, options) as unknown as Document;
      const ids = packages.map(({ SPDXID }) => SPDXID);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
      for (const { spdxElementId: from, relatedSpdxElement: to } of relationships) for (const id of [from, to]) expect(['SPDXRef-DOCUMENT', ...ids]).toContain(id);
      for (const { licenseDeclared } of packages) for (const ref of licenseDeclared.match(/LicenseRef-[\w.-]+/g) ?? []) expect(infos.map(({ licenseId }) => licenseId)).toContain(ref);
      expect(documentNamespace).toMatch(/^https:\/\/[^#\s]+$/);
      expect(creationInfo.created).toBe('2026-01-02T03:04:05Z');
    }), { numRuns: 100 });
  });

  it.each(Object.entries(writers))('gives the same bytes of %s twice, and another identity when the content differs', (_format, write) => {
    const one: Inventory = { target: { kind: 'image', reference: 'a', layers: [] }, os: null, packages: [], secrets: [], configuration: { findings: [] }, problems: [] };
    expect(bytesOf(write(structuredClone(one), options))).toEqual(bytesOf(write(one, options)));
    const identity = (document: Record<string, unknown>): unknown => document['serialNumber'] ?? document['documentNamespace'];
    expect(identity(write({ ...one, os: { id: 'debian', name: 'Debian' } }, options))).not.toBe(identity(write(one, options)));
    expect(identity(write(one, { ...options, now: new Date(0) }))).toBe(identity(write(one, options)));
  });

  it('says in the words of CycloneDX that it is partial', () => {
    const partial: Inventory = { target: { kind: 'image', reference: 'a', layers: [] }, os: null, packages: [], secrets: [], configuration: { findings: [] }, problems: [{ code: 'rpmdb-corrupt', detail: 'x', where: 'y' }] };
    expect(toCycloneDx(partial, options)).toMatchObject({ compositions: [{ aggregate: 'incomplete', assemblies: ['target'] }] });
    expect(toCycloneDx({ ...partial, problems: [] }, options)).toMatchObject({ compositions: [{ aggregate: 'unknown' }] });
  });
});
