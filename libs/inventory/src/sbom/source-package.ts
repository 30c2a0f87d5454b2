import { sourceOf as sourceOfFile } from '../catalogers/rpm.ts';
import type { Component } from './document.ts';
import type { Identity } from './identity.ts';
import { own } from './properties.ts';

type Source = { readonly name: string; readonly version: string };
const trivy = 'aquasecurity:trivy:', syft = 'syft:metadata:';

/** The package one was built from, as far as its maker says so: our own properties, Trivy's, Syft's, the `upstream` of a purl, Trivy's sentence in SPDX. */
export function sourcePackage({ properties }: Component, { type, version, upstream }: Identity): Source | undefined {
  const [name, ofName] = [properties.one(`${own}source:name`), properties.one(`${own}source:version`)];
  if (name !== undefined) return { name, version: ofName ?? '' };

  const [, builtFrom, builtVersion] = /^built package from: (\S+) (\S+)$/.exec(properties.one('spdx:sourceInfo') ?? '') ?? [];
  const trivyName = properties.one(`${trivy}SrcName`) ?? builtFrom;
  if (trivyName) {
    const [plain = builtVersion, release, epoch] = ['SrcVersion', 'SrcRelease', 'SrcEpoch'].map((key) => properties.one(`${trivy}${key}`));
    if (!plain) return { name: trivyName, version };
    // The file name of a source rpm, where catalogers have it from, tells no epoch.
    return { name: trivyName, version: `${epoch && epoch !== '0' && !plain.includes(':') ? `${epoch}:` : ''}${plain}${release ? `-${release}` : ''}` };
  }

  const rpm = sourceOfFile(properties.one(`${syft}sourceRpm`) ?? (type === 'rpm' ? upstream : undefined));
  if (rpm) return { name: rpm.name, version: version.endsWith(`:${rpm.version}`) ? version : rpm.version };
  const syftName = properties.one(`${syft}source`) ?? properties.one(`${syft}originPackage`);
  if (syftName) return { name: syftName, version: properties.one(`${syft}sourceVersion`) ?? version };
  const [, upstreamName, upstreamVersion] = type === 'rpm' ? [] : /^([^@]+)(?:@(.+))?$/.exec(upstream ?? '') ?? [];
  return upstreamName ? { name: upstreamName, version: upstreamVersion ?? version } : undefined;
}

/** Whether a maker is one that names the source package wherever it differs, so that its silence means the same name. */
export const namesSources = (makers: readonly string[], components: readonly Component[]): boolean =>
  makers.some((one) => /^(?:trivy|syft|plimsoll)\b/i.test(one)) || components.some(({ properties }) => properties.hasPrefix('syft:') || properties.hasPrefix(trivy));
