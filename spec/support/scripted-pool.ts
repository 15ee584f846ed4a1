/** A statement as it was sent, on one line. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** What each statement comes to: an error is thrown, anything else is the answer. */
export type Script = unknown[];

/** Answers statements from a list, in order, and keeps what was sent. */
export function createScript(...answers: Script) {
  const sent: Statement[] = [];
  return {
    sent,
    /** The verb of each statement. */
    verbs: () => sent.map(({ text }) => /^\w+/.exec(text)?.[0]),
    async answer(text: string, values: unknown[]): Promise<unknown> {
      sent.push({ text: text.replaceAll(/\s+/g, ' '), values });
      const next = answers.shift();
      if (next === undefined) throw new Error(`The script has no answer to: ${text}`);
      if (next instanceof Error) throw next;
      return next;
    },
  };
}

/** An error of a database, by its code. */
export const databaseError = (code: string) =>
  Object.assign(new Error(`The database says ${code}`), { code });
