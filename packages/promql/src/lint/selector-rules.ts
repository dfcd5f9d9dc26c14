import { Matcher, METRIC_NAME } from '@promontory/model'
import type { VectorSelector } from '../parser/ast.ts'
import { printExpr } from '../parser/printer.ts'
import type { LintData, LintFinding, LintOptions } from './finding.ts'
import { nearest } from './nearest.ts'
import { metricOf, withoutModifiers } from './selectors.ts'

const PATTERN = /[.*+?|()[\]{}^$\\]/

/** Matchers: patterns that are none, and names and values that the data does not have. */
export function lintSelector(
  written: VectorSelector,
  { data }: LintOptions,
  inRange: boolean,
): LintFinding[] {
  // A mend replaces what stands at the selector's position: of a range, that is the part before the brackets.
  const selector = inRange ? withoutModifiers(written) : written
  const findings = selector.matchers.filter(isPlainRegex).map((matcher) => plainRegex(selector, matcher))
  const metric = metricOf(selector)
  if (data === undefined || metric === undefined) return findings
  const unknown = unknownMetric(selector, metric, data)
  if (unknown !== undefined) return [...findings, unknown]
  return [...findings, ...unknownLabels(selector, metric, data)]
}

function isPlainRegex({ operator, value }: Matcher): boolean {
  return (operator === '=~' || operator === '!~') && !PATTERN.test(value)
}

/** The selector with one matcher put in place of another. */
function replaced(selector: VectorSelector, old: Matcher, next: Matcher): string {
  return printExpr({ ...selector, matchers: selector.matchers.map((m) => (m === old ? next : m)) })
}

function plainRegex(selector: VectorSelector, matcher: Matcher): LintFinding {
  const plain = new Matcher(matcher.operator === '=~' ? '=' : '!=', matcher.name, matcher.value)
  return {
    rule: 'regex-without-pattern',
    severity: 'info',
    message: `${String(matcher)} has no pattern in it and, being anchored, means ${String(plain)}`,
    position: selector.position,
    mend: {
      explanation: `write ${String(plain)}`,
      position: selector.position,
      text: replaced(selector, matcher, plain),
    },
  }
}

function unknownMetric(selector: VectorSelector, metric: string, data: LintData): LintFinding | undefined {
  const names = data.metricNames()
  if (names === undefined) return undefined
  const known = new Set(names)
  if (known.has(metric)) return undefined
  const like = nearest(metric, known)
  const renamed = like === undefined ? undefined : withMetric(selector, like)
  return {
    rule: 'unknown-metric',
    severity: 'warning',
    message: `there is no metric ${metric}${like === undefined ? '' : `; did you mean ${like}?`}`,
    position: selector.position,
    mend:
      renamed === undefined
        ? undefined
        : { explanation: `use ${like}`, position: selector.position, text: printExpr(renamed) },
  }
}

function withMetric(selector: VectorSelector, metric: string): VectorSelector {
  const matchers = selector.matchers.map((m) =>
    m.name === METRIC_NAME && m.operator === '=' ? new Matcher('=', METRIC_NAME, metric) : m,
  )
  return { ...selector, name: selector.name === '' ? '' : metric, matchers }
}

function unknownLabels(selector: VectorSelector, metric: string, data: LintData): LintFinding[] {
  const names = data.labelNames(metric)
  if (names === undefined) return []
  const known = new Set(names)
  return selector.matchers.flatMap((matcher) => {
    if (matcher.name === METRIC_NAME || matcher.matchesEmpty()) return []
    const finding = known.has(matcher.name)
      ? unknownValue(selector, metric, matcher, data)
      : unknownLabel(selector, metric, matcher, known)
    return finding === undefined ? [] : [finding]
  })
}

function unknownLabel(
  selector: VectorSelector,
  metric: string,
  matcher: Matcher,
  known: ReadonlySet<string>,
): LintFinding {
  const like = nearest(matcher.name, known)
  const next = like === undefined ? undefined : new Matcher(matcher.operator, like, matcher.value)
  return {
    rule: 'unknown-label',
    severity: 'warning',
    message: `${metric} has no label ${matcher.name}, so nothing is selected${like === undefined ? '' : `; did you mean ${like}?`}`,
    position: selector.position,
    mend:
      next === undefined
        ? undefined
        : {
            explanation: `use ${like}`,
            position: selector.position,
            text: replaced(selector, matcher, next),
          },
  }
}

function unknownValue(
  selector: VectorSelector,
  metric: string,
  matcher: Matcher,
  data: LintData,
): LintFinding | undefined {
  const values = data.labelValues(metric, matcher.name)
  if (values === undefined) return undefined
  const known = [...values]
  if (known.some((value) => matcher.matches(value))) return undefined
  const like = matcher.operator === '=' ? nearest(matcher.value, known) : undefined
  const next = like === undefined ? undefined : new Matcher('=', matcher.name, like)
  const shown = known
    .slice(0, 5)
    .map((value) => JSON.stringify(value))
    .join(', ')
  return {
    rule: 'unknown-label-value',
    severity: 'warning',
    message:
      `no series of ${metric} has ${String(matcher)}; ` +
      (like === undefined
        ? `there is ${shown}${known.length > 5 ? ', …' : ''}`
        : `did you mean ${JSON.stringify(like)}?`),
    position: selector.position,
    mend:
      next === undefined
        ? undefined
        : {
            explanation: `use ${String(next)}`,
            position: selector.position,
            text: replaced(selector, matcher, next),
          },
  }
}
