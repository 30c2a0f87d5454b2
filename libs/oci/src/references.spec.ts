import { describe, expect, it } from 'vitest';
import { formatReference, parseReference } from './references.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

describe('parseReference', () => {
  it.each([
    ['alpine', 'docker.io/library/alpine:latest'],
    ['alpine:3.15', 'docker.io/library/alpine:3.15'],
    ['acme/shop', 'docker.io/acme/shop:latest'],
    ['docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['index.docker.io/library/alpine', 'docker.io/library/alpine:latest'],
    ['ghcr.io/acme/shop:1.2', 'ghcr.io/acme/shop:1.2'],
    ['localhost/shop', 'localhost/shop:latest'],
    ['localhost:5000/shop:x', 'localhost:5000/shop:x'],
    ['registry:5000/shop', 'registry:5000/shop:latest'],
    ['[::1]:5000/shop', '[::1]:5000/shop:latest'],
    ['10.0.0.1:5000/a/b/c:v', '10.0.0.1:5000/a/b/c:v'],
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
    [`ghcr.io/a/b:1@${digest}`, `ghcr.io/a/b:1@${digest}`],
    ['a__b/c--d.e_f', 'docker.io/a__b/c--d.e_f:latest'],
  ])('%s', (text, complete) => {
    expect(formatReference(parseReference(text))).toBe(complete);
    expect(parseReference(complete)).toEqual(parseReference(text));
  });

  it.each([
    '', ':tag', 'Alpine', 'a//b', '/a', 'a/', 'a:', 'a:-x', `a:${'x'.repeat(129)}`, 'a@sha256:1', `a@${digest}@${digest}`, 'a b', '../etc/passwd', 'ghcr.io/../x', 'ghcr.io/', 'http://ghcr.io/a', 'ghcr.io:port/a', 'a/b?x=1', `${'a'.repeat(256)}`, 'user@host/a', 'host.io/a%2fb', '-.io/a',
  ])('refuses %j', (text) => { expect(() => parseReference(text)).toThrow(expect.objectContaining({ kind: 'invalid' })); });
});
