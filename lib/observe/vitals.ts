/** What health needs to know of one poller. Moments are of the source's clock, in milliseconds. */
export interface PollerVitals {
  openPolls: number;
  /** Tasks received and not yet reported. */
  tasks: number;
  /** When the poll that is open for longest was sent. */
  openSince?: number | undefined;
  /** Since when a slot has been free with neither an open poll nor anything to wait for. */
  stalledSince?: number | undefined;
  /** Since when every poll has failed, and what the last one failed with. */
  failing?: Failing | undefined;
}

/** Calls of one kind that fail, one after the other. */
export interface Failing {
  since: number;
  /** What the last one failed with. */
  error: unknown;
}

/** The vitals of one of a source's pollers. */
export interface NumberedVitals extends PollerVitals {
  /** The poller's number, from 0. */
  poller: number;
  /** With `locks`: when its lease was lost. */
  leaseLostAt?: number | undefined;
}
