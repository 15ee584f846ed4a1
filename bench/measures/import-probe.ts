import { job, serve } from '../harness/child.js';

/** A fresh process: imports modules one after the other, and tells how long each took. */
const modules = job() as string[];

const api = {
  async times(): Promise<number[]> {
    const times: number[] = [];
    for (const module of modules) {
      const from = performance.now();
      await import(module);
      times.push(performance.now() - from);
    }
    return times;
  },
};
export type ImportProbe = typeof api;
serve(api);
