import { dns, type GeneralName, isDnsName, isSpiffeId, uri } from './general-names.ts';
import type { KeyAlgorithm } from './keys.ts';
import type { NameConstraints } from './name-constraints.ts';
import type { ExtendedKeyUsage, KeyUsage } from './oids.ts';

/** What one kind of certificate is; the only place that says so. The lint holds each certificate against it again. */
export interface Profile {
  readonly name: string;
  readonly ca: boolean;
  /** How many CAs may stand below this one; absent for leaves. */
  readonly pathLength?: number;
  readonly keys: readonly KeyAlgorithm[];
  /** Seconds from now to the end. */
  readonly lifetime: number;
  /** Seconds before now at which it begins, for peers whose clock is behind. */
  readonly backdate: number;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly constraints?: NameConstraints;
  /** Forms of name it carries: how many, and what they must look like. A form that is not listed is refused. */
  readonly names: Partial<Record<GeneralName['type'], { readonly min: number; readonly max: number; readonly isValid: (value: string) => boolean }>>;
}

/** The SPIFFE trust domain and the DNS zone of the platform's own services. */
export const trustDomain = 'plimsoll.internal';
export const serviceZone = `svc.${trustDomain}`;

const minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;

/** Adding a kind of certificate is one row here. */
export const profiles = {
  /** Kept offline where that is possible; signs intermediates and its own CRL. */
  root: {
    name: 'root', ca: true, pathLength: 1, keys: ['P-384'], lifetime: 20 * year, backdate: 5 * minute,
    keyUsage: ['keyCertSign', 'cRLSign'], extendedKeyUsage: [], names: {},
  },
  /** Can only make certificates for our own services: whoever steals its key cannot speak for anybody else. */
  'services-intermediate': {
    name: 'services-intermediate', ca: true, pathLength: 0, keys: ['P-256'], lifetime: 5 * year, backdate: 5 * minute,
    keyUsage: ['keyCertSign', 'cRLSign'], extendedKeyUsage: ['serverAuth', 'clientAuth'],
    // A form that is neither permitted nor excluded is free, so addresses are excluded and mailboxes held to the zone.
    constraints: {
      permitted: [dns(serviceZone), uri(trustDomain), { type: 'email', value: serviceZone }],
      excluded: [{ type: 'ip', bytes: new Uint8Array(8) }, { type: 'ip', bytes: new Uint8Array(32) }],
    },
    names: {},
  },
  /** One service process, both sides of mutual TLS. Exactly one URI makes it an X509-SVID (SPIFFE X509-SVID section 2). */
  service: {
    name: 'service', ca: false, keys: ['P-256', 'P-384'], lifetime: day, backdate: 5 * minute,
    keyUsage: ['digitalSignature'], extendedKeyUsage: ['serverAuth', 'clientAuth'],
    names: { dns: { min: 1, max: 8, isValid: isDnsName }, uri: { min: 1, max: 1, isValid: isSpiffeId } },
  },
} as const satisfies Record<string, Profile>;
export type ProfileName = keyof typeof profiles;
