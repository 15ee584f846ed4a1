export function arnOf(activityName: string): string {
  return `arn:aws:states:us-east-1:123456789012:activity:${activityName}`;
}
