import { Module } from '@nestjs/common';
import { Images } from './images.ts';
import { IndexImage } from './index-image.ts';
import { LayerThreads } from './layer-threads.ts';
import { Layers } from './layers.ts';
import { OpenTarget } from './open-target.ts';

@Module({ controllers: [IndexImage], providers: [Images, Layers, LayerThreads, OpenTarget] })
export class ScannerModule {}
