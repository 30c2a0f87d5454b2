import type { IncomingMessage } from 'node:http';
import { invalid, Problem } from '@plimsoll/problem';
import type { AddressClass, AddressPolicy } from './addresses.ts';
import { readBody } from './body.ts';
import type { Credentials } from './credentials.ts';
import { type Digest, digestOf, isDigest } from './digests.ts';
import type { Connections, Exchange } from './exchange.ts';
import { mediaTypes } from './media-types.ts';
import { mayPass, pause, refusal, settled } from './registry-failures.ts';
import { basic, chooseChallenge, fetchToken } from './registry-token.ts';

/** One place that serves a repository: the registry itself, or a mirror of it. */
export interface Endpoint {
  /** `https://registry-1.docker.io`, without a path. */
  readonly url: string;
  readonly credentials?: Credentials;
  /** Other hosts that may be sent these credentials to get a token. */
  readonly tokenHosts?: readonly string[];
}

export interface RegistryLimits {
  /** Tries of one request after the first, for failures that may pass: broken connections, 408, 429, 5xx. */
  readonly retries: number;
  /** Milliseconds before the first retry; doubled each time. */
  readonly backoff: number;
  /** Seconds a registry may ask us to wait (Retry-After); beyond it the answer is Problem `rate-limited`. */
  readonly retryAfterSeconds: number;
  /** Seconds without a byte. */
  readonly stallSeconds: number;
  /** Seconds for one document or one layer in all. */
  readonly seconds: number;
  /** Bytes of one manifest or configuration. */
  readonly documentBytes: number;
}

export const defaultRegistryLimits: RegistryLimits = {
  retries: 5, backoff: 250, retryAfterSeconds: 60, stallSeconds: 30, seconds: 3600, documentBytes: 4 * 1024 * 1024,
};

/** Everything needed to read one repository; plain data, for a worker. Holds credentials. */
export interface RegistryAccess {
  /** Mirrors first, the registry itself last. */
  readonly endpoints: readonly Endpoint[];
  readonly repository: string;
  /** PEM of certificate authorities to trust besides the system's. */
  readonly ca?: string;
  /** Hosts (`host` or `host:port`) spoken to without TLS. */
  readonly plainHttp: readonly string[];
  /** Hosts that redirects and token realms may name whatever their address. */
  readonly allowedHosts: readonly string[];
  /** Whether the registry itself may be at a private or loopback address. */
  readonly privateRegistries: boolean;
  readonly limits: RegistryLimits;
}

/** A manifest or index as served. */
export interface Document { readonly bytes: Buffer; readonly digest: Digest; readonly mediaType: string | undefined }

const accept = [...mediaTypes.manifest, ...mediaTypes.index].join(', ');

/**
 * Reads one repository over the OCI distribution API (distribution-spec, "Pull"). Everything is checked against its digest.
 * Problems: `registry-unauthenticated`, `registry-denied`, `registry-missing`, `rate-limited`, `registry-unavailable`, `registry-stalled`,
 * `registry-answer`, `digest-mismatch`, `size-mismatch`, and those of Connections.send. Close it.
 */
export class Registry {
  private readonly access: RegistryAccess;
  private connections: Promise<Connections> | undefined;
  private readonly authorizations = new Map<Endpoint, string>();
  /** Where the registries turned out to be: redirects may stay there. */
  private readonly seen = new Set<AddressClass>();

  constructor(access: RegistryAccess) { this.access = access; }

  close(): void { void this.connections?.then((connections) => connections.close()); }

  /** Digest and media type of a tag or digest, without the document. undefined where the registry does not say. */
  async head(reference: string, signal?: AbortSignal): Promise<{ digest: Digest; mediaType: string | undefined } | undefined> {
    return this.anyEndpoint(signal, async (endpoint, within) => {
      const response = await this.request(endpoint, `manifests/${reference}`, 'HEAD', { accept }, within);
      response.resume();
      const digest = response.headers['docker-content-digest'];
      return typeof digest === 'string' && isDigest(digest) ? { digest, mediaType: mediaTypeOf(response) } : undefined;
    });
  }

