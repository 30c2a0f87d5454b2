import { Bus, Hears } from '@plimsoll/bus';
import { CreateProject, CreateToken, CreateUser, GetTrustBundle, GrantRole, ListProjects, ListTokens, Login, operations, RedeemBootstrap, RevokeToken, TokenRevoked, type Answer, type GetJwks, type Input } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { AccessTokens } from './access-tokens.ts';
import { ApiTokens } from './api-tokens.ts';
import { principalOf, Serves, type Call } from './serves.ts';

/** Asks the identity service for people; it is told who asks and decides again for itself. */
@Controller()
export class Identities {
  constructor(private readonly bus: Bus, private readonly accessTokens: AccessTokens, private readonly apiTokens: ApiTokens) {}

  @Serves(operations.login)
  login(input: Input<typeof operations.login>, { address }: Call): Promise<Answer<typeof Login>> { return this.bus.ask(Login, { ...input, client: address }); }

  @Serves(operations.redeemBootstrap)
  redeemBootstrap(input: Input<typeof operations.redeemBootstrap>, { address }: Call): Promise<Answer<typeof RedeemBootstrap>> { return this.bus.ask(RedeemBootstrap, { ...input, client: address }); }

  @Serves(operations.createProject)
  createProject(input: Input<typeof operations.createProject>, call: Call): Promise<Answer<typeof CreateProject>> { return this.bus.ask(CreateProject, { ...input, principal: principalOf(call) }); }

  @Serves(operations.listProjects)
  listProjects(_: object, call: Call): Promise<Answer<typeof ListProjects>> { return this.bus.ask(ListProjects, { principal: principalOf(call) }); }

  @Serves(operations.grantRole)
  grantRole(input: Input<typeof operations.grantRole>, call: Call): Promise<Answer<typeof GrantRole>> { return this.bus.ask(GrantRole, { ...input, principal: principalOf(call) }); }

  @Serves(operations.createUser)
  createUser(input: Input<typeof operations.createUser>, call: Call): Promise<Answer<typeof CreateUser>> { return this.bus.ask(CreateUser, { ...input, principal: principalOf(call) }); }

  @Serves(operations.createToken)
  createToken(input: Input<typeof operations.createToken>, call: Call): Promise<Answer<typeof CreateToken>> { return this.bus.ask(CreateToken, { ...input, principal: principalOf(call) }); }

  @Serves(operations.listTokens)
  listTokens(input: Input<typeof operations.listTokens>, call: Call): Promise<Answer<typeof ListTokens>> { return this.bus.ask(ListTokens, { ...input, principal: principalOf(call) }); }

  @Serves(operations.revokeToken)
  async revokeToken(input: Input<typeof operations.revokeToken>, call: Call): Promise<Answer<typeof RevokeToken>> {
    const answer = await this.bus.ask(RevokeToken, { ...input, principal: principalOf(call) });
    this.apiTokens.forget();   // whoever revoked it here sees it refused at once
    return answer;
  }

  @Hears(TokenRevoked)
  tokenRevoked(): void { this.apiTokens.forget(); }

  @Serves(operations.getTrustBundle)
  trustBundle(): Promise<Answer<typeof GetTrustBundle>> { return this.bus.ask(GetTrustBundle, {}); }

  @Serves(operations.getJwks)
  jwks(): Promise<Answer<typeof GetJwks>> { return this.accessTokens.jwks(); }
}
