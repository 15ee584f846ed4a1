/** As much of the CDK as a fragment uses: it is not installed here. Tables remember their props. */
class TableV2 {
  readonly granted: { grantee: unknown; actions: string[] }[] = [];

  constructor(
    readonly scope: unknown,
    readonly id: string,
    readonly props: {
      tableName: string;
      partitionKey: { name: string; type: string };
      billing: string;
    },
  ) {}

  grant(grantee: unknown, ...actions: string[]): void {
    this.granted.push({ grantee, actions });
  }
}

export type { TableV2 };

/** In CloudFormation's words. */
export const dynamodb = {
  TableV2,
  AttributeType: { STRING: 'S' },
  Billing: { onDemand: () => 'PAY_PER_REQUEST' },
};
export const taskRole = { name: 'taskRole' };
