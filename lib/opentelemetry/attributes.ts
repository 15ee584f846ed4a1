/** The instrumentation scope: the name of the meter and of the tracer. */
export const SCOPE = 'stepfunc-source';

/**
 * The attributes' names. Most are from OpenTelemetry's semantic conventions for messaging. Those
 * are not stable yet, so that the names stand here and come from no package.
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

/** The prefix of what `taskAttributes` picked, whose names may be any. */
export const TASK_ATTRIBUTE_PREFIX = 'stepfunc_source.task.attribute.';

/** The value of `messaging.system`, in the style of the conventions' `aws_sqs`. */
const SYSTEM = 'aws_step_functions';

/** The attributes of every data point and every span. */
export function activityAttributes(activityName: string): Record<string, string> {
  return { [Attribute.System]: SYSTEM, [Attribute.Destination]: activityName };
}

/** The conventions' value of an `error.type` that is left out. */
const OTHER = '_OTHER';

/**
 * Limits how many values an attribute takes. The first `limit` names are kept, and all of `always`.
 * Any other name becomes `_OTHER`. Each name makes a time series, and components may invent names.
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