  /** A manifest or index by tag or digest. */
  async manifest(reference: string, signal?: AbortSignal): Promise<Document> {
    return this.anyEndpoint(signal, async (endpoint, within) => {
      const response = await this.request(endpoint, `manifests/${reference}`, 'GET', { accept }, within);
      const bytes = await readBody(response, this.access.limits.documentBytes, `manifest ${reference} of ${this.access.repository}`);
      const digest = digestOf(bytes);
      const said = response.headers['docker-content-digest'];
      const promised = isDigest(reference) ? reference : typeof said === 'string' && isDigest(said) ? said : digest;
      if (promised !== digest) throw invalid('digest-mismatch', `manifest ${reference} of ${this.access.repository}: its bytes have the digest ${digest}, not ${promised}`);
      return { bytes, digest, mediaType: mediaTypeOf(response) };
    });
  }

  /** A small blob, whole; the caller compares its digest. */
  async document(digest: Digest, size: number, signal?: AbortSignal): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.blob(digest, size, signal)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** The bytes of a blob as they come; a broken download goes on where it stopped. The caller compares the digest. */
  async *blob(digest: Digest, size: number, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const { limits } = this.access;
    const within = withTimeout(signal, limits.seconds);
    let received = 0;
    let failures = 0;
    for (let endpointIndex = 0; ;) {
      const endpoint = this.access.endpoints[endpointIndex]!;
      let answered = false;
      try {
        const response = await this.request(endpoint, `blobs/${digest}`, 'GET', received > 0 ? { range: `bytes=${received}-` } : {}, within);
        answered = true;
        let skip = alreadyHere(response, received, size, digest);
        for await (const chunk of response as AsyncIterable<Buffer>) {
          const fresh = skip > 0 ? chunk.subarray(skip) : chunk;
          skip -= chunk.length - fresh.length;
          if (fresh.length === 0) continue;
          received += fresh.length;
          if (received > size) throw invalid('size-mismatch', `blob ${digest}: the registry sends more than the ${size} bytes the manifest says`);
          failures = 0;
          yield fresh;
        }
        if (received === size) return;
        throw new Problem('unavailable', `blob ${digest}: the registry ended it after ${received} of ${size} bytes`, { code: 'registry-unavailable' });
      } catch (error) {
        if (within.aborted) throw timedOut(within, signal, limits.seconds, `blob ${digest}`);
        // A request that failed was tried often enough already; a download that broke was not.
        if (!answered || !mayPass(error) || failures >= limits.retries) {
          if (endpointIndex + 1 >= this.access.endpoints.length) throw settled(error, endpoint);
          endpointIndex++;
          failures = 0;
          continue;
        }
        await pause(limits, failures++, undefined, within);
      }
    }
  }

  /** Asks the mirrors in order, and the registry itself at last; its failure is the one that counts. */
  private async anyEndpoint<T>(signal: AbortSignal | undefined, ask: (endpoint: Endpoint, within: AbortSignal) => Promise<T>): Promise<T> {
    const within = withTimeout(signal, this.access.limits.seconds);
    const last = this.access.endpoints.at(-1)!;
    for (const endpoint of this.access.endpoints) {
      try {
        return await ask(endpoint, within);
      } catch (error) {
        if (within.aborted) throw timedOut(within, signal, this.access.limits.seconds, this.access.repository);
        if (endpoint === last) throw settled(error, endpoint);
      }
    }
    throw invalid('registry-answer', 'no endpoint is configured');
  }

  /** One request with the token dance and retries; resolves with a 2xx answer whose body is still to be read. */
  private async request(endpoint: Endpoint, path: string, method: 'GET' | 'HEAD', headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    const { limits, repository } = this.access;
    const url = new URL(`/v2/${repository}/${path}`, endpoint.url);
    let challenged = false;
    for (let failures = 0; ;) {
      let wait: string | undefined;
      try {
        const authorization = this.authorizations.get(endpoint);
        const response = await (await this.connect()).send(url, this.exchange(method, { ...headers, ...(authorization === undefined ? {} : { authorization }) }, signal));
        if (response.statusCode! < 300) return response;
        if (response.statusCode === 401 && !challenged) {
          challenged = true;
          response.resume();
          this.authorizations.set(endpoint, await this.authorize(endpoint, response, signal));
          continue;
        }
        wait = response.headers['retry-after'];
        throw await refusal(response, `${url.host}/${repository}`);
      } catch (error) {
        if (signal.aborted || !mayPass(error) || failures >= limits.retries) throw error;
        await pause(limits, failures++, wait, signal, error);
      }
    }
  }

