import { runService } from '@plimsoll/service';
import { manifest } from './manifest.ts';
import { ScannerModule } from './scanner.module.ts';

await runService({ manifest, module: ScannerModule });
