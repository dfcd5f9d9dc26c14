import type { Labels } from '@promontory/model'
import { AnchoredRegex, METRIC_NAME } from '@promontory/model'
import { executionError } from '../../errors.ts'
import type { Call } from '../../parser/ast.ts'
import { stringLiteralValue } from '../../parser/check-types.ts'
import type { Column } from '../column.ts'
import { mergeEqualLabels } from '../column.ts'
import type { Evaluation } from '../evaluation.ts'
import type { Grid } from '../grid.ts'
import { isLabelName } from '../labels.ts'

/** `label_replace(v, dst, replacement, src, regex)`. */
export function labelReplace(evaluation: Evaluation, call: Call, grid: Grid): Column[] {
  const [destination, replacement, source, pattern] = stringArguments(call) as [
    string,
    string,
    string,
    string,
  ]
  const regex = compile(pattern)
  checkLabel('destination label name in label_replace()', destination)
  return relabel(evaluation, call, grid, destination, (labels) => {
    const matcher = regex.machine.matcher(labels.get(source))
    if (!matcher.matches()) return undefined
    return expand(replacement, (group) => {
      try {
        return (typeof group === 'number' ? matcher.group(group) : matcher.group(group)) ?? ''
      } catch {
        // A group that the pattern does not have stands for nothing.
        return ''
      }
    })
  })
}

/** `label_join(v, dst, separator, src…)`. */
export function labelJoin(evaluation: Evaluation, call: Call, grid: Grid): Column[] {
  const [destination, separator, ...sources] = stringArguments(call) as [string, string, ...string[]]
  for (const source of sources) checkLabel('source label name in label_join()', source)
  checkLabel('destination label name in label_join()', destination)
  return relabel(evaluation, call, grid, destination, (labels) =>
    sources.map((source) => labels.get(source)).join(separator),
  )
}

function stringArguments(call: Call): string[] {
  return call.args.slice(1).map((arg) => stringLiteralValue(arg)!)
}

function compile(pattern: string): AnchoredRegex {
  try {
    return new AnchoredRegex(pattern)
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`)
  }
}

function checkLabel(what: string, name: string): void {
  if (!isLabelName(name)) throw executionError(`invalid ${what}: ${name}`)
}

function relabel(
  evaluation: Evaluation,
  call: Call,
  grid: Grid,
  destination: string,
  valueOf: (labels: Labels) => string | undefined,
): Column[] {
  const columns = evaluation.vector(call.args[0]!, grid)
  for (const column of columns) {
    const value = valueOf(column.labels)
    if (value === undefined) continue
    column.labels = column.labels.with(destination, value)
    if (destination === METRIC_NAME) column.dropName = false
  }
  return mergeEqualLabels(columns)
}

/** Go's `Regexp.Expand`: `$1`, `$name`, `${name}`, and `$$` for a dollar. */
function expand(template: string, group: (reference: number | string) => string): string {
  return template.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_, dollar, braced, bare) => {
    if (dollar !== undefined) return '$'
    const reference = (braced ?? bare) as string
    return group(/^\d+$/.test(reference) ? Number(reference) : reference)
  })
}
