import { Module } from '@nestjs/common';
import { AnswerAboutFeeds } from './answer.ts';
import { Ingest } from './ingest.ts';
import { MatchImage } from './match-image.ts';
import { Rematch } from './rematch.ts';
import { Schedule } from './schedule.ts';

@Module({ controllers: [MatchImage, AnswerAboutFeeds], providers: [Ingest, Rematch, Schedule] })
export class FeedsModule {}
