import { runService } from '@plimsoll/service';
import { gateway } from './gateway.ts';

await runService(gateway());
