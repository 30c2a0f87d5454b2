import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AcceptPushes } from './accept-pushes.ts';
import { AccessTokens } from './access-tokens.ts';
import { Admit } from './admit.ts';
import { Answer } from './answer.ts';
import { ApprovedBases } from './approved-bases.ts';
import { ApiTokens } from './api-tokens.ts';
import { Callers } from './callers.ts';
import { FeedRevision } from './feed-revision.ts';
import { Feeds } from './feeds.ts';
import { FollowImages } from './follow-images.ts';
import { ForgetEvents } from './forget-events.ts';
import { ForgetImages } from './forget-images.ts';
import { FrontDoor } from './front-door.ts';
import { Idempotency } from './idempotency.ts';
import { Identities } from './identities.ts';
import { ImageEvents } from './image-events.ts';
import { Images } from './images.ts';
import { KeepUp } from './keep-up.ts';
import { ManageBases } from './manage-bases.ts';
import { ManageImages } from './manage-images.ts';
import { PlatformInfo } from './platform-info.ts';
import { Policies } from './policies.ts';
import { Problems } from './problems.ts';
import { LiveProgress } from './progress.ts';
import { Projects } from './projects.ts';
import { Pushes } from './pushes.ts';
import { ReadImages } from './read-images.ts';
import { RegistryWebhook } from './registry-webhook.ts';
import { Streams } from './streams.ts';
import { SubmitImage } from './submit-image.ts';
import { Subscriptions } from './subscriptions.ts';
import { Upkeeps } from './upkeeps.ts';
import { Wakes } from './wakes.ts';

@Module({
  controllers: [SubmitImage, RegistryWebhook, ReadImages, ManageBases, ManageImages, Feeds, Policies, Subscriptions, Identities, PlatformInfo, FollowImages],
  providers: [
    AcceptPushes, ApprovedBases, Pushes, Images, ImageEvents, FeedRevision, Idempotency, ForgetEvents, ForgetImages, Upkeeps, KeepUp, Wakes, LiveProgress, Streams,
    AccessTokens, ApiTokens, Callers, Projects, FrontDoor,
    { provide: APP_GUARD, useClass: Admit },
    { provide: APP_INTERCEPTOR, useClass: Answer },
    { provide: APP_FILTER, useClass: Problems },
  ],
})
export class GatewayModule {}
