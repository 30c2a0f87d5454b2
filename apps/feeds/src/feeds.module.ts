import { Module } from '@nestjs/common';
import { AnswerAboutFeeds } from './answer.ts';
import { AnswerAboutFindings } from './answer-findings.ts';
import { AnswerAboutFleet } from './answer-fleet.ts';
import { ForgetImage } from './forget-image.ts';
import { Ingest } from './ingest.ts';
import { ManageVex } from './manage-vex.ts';
import { ManageBundles } from './manage-bundles.ts';
import { MatchImage } from './match-image.ts';
import { PruneHistory } from './prune-history.ts';
import { Rematch } from './rematch.ts';
import { ReportMetrics } from './report-metrics.ts';
import { Schedule } from './schedule.ts';

@Module({ controllers: [MatchImage, ForgetImage, AnswerAboutFeeds, AnswerAboutFindings, AnswerAboutFleet, ManageBundles, ManageVex], providers: [Ingest, PruneHistory, Rematch, ReportMetrics, Schedule] })
export class FeedsModule {}
