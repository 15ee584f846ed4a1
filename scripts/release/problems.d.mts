/** What release.mjs found out about the project. */
export interface Facts {
  manifest: {
    name: string;
    version: string;
    private?: boolean;
    repository?: string | { url: string };
  };
  lock: { version: string; packages?: Record<string, { version: string }> };
  changelog: string;
  changes: readonly string[];
  tagged: 'here' | 'elsewhere' | 'missing';
  onMain: boolean;
  origin: string | undefined;
  canSign: boolean;
}

export function problemsOf(facts: Facts, options: { dryRun: boolean }): string[];
