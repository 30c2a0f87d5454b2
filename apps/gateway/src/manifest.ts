import {
  AddBase, AddVex, CancelScan, CheckToken, CreateException, CreateProject, CreateSubscription, CreateToken, CreateUser, DeleteSubscription, DiffImages, ExplainFinding, ExportBundle, FindInventory, FindScans, GetDatabase, GetFeedsStatus, GetFindings, GetJwks, GetPolicy, GetRevision, GetSource, GetTrustBundle, GetVerdict, GetWhyNot, GrantRole, ImageForgotten, ImageIndexed, ImageMatched, ImageOutdated, ImagePushed, ImageRejected, ImportBundle, IngestSource, ListBases, ListDeliveries, ListExceptions, ListPlatforms, ListProjects, ListSubscriptions, ListTokens, ListVex, Login, NotificationDelivered, PushJudged, RedeemBootstrap, RemoveBase, RemoveVex, ReplayDelivery, ReplayPolicy, ResumeSubscription, RevisionPublished, RevokeException, RevokeToken, RotateSecret, ScanCancelled, SetPolicy, TokenRevoked, VerdictChanged, WhoHas,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'gateway',
  does: 'The public door: REST, gRPC, registry webhooks; keeps one row per image for lists, asks the owners for the rest.',
  hears: [ImageIndexed, ImageRejected, ScanCancelled, ImageOutdated, ImageMatched, VerdictChanged, PushJudged, NotificationDelivered, TokenRevoked, RevisionPublished],
  answers: [],
  asks: [GetSource, ExportBundle, ImportBundle, GetDatabase, AddBase, ListBases, RemoveBase, FindInventory, FindScans, CancelScan, ListPlatforms, GetFeedsStatus, GetFindings, ExplainFinding, GetWhyNot, DiffImages, WhoHas, GetRevision, AddVex, ListVex, RemoveVex, IngestSource, GetVerdict, GetPolicy, SetPolicy, ReplayPolicy, CreateException, ListExceptions, RevokeException, Login, CheckToken, GetJwks, CreateToken, ListTokens, RevokeToken, CreateProject, ListProjects, GrantRole, CreateUser, GetTrustBundle, RedeemBootstrap, CreateSubscription, ListSubscriptions, DeleteSubscription, ResumeSubscription, RotateSecret, ListDeliveries, ReplayDelivery],
  says: [ImagePushed, ImageForgotten],
  documents: 'reads',
};
