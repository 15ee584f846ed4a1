import type { Job } from './step-functions.js';

/** The demo's state machine: one `Split`, then a `Sum` for every piece, all at a time. */
export function stateMachine(activityArns: Record<Job, string>): object {
  return {
    Comment: 'The demo of stepfunc-source',
    StartAt: 'Split',
    TimeoutSeconds: 300,
    States: {
      Split: { Type: 'Task', Resource: activityArns.split, TimeoutSeconds: 60, Next: 'Sums' },
      Sums: {
        Type: 'Map',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'Sum',
          States: {
            Sum: { Type: 'Task', Resource: activityArns.sum, TimeoutSeconds: 60, End: true },
          },
        },
        End: true,
      },
    },
  };
}
