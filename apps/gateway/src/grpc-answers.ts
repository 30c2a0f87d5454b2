import type { Inventory } from '@plimsoll/inventory';
import type { Answer, GetVerdict, Operation, OperationId } from '@plimsoll/contracts';

/** Where a message of plimsoll.v1 cannot have the shape of the JSON: free-form values travel as JSON text, maps as pairs. */
const shapes: Partial<Record<OperationId, (answer: never) => object>> = {
  getVerdict: ({ input, ...verdict }: Answer<typeof GetVerdict>) => ({ ...verdict, input_json: JSON.stringify(input) }),
  getInventory: ({ configuration: { labels, ...configuration }, ...inventory }: Inventory) => ({
    ...inventory,
    configuration: { ...configuration, labels: Object.entries(labels ?? {}).map(([key, value]) => ({ key, value })) },
  }),
};

/** An answer as the gRPC method's response message. */
export const grpcAnswer = (operation: Operation, answer: unknown): unknown => {
  const shape = shapes[operation.id as OperationId];
  return shape ? shape(answer as never) : answer ?? {};
};
