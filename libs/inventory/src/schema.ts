import { z } from 'zod';
import { Inventory } from './model.ts';

/** JSON Schema (2020-12) of an inventory, as published with the product. */
export function inventorySchema(): Record<string, unknown> {
  return { title: 'Plimsoll inventory', description: 'Everything known to be inside a container image, a root filesystem or a file.', ...z.toJSONSchema(Inventory, { io: 'output' }) };
}
