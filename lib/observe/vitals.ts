/** What health needs to know of one poller. Times are milliseconds of the source's clock. */
export interface PollerVitals {
  openPolls: number;
  /** Tasks that were received and are not yet reported. */
  tasks: number;
  /** When the poll that is open for longest was sent. */
  openSince?: number | undefined;
  /** When a slot became free that has since had neither an open poll nor a reason to wait. */
  stalledSince?: number | undefined;
  /** When the polls began to fail, if all fail, and the last error. */
  failing?: Failing | undefined;
}

/** A row of failed calls of one kind. */
export interface Failing {
  since: number;
  /** The error of the last one. */
  error: unknown;
}

/** The vitals of one of a source's pollers. */
export interface NumberedVitals extends PollerVitals {
  /** The poller's number, from 0. */
  poller: number;
  /** With `locks`: when its lease was lost. */
  leaseLostAt?: number | undefined;
}
