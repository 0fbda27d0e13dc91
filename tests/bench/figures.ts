/** One measured number and what it should be. */
export interface Figure {
  name: string;
  value: number;
  goal: { atLeast: number } | { atMost: number };
}

/** Something measured that is no goal. */
export interface Table {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** What a bench area measured. */
export interface Report {
  figures: readonly Figure[];
  tables: readonly Table[];
}

/** What is printed is what is compared. */
const printed = ({ value }: Figure): string => value.toFixed(3);

export function isMet(figure: Figure): boolean {
  const { goal } = figure;
  const value = Number(printed(figure));
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** Name, value, goal, and whether it is met. */
export function figureParts(figure: Figure): [string, string, string, string] {
  const { name, goal } = figure;
  const bound = 'atLeast' in goal ? `>=${goal.atLeast}` : `<=${goal.atMost}`;
  return [name, printed(figure), bound, isMet(figure) ? 'met' : 'missed'];
}

/** `figure gateway.bare_vs_baseline 1.234 goal >=0.8 met` */
export function figureLine(figure: Figure): string {
  const [name, value, bound, met] = figureParts(figure);
  return `figure ${name} ${value} goal ${bound} ${met}`;
}

/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
