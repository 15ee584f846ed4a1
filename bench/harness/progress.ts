/** Tells what is being done: one line that is written over on a terminal, a line each elsewhere. */
export interface Progress {
  say(text: string): void;
  end(): void;
}

export function createProgress(out: NodeJS.WriteStream): Progress {
  const startedAt = Date.now();
  return {
    say(text) {
      const line = `${elapsed(Date.now() - startedAt)}  ${text}`;
      if (out.isTTY) out.write(`\r\u001b[2K${line.slice(0, out.columns - 1)}`);
      else out.write(`${line}\n`);
    },
    end() {
      if (out.isTTY) out.write('\r\u001b[2K');
    },
  };
}

function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
}
