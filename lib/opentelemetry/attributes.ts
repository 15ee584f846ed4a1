/** The name that meters and tracers are asked for by: the instrumentation scope. */
export const SCOPE = 'stepfunc-source';

/**
 * Attribute names: of OpenTelemetry's semantic conventions for messaging, where they have one. These
 * are not stable yet, which is why the names stand here and come from no package.
 */
export const Attribute = {
  System: 'messaging.system',
  Destination: 'messaging.destination.name',
  OperationName: 'messaging.operation.name',
  OperationType: 'messaging.operation.type',
  ErrorType: 'error.type',
  HttpStatus: 'http.response.status_code',
  Outcome: 'stepfunc_source.task.outcome',
  Problem: 'stepfunc_source.health.problem',
  TaskId: 'stepfunc_source.task.id',
} as const;

/** What `taskAttributes` has picked: any name, so under a name space of its own. */
export const TASK_ATTRIBUTE_PREFIX = 'stepfunc_source.task.attribute.';

/** The value of `messaging.system`; the conventions name `aws_sqs` and its like so. */
const SYSTEM = 'aws_step_functions';

/** What every data point and every span carries. */
export function activityAttributes(activityName: string): Record<string, string> {
  return { [Attribute.System]: SYSTEM, [Attribute.Destination]: activityName };
}

/** The conventions' own word for an `error.type` that is not told. */
const OTHER = '_OTHER';

/**
 * Bounds how many values an attribute takes: the first `limit` names that come pass, and so do those
 * of `always`, which count for nothing; any other is `_OTHER` from then on. Each name makes a time
 * series, and names come from outside.
 */
export function boundNames(
  limit: number,
  always: ReadonlySet<string> = new Set(),
): (name: string) => string {
  const passed = new Set<string>();
  return (name) => {
    if (always.has(name) || passed.has(name)) return name;
    if (passed.size >= limit) return OTHER;
    passed.add(name);
    return name;
  };
}
