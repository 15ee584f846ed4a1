/**
 * What examples name and a test can't have, or can't have to itself. These texts are all that is
 * changed in the code of a block that is run. Regions, credentials, endpoints, URLs of stores and
 * certificates are what they are anywhere else: of the environment, and files.
 */
const written = {
  component: 'http://localhost:8080',
  /** A component behind TLS. */
  app: 'https://app.internal',
  metricsPort: '9464',
  /** That a component listens on. */
  port: 'listen(8080)',
};

/** What stands in for each, where an example names it. */
export type Places = Partial<Record<keyof typeof written, string>>;

export function substitute(code: string, { component, app, metricsPort, port }: Places): string {
  return code
    .replaceAll(written.component, component ?? written.component)
    .replaceAll(written.app, app ?? written.app)
    .replaceAll(written.metricsPort, metricsPort ?? written.metricsPort)
    .replaceAll(written.port, port === undefined ? written.port : `listen(${port})`);
}