  private async authorize(endpoint: Endpoint, response: IncomingMessage, signal: AbortSignal): Promise<string> {
    const { credentials } = endpoint;
    if (credentials !== undefined && 'registryToken' in credentials) return `Bearer ${credentials.registryToken}`;
    const challenge = chooseChallenge(response.headers['www-authenticate'], new URL(endpoint.url).host);
    if (challenge.scheme === 'basic') {
      if (credentials === undefined || !('username' in credentials)) throw new Problem('unauthenticated', `${new URL(endpoint.url).host} asks for a user name and a password, and none are known for it`, { code: 'registry-unauthenticated' });
      return basic(credentials);
    }
    return fetchToken(await this.connect(), challenge, endpoint, this.access.repository, (method, headers, body) =>
      ({ ...this.exchange(method, headers, signal), firstHop: this.laterHops, ...(body === undefined ? {} : { body }) }));
  }

  /** Loaded when needed: HTTP and TLS cost 10 MB and 30 ms in every thread, and reading files needs neither. */
  private connect(): Promise<Connections> {
    return this.connections ??= import('./exchange.ts').then(({ Connections }) => new Connections(this.access.ca));
  }

  private exchange(method: 'GET' | 'HEAD' | 'POST', headers: Record<string, string>, signal: AbortSignal): Exchange {
    return {
      method, headers, signal,
      firstHop: this.firstHop, laterHops: this.laterHops,
      allowsPlain: (url) => isPlainHost(url, this.access.plainHttp),
      stallSeconds: this.access.limits.stallSeconds,
    };
  }

  private readonly firstHop: AddressPolicy = (host, found) => {
    const allowed = this.isListed(host) || found === 'public' || (found !== 'metadata' && this.access.privateRegistries);
    if (allowed) this.seen.add(found);
    return allowed;
  };

  /** Redirects and token realms may go to public addresses, and to where the registry itself was found; to metadata services never. */
  private readonly laterHops: AddressPolicy = (host, found) =>
    this.isListed(host) || found === 'public' || (found !== 'metadata' && this.seen.has(found));

  private isListed(host: string): boolean { return this.access.allowedHosts.includes(host); }
}

/** Whether a host may be spoken to without TLS: listed, or this machine. */
export const isPlainHost = (url: URL, listed: readonly string[]): boolean =>
  listed.includes(url.host) || listed.includes(url.hostname) || url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);

/** How many bytes of this answer are known already. */
function alreadyHere(response: IncomingMessage, received: number, size: number, digest: Digest): number {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const start = response.statusCode === 206 ? /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1] : '0';
  if (start === undefined || (Number(start) !== received && Number(start) !== 0)) {
    response.destroy();
    throw invalid('registry-answer', `blob ${digest}: asked to go on from byte ${received}, the registry answers with another part`);
  }
  if (length + Number(start) !== size && !Number.isNaN(length)) {
    response.destroy();
    throw invalid('size-mismatch', `blob ${digest}: the registry has ${length + Number(start)} bytes, the manifest says ${size}`);
  }
  return received - Number(start);
}

const withTimeout = (signal: AbortSignal | undefined, seconds: number): AbortSignal => {
  const timeout = AbortSignal.timeout(seconds * 1000);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
};

const timedOut = (within: AbortSignal, signal: AbortSignal | undefined, seconds: number, what: string): unknown =>
  (signal?.aborted ? signal.reason : new Problem('unavailable', `${what}: not read within ${seconds} seconds`, { code: 'registry-timeout', cause: within.reason }));

const mediaTypeOf = (response: IncomingMessage): string | undefined => response.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
