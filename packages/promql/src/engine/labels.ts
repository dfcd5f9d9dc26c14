import type { Labels } from '@promontory/model'
import { METRIC_NAME } from '@promontory/model'

/** Labels that say what a metric is; an operation that changes its meaning drops them together. */
const METADATA: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', '__unit__'])

export function withoutMetadata(labels: Labels): Labels {
  return labels.filter((name) => !METADATA.has(name))
}

/** A function from labels to a string that is equal for labels that agree in (or outside of) `names`. */
export function signatureOf(names: readonly string[], keep: boolean): (labels: Labels) => string {
  const set = new Set(names)
  return (labels) => {
    let key = ''
    const { pairs } = labels
    for (let i = 0; i < pairs.length; i += 2)
      if (set.has(pairs[i]!) === keep)
        key += `${pairs[i]!.length}:${pairs[i]!}${pairs[i + 1]!.length}:${pairs[i + 1]!}`
    return key
  }
}

/** A label name is any UTF-8 text but the empty one; what was no UTF-8 in a literal has become U+FFFD in its value. */
export function isLabelName(text: string): boolean {
  return text !== '' && !text.includes('\ufffd')
}
