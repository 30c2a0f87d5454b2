import { runService } from '@plimsoll/service';
import { manifest } from './manifest.ts';
import { NotifierModule } from './notifier.module.ts';

await runService({ manifest, module: NotifierModule });
