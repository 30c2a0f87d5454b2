import {
  CheckToken, CreateProject, CreateToken, CreateUser, GetJwks, GetTrustBundle, GrantRole, ListProjects, ListTokens, Login, RedeemBootstrap, RevokeToken, TokenRevoked,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'identity',
  does: 'Accounts, tokens, roles; the certificate authorities.',
  hears: [],
  answers: [Login, RedeemBootstrap, CheckToken, GetJwks, CreateToken, ListTokens, RevokeToken, CreateProject, ListProjects, GrantRole, CreateUser, GetTrustBundle],
  asks: [],
  says: [TokenRevoked],
  documents: 'none',
};
