const RealDate = Date;

/** Makes the wall clock of this process wrong by so many milliseconds; 0: right again. */
export function leapClock(leapMs: number): void {
  const wrongNow = () => RealDate.now() + leapMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [wrongNow()] : args, newTarget) as Date,
    apply: () => new RealDate(wrongNow()).toString(),
    get: (target, key, receiver) =>
      key === 'now' ? wrongNow : (Reflect.get(target, key, receiver) as unknown),
  });
}
