import type { Agent, IncomingMessage } from 'node:http';
import { invalid, Problem } from '@plimsoll/problem';
import { type AddressPolicy, checkLiteral, guardedLookup } from './addresses.ts';

/** One HTTP request and how far it may go. */
export interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Decides about addresses at the first hop, and at every further one. */
  readonly firstHop: AddressPolicy;
  readonly laterHops: AddressPolicy;
  /** Hosts (`host` or `host:port`) that may be spoken to without TLS. */
  readonly allowsPlain: (url: URL) => boolean;
  /** Seconds without a byte before Problem `registry-stalled`. */
  readonly stallSeconds: number;
  readonly signal: AbortSignal | undefined;
}

const maxRedirects = 5;

// Loaded when a registry is first spoken to: each thread that only reads files would pay 10 MB and 40 ms for them.
const http = () => process.getBuiltinModule('node:http');
const https = () => process.getBuiltinModule('node:https');
const tls = () => process.getBuiltinModule('node:tls');

/** Connections of one registry client, with its certificate authorities. Close it. */
export class Connections {
  private readonly plain: Agent = new (http().Agent)({ keepAlive: true, maxSockets: 8 });
  private readonly secure: Agent;

  constructor(ca: string | undefined) {
    this.secure = new (https().Agent)({ keepAlive: true, maxSockets: 8, ...(ca === undefined ? {} : { ca: [...systemAuthorities(), ca] }) });
  }

  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  /**
   * Sends a request and follows redirects: to five places at most, only to addresses the policy allows, and the Authorization header
   * goes to no other origin. Rejects with `redirect-loop`, `redirect-refused`, `address-refused`, `registry-stalled`, or the network's error.
   */
  async send(start: URL, exchange: Exchange): Promise<IncomingMessage> {
    let url = start;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await this.sendOnce(url, exchange, hop === 0, url.origin === start.origin);
      const { location } = response.headers;
      if (response.statusCode === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode) || location === undefined) return response;
      response.resume();
      url = redirectTarget(location, url, start);
    }
    throw invalid('redirect-loop', `${start.host} redirects more than ${maxRedirects} times`);
  }

  private async sendOnce(url: URL, exchange: Exchange, first: boolean, sameOrigin: boolean): Promise<IncomingMessage> {
    if (url.protocol === 'http:' && !exchange.allowsPlain(url)) throw new Problem('denied', `${url.host} would be spoken to without TLS; list it among the plain HTTP hosts to allow that`, { code: 'plain-http-refused' });
    const policy = first || sameOrigin ? exchange.firstHop : exchange.laterHops;
    checkLiteral(url.hostname, policy);
    const { authorization, ...headers } = exchange.headers;
    const secure = url.protocol === 'https:';
    return new Promise((done, fail) => {
      let answer: IncomingMessage | undefined;
      const request = (secure ? https() : http()).request(url, {
        method: exchange.method,
        headers: { ...headers, ...(authorization !== undefined && sameOrigin ? { authorization } : {}), 'accept-encoding': 'identity', 'user-agent': 'plimsoll' },
        agent: secure ? this.secure : this.plain,
        lookup: guardedLookup(policy),
        maxHeaderSize: 64 * 1024,
        ...(exchange.signal === undefined ? {} : { signal: exchange.signal }),
      }, (response) => { answer = response; done(response); });
      request.setTimeout(exchange.stallSeconds * 1000, () => {
        (answer ?? request).destroy(new Problem('unavailable', `${url.host} sent nothing for ${exchange.stallSeconds} seconds`, { code: 'registry-stalled' }));
      });
      request.on('error', (error) => fail(exchange.signal?.aborted ? exchange.signal.reason : error));
      request.end(exchange.body);
    });
  }
}

function redirectTarget(location: string, from: URL, start: URL): URL {
  if (!URL.canParse(location, from.href)) throw invalid('redirect-refused', `${from.host} redirects to something that is not a URL`);
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw invalid('redirect-refused', `${from.host} redirects to ${target.protocol}`);
  if (target.protocol === 'http:' && start.protocol === 'https:') throw invalid('redirect-refused', `${from.host} redirects from https to http`);
  target.username = target.password = '';
  return target;
}

const systemAuthorities = (): readonly string[] =>
  (typeof tls().getCACertificates === 'function' ? tls().getCACertificates('default') : tls().rootCertificates);
