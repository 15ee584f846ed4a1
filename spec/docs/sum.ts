/** What the component of the examples answers: the sum of what is in an array or an object. */
export function sum(input: string): {
  status: number;
  headers: Record<string, string>;
  body: string;
} {
  const values: unknown[] = Object.values(JSON.parse(input) as object);
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length) {
    return { status: 422, headers: { 'step-func-error': 'NotANumber' }, body: input };
  }
  const total = numbers.reduce((before, number) => before + number, 0);
  return { status: 200, headers: {}, body: String(total) };
}
