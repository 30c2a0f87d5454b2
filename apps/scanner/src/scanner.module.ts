import { Module } from '@nestjs/common';
import { Bases } from './bases.ts';
import { Garbage } from './garbage.ts';
import { HearPushes } from './hear-pushes.ts';
import { Images } from './images.ts';
import { IndexImage } from './index-image.ts';
import { KeepHouse } from './keep-house.ts';
import { LayerThreads } from './layer-threads.ts';
import { Layers } from './layers.ts';
import { ManageBases } from './manage-bases.ts';
import { OpenTarget } from './open-target.ts';
import { Presence } from './presence.ts';
import { Scans } from './scans.ts';
import { WorkOnScans } from './work-on-scans.ts';

@Module({ controllers: [HearPushes, ManageBases], providers: [Bases, Images, Layers, Scans, Presence, LayerThreads, OpenTarget, IndexImage, WorkOnScans, Garbage, KeepHouse] })
export class ScannerModule {}
