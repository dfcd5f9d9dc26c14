/** A line of a comparison. */
export interface DiffLine {
  readonly kind: 'same' | 'add' | 'gone'
  readonly text: string
}

/** Lines compared exactly at most; what is longer is compared line by line. */
const CELLS_MAX = 4_000_000

/** What has to be taken out of one text and put in to get the other, by lines. */
export function diffLines(from: string, to: string): DiffLine[] {
  const [a, b] = [from.split('\n'), to.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end++
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }))
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ]
}

/** The longest common lines, by the table of lengths. */
function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  if (a.length * b.length > CELLS_MAX)
    return [
      ...a.map((text): DiffLine => ({ kind: 'gone', text })),
      ...b.map((text): DiffLine => ({ kind: 'add', text })),
    ]
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let k = b.length - 1; k >= 0; k--)
      lengths[i * width + k] =
        a[i] === b[k]
          ? lengths[(i + 1) * width + k + 1]! + 1
          : Math.max(lengths[(i + 1) * width + k]!, lengths[i * width + k + 1]!)
  const out: DiffLine[] = []
  let [i, k] = [0, 0]
  while (i < a.length || k < b.length) {
    if (i < a.length && k < b.length && a[i] === b[k]) {
      out.push({ kind: 'same', text: a[i]! })
      i++
      k++
    } else if (
      i < a.length &&
      (k === b.length || lengths[(i + 1) * width + k]! >= lengths[i * width + k + 1]!)
    )
      out.push({ kind: 'gone', text: a[i++]! })
    else out.push({ kind: 'add', text: b[k++]! })
  }
  return out
}
