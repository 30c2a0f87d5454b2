import { readFile } from 'node:fs/promises';
import { invalid, Problem } from '@plimsoll/problem';
import type { AddressPolicy } from './addresses.ts';
import { type Credentials, credentialFiles, dockerCredentials } from './credentials.ts';
import type { Reference } from './references.ts';
import { defaultRegistryLimits, type Endpoint, isPlainHost, type RegistryAccess, type RegistryLimits } from './registry.ts';

/** How registries are reached. Everything is optional; hosts are `host` or `host:port`. */
export interface RegistryOptions {
  /** Credentials by registry host (`docker.io` for Docker Hub); before those of Docker's configuration. */
  readonly credentials?: Readonly<Record<string, Credentials>>;
  /** Docker's config.json, or an auth.json; false reads none. By default those of `credentialFiles`. */
  readonly dockerConfig?: string | false;
  /** Hosts or URLs asked before a registry, by registry host. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** PEM file of certificate authorities to trust besides the system's. */
  readonly caFile?: string;
  /** Hosts that may be spoken to without TLS, besides this machine. */
  readonly plainHttp?: readonly string[];
  /** Hosts that redirects and token servers may name even at private addresses. */
  readonly allowedHosts?: readonly string[];
  /** Whether a registry may be at a private or loopback address; true by default, false where strangers name the registry. */
  readonly privateRegistries?: boolean;
  /** Hosts that may receive a registry's credentials for a token, by registry host. */
  readonly tokenHosts?: Readonly<Record<string, readonly string[]>>;
  readonly limits?: Partial<RegistryLimits>;
}

/** Works out endpoints, credentials and trust for one repository. */
export async function registryAccess({ registry, repository }: Reference, options: RegistryOptions = {}, signal?: AbortSignal): Promise<RegistryAccess> {
  const common = {
    repository,
    ...(options.caFile === undefined ? {} : { ca: await readAuthorities(options.caFile) }),
    plainHttp: options.plainHttp ?? [],
    allowedHosts: options.allowedHosts ?? [],
    privateRegistries: options.privateRegistries ?? true,
    limits: { ...defaultRegistryLimits, ...options.limits },
  };
  const endpoints: Endpoint[] = [];
  for (const host of [...(options.mirrors?.[registry] ?? []), registry]) {
    const url = await endpointUrl(host, common, signal);
    const name = host === registry ? registry : url.host;
    const credentials = options.credentials?.[name] ?? await fromDocker(name, repository, options.dockerConfig, signal);
    endpoints.push({ url: url.origin, ...(credentials === undefined ? {} : { credentials }), tokenHosts: options.tokenHosts?.[name] ?? [] });
  }
  return { ...common, endpoints };
}

/** From the first file that has some. */
async function fromDocker(registry: string, repository: string, path: string | false | undefined, signal?: AbortSignal): Promise<Credentials | undefined> {
  for (const file of path === false ? [] : path === undefined ? credentialFiles() : [path]) {
    const found = await dockerCredentials(registry, repository, file, signal);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `REGISTRY=HOST` words, as settings and options give them: `docker.io=mirror.example`. A registry may have several hosts. Problem `setting-invalid`. */
export function parseHostPairs(words: readonly string[]): Record<string, readonly string[]> {
  const pairs: Record<string, string[]> = {};
  for (const word of words) {
    const [, registry, host] = /^([^=\s]+)=(\S+)$/.exec(word) ?? [];
    if (!registry || !host) throw invalid('setting-invalid', `${JSON.stringify(word)} is not REGISTRY=HOST`);
    (pairs[registry] ??= []).push(host);
  }
  return pairs;
}

async function readAuthorities(path: string): Promise<string> {
  const pem = await readFile(path, 'utf8').catch((error: unknown) => { throw invalid('ca-file-unreadable', `${path} cannot be read`, error); });
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw invalid('ca-file-unreadable', `${path} holds no PEM certificate`);
  return pem;
}

/** https, and for hosts that may do without TLS whatever answers: first https, then http. */
async function endpointUrl(host: string, access: Omit<RegistryAccess, 'endpoints'>, signal?: AbortSignal): Promise<URL> {
  const text = host === 'docker.io' ? 'https://registry-1.docker.io' : host.includes('://') ? host : `https://${host}`;
  if (!URL.canParse(text)) throw invalid('reference-invalid', `${JSON.stringify(host)} is not a host`);
  const url = new URL(text);
  if (host.includes('://') || !isPlainHost(url, access.plainHttp)) return url;
  const plain = new URL(`http://${host}`);
  return await speaksTls(url, access, signal) ? url : plain;
}

async function speaksTls(url: URL, access: Omit<RegistryAccess, 'endpoints'>, signal: AbortSignal | undefined): Promise<boolean> {
  const { Connections } = await import('./exchange.ts');
  const connections = new Connections(access.ca);
  const allowed: AddressPolicy = (host, found) => access.allowedHosts.includes(host) || found === 'public' || (found !== 'metadata' && access.privateRegistries);
  try {
    const response = await connections.send(new URL('/v2/', url), {
      method: 'HEAD', headers: {}, firstHop: allowed, laterHops: () => false, allowsPlain: () => false, stallSeconds: access.limits.stallSeconds, signal,
    });
    response.resume();
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    // A certificate we do not trust is TLS all the same; a redirect we do not follow came over TLS too.
    if (error instanceof Problem) return true;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return !(code === 'EPROTO' || code.startsWith('ERR_SSL') || code === 'ECONNRESET' || code === 'ECONNREFUSED');
  } finally {
    connections.close();
  }
}
