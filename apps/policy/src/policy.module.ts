import { Module } from '@nestjs/common';
import { readConfig } from '@plimsoll/service';
import { Exceptions } from './exceptions.ts';
import { ForgetImage } from './forget-image.ts';
import { HearRevision } from './hear-revision.ts';
import { JudgeAgain } from './judge-again.ts';
import { JudgeImage } from './judge-image.ts';
import { LookUp } from './look-up.ts';
import { ManageExceptions } from './manage-exceptions.ts';
import { ManagePolicy } from './manage-policy.ts';
import { Policies } from './policies.ts';
import { policyConfig, PolicyConfig } from './policy.config.ts';
import { ReachVerdicts } from './reach-verdicts.ts';
import { ReadVerdict } from './read-verdict.ts';
import { ReplayOverImages } from './replay-policy.ts';
import { Revisions } from './revisions.ts';
import { Rulebook } from './rulebook.ts';
import { Verdicts } from './verdicts.ts';

@Module({
  controllers: [JudgeImage, ReadVerdict, ManagePolicy, ManageExceptions, ReplayOverImages, HearRevision, ForgetImage],
  providers: [Verdicts, Policies, Exceptions, Revisions, Rulebook, LookUp, ReachVerdicts, JudgeAgain, { provide: policyConfig, useFactory: () => readConfig(PolicyConfig) }],
})
export class PolicyModule {}
