import { GetJwks, Login } from '@plimsoll/contracts';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityBench, type IdentityBench } from '../testing/identity-bench.ts';

let id: IdentityBench;
beforeAll(async () => { id = await identityBench(); });
afterAll(async () => { await id?.close(); });

describe('a login', () => {
  it('gives an access token with exactly these claims', async () => {
    const answer = await id.ask(Login, { identifier: 'admin', password: id.adminPassword });
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    const { keys } = await id.ask(GetJwks, {});
    expect(decodeProtectedHeader(answer.access_token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: keys[0]!['kid'] });
    expect(decodeJwt(answer.access_token)).toMatchObject({ iss: 'plimsoll-identity', aud: 'plimsoll', kind: 'user' });
    expect(await id.principalOf(answer.access_token)).toMatchObject({ kind: 'user', grants: [{ project: '*' }] });
  });
});
