/**
 * The method that `await using` calls, to be spread into an object. There is none in a realm without
 * `Symbol.asyncDispose`, as Jest 29's is: there it would become a method by the name "undefined".
 */
export function asyncDisposable(
  dispose: () => Promise<void>,
  symbols: { readonly asyncDispose?: symbol } = Symbol,
): { [Symbol.asyncDispose](): Promise<void> } {
  const { asyncDispose } = symbols;
  const methods = asyncDispose === undefined ? {} : { [asyncDispose]: dispose };
  return methods as unknown as ReturnType<typeof asyncDisposable>;
}
