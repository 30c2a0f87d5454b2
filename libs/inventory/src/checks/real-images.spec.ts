import { existsSync } from 'node:fs';
import { recogniseTarget } from '@plimsoll/oci';
import { afterAll, describe, expect, it } from 'vitest';
import { indexTarget } from '../index-image.ts';
import { LayerPool } from '../layer-pool.ts';
import { Inventory } from '../model.ts';
import { toExpression } from '../licences/to-expression.ts';

/** Real images hold no secrets, so every secret told of one is a false alarm; what their checks say was looked at one by one. */
const images = '../shared/data/images', pool = new LayerPool(2);
afterAll(() => pool.close());
const always = ['CIS-DI-0006', 'PLM-DI-0004'];

describe.skipIf(!existsSync(images))('real images of ../shared/data (skipped without it)', () => {
  it.each<[target: string, findings: string[], platform?: string]>([
    ['oci-archive:debian11-and-acme-storefront.oci.tar:debian:11.11-slim', ['CIS-DI-0001', 'CIS-DI-0008']],
    // It names its base in an annotation, without a digest; its second RUN leaves what apt-get upgraded from.
    ['oci-archive:debian11-and-acme-storefront.oci.tar:acme/storefront:1.4.2', ['CIS-DI-0008', 'DKL-DI-0005', 'PLM-DI-0002']],
    ['oci-archive:misc-7-images.oci.tar:debian12-nginx:trimmed', ['CIS-DI-0001']],
    ['oci-archive:misc-7-images.oci.tar:distroless-style/cc-debian12:12.15', []],
    ['oci-archive:misc-7-images.oci.tar:almalinux:9.1-micro', ['CIS-DI-0001']],
    ['oci-archive:misc-7-images.oci.tar:ubuntu:20.04-trimmed', ['CIS-DI-0001', 'CIS-DI-0003']],
    ['oci-archive:misc-7-images.oci.tar:busybox:glibc', ['CIS-DI-0001']],
    ['docker-archive:alpine-3.15.0.docker-archive.tar.gz', ['CIS-DI-0001']],
    // The group of its etc/shadow is 148; no such group is in etc/group.
    ['oci-archive:alpine-edge-20240923-multiarch.oci.tar', ['CIS-DI-0001', 'PLM-LI-0002'], 'linux/amd64'],
  ])('%s', async (target, findings, platform) => {
    const inventory = await indexTarget(await recogniseTarget(target.replace(':', `:${images}/`)), { pool, ...(platform && { platform }) });
    expect(inventory.secrets).toEqual([]);
    expect(inventory.configuration.findings.map(({ id }) => id).filter((id) => !always.includes(id)).sort()).toEqual(findings);
    for (const { licences } of inventory.packages) for (const licence of licences) expect(toExpression(licence)).toBe(licence);
    const system = inventory.packages.filter(({ type }) => type === 'deb' || type === 'rpm' || type === 'apk');
    // The files of two images were trimmed, their licences among them.
    if (!target.includes('trimmed')) expect(system.filter(({ licences }) => licences.length === 0).map(({ name }) => name)).toEqual([]);
    Inventory.parse(inventory);
  }, 60_000);
});
