import {
  CheckToken, CreateException, CreateProject, CreateSubscription, CreateToken, CreateUser, DeleteSubscription, FindInventory, GetFeedsStatus, GetFindings, GetJwks, GetPolicy, GetTrustBundle, GetVerdict, GrantRole, ImageIndexed, ImageMatched, ImagePushed, ImageRejected, IngestSource, ListDeliveries, ListExceptions, ListProjects, ListSubscriptions, ListTokens, Login, NotificationDelivered, PushJudged, RedeemBootstrap, ReplayDelivery, ReplayPolicy, ResumeSubscription, RevisionPublished, RevokeException, RevokeToken, RotateSecret, SetPolicy, TokenRevoked, VerdictChanged,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'gateway',
  does: 'The public door: REST, gRPC, registry webhooks; keeps one row per image for lists, asks the owners for the rest.',
  hears: [ImageIndexed, ImageRejected, ImageMatched, VerdictChanged, PushJudged, NotificationDelivered, TokenRevoked, RevisionPublished],
  answers: [],
  asks: [FindInventory, GetFeedsStatus, GetFindings, IngestSource, GetVerdict, GetPolicy, SetPolicy, ReplayPolicy, CreateException, ListExceptions, RevokeException, Login, CheckToken, GetJwks, CreateToken, ListTokens, RevokeToken, CreateProject, ListProjects, GrantRole, CreateUser, GetTrustBundle, RedeemBootstrap, CreateSubscription, ListSubscriptions, DeleteSubscription, ResumeSubscription, RotateSecret, ListDeliveries, ReplayDelivery],
  says: [ImagePushed],
  documents: 'reads',
};
